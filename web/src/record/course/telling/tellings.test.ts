/** What the applicant was told of, and how whoever tells it by telephone enters what came of it. */
import { enableAutoUnmount, flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { caseView, person } from '../../../../tests/kit/cases'
import { i18n, learn } from '../../../i18n'
import type { TellingView } from '../../../wire/messages'
import { closeWire } from '../../../wire/socket'
import TellingList from './TellingList.vue'

const sent = vi.hoisted(() => [] as Record<string, unknown>[])
vi.mock('socket.io-client', () => ({
  io: () => {
    const socket = {
      connected: true,
      active: true,
      io: { engine: { close: () => undefined } },
      on: (name: string, hear: () => void) => {
        if (name === 'connect') queueMicrotask(hear)
      },
      emit: (_: string, command: Record<string, unknown>, answer?: (ack: unknown) => void) => {
        sent.push(command)
        answer?.({ ok: true, result: {} })
      },
      connect: () => socket,
      disconnect: () => socket,
    }
    return socket
  },
}))

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
afterEach(() => {
  closeWire()
  vi.unstubAllGlobals()
  sent.length = 0
})

const one = (over: Partial<TellingView> = {}): TellingView => ({
  id: 'telling-1',
  step: 'granted',
  unit_name: '青岛西海岸新区行政审批服务局',
  number: 'S-1202-0001',
  day: '2026-12-02',
  made_at: '2026-12-02T02:00:00Z',
  state: 'to_tell',
  sent_at: null,
  received_at: null,
  why: 'off',
  owner: null,
  results: [],
  task_id: 'task-1',
  task_version: 4,
  ...over,
})

async function list(...tellings: TellingView[]): Promise<VueWrapper> {
  const headers = { 'content-type': 'application/json' }
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => new Response(JSON.stringify({ tellings }), { headers })),
  )
  const shown = mount(TellingList, {
    props: { view: caseView() },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  await flushPromises()
  return shown
}

it('calls nothing received without a receipt, and asks only those to tell who are to', async () => {
  const shown = await list(
    one({ id: 'a', state: 'sent', sent_at: '2026-12-02T02:00:05Z', why: null, task_id: null }),
    one({ id: 'b', state: 'received', received_at: '2026-12-02T02:00:09Z', why: null, task_id: null }),
    one({ id: 'c', task_id: null, task_version: null }),
  )
  const words = shown.findAll('[data-telling]').map((row) => row.text())
  expect(words[0]).toContain('未见回执')
  expect(words[1]).toContain('有回执')
  expect(words[2]).toContain('短信网关未启用')
  expect(shown.find('[data-telling-told]').exists()).toBe(false)
  expect((await list()).text()).toContain('还没有要告知的事项')
})

it('is told by telephone with what was said, and tried again where nobody answered', async () => {
  const shown = await list(one())
  expect(shown.find('form').text()).toContain('您的办件（S-1202-0001）准予')
  await shown.find('form').trigger('submit')
  expect(sent.filter(({ type }) => type === 'task.enter')).toEqual([])
  expect(shown.find('[role="alert"]').text()).not.toBe('')
  const entered = () => sent.filter(({ type }) => type === 'task.enter')
  await shown.find('[data-telling-missed]').trigger('click')
  await vi.waitFor(() => expect(entered()).toHaveLength(1))
  await flushPromises()
  await shown.find('[data-telling-text]').setValue('本人接听')
  await shown.find('form').trigger('submit')
  await vi.waitFor(() => expect(entered()).toHaveLength(2))
  const [missed, told] = entered()
  expect(missed).toMatchObject({
    task_id: 'task-1',
    seen_version: 4,
    outcome: 'no_answer',
    text: '电话无人接听',
  })
  expect(Date.parse(String(missed?.next_at))).toBeGreaterThan(Date.now())
  expect(told).toMatchObject({ outcome: 'done', text: '本人接听' })
})

it('names who told it and what came of it', async () => {
  const by = person('zhou', '周明远')
  const results = [{ outcome: 'done', text: '本人接听，已告知', at: '2026-12-02T03:00:00Z', by }] as const
  const shown = await list(one({ state: 'told', results: [...results], task_id: null }))
  expect(shown.find('[data-telling-state="told"]').text()).toContain('周明远 本人接听，已告知')
})
