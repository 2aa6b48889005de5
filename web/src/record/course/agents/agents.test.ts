/** 帮办代办 of a case: who helps, and how it is asked for in the applicant's own words. */
import { enableAutoUnmount, flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { person } from '../../../../tests/kit/cases'
import { i18n, learn } from '../../../i18n'
import type { AgentView } from '../../../wire/messages'
import { closeWire } from '../../../wire/socket'
import AgentList from './AgentList.vue'

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
beforeAll(() => learn('work'))
afterEach(() => {
  closeWire()
  vi.unstubAllGlobals()
  sent.length = 0
})

async function list(agents: AgentView[], over = false): Promise<VueWrapper> {
  const headers = { 'content-type': 'application/json' }
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ agents }), { headers }))
  const shown = mount(AgentList, {
    props: { case_id: 'case-1', cause: 'missed_call', over },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  await flushPromises()
  return shown
}

it('tells who helps and how far it is, and asks for nothing where nothing is left to do', async () => {
  const shown = await list(
    [
      {
        task_id: 'task-1',
        kind: 'proxy',
        stage: 'accepted',
        asked_at: '2026-12-02T02:00:00Z',
        agent: person('liu', '刘洋'),
        mandate_until: '2026-12-31',
        ended_at: null,
      },
    ],
    true,
  )
  expect(shown.find('[data-agent-stage="accepted"]').text()).toMatch(/代办.*办理中.*刘洋.*委托书到/s)
  expect(shown.find('[data-agent-ask]').exists()).toBe(false)
  expect((await list([])).text()).toContain('没有帮办代办')
})

it('is asked for with what the applicant wants, and not without', async () => {
  const shown = await list([])
  await shown.find('[data-agent-ask]').trigger('click')
  await shown.find('form').trigger('submit')
  expect(sent.filter(({ type }) => type === 'case.ask_agent')).toEqual([])
  expect(shown.find('[role="alert"]').text()).not.toBe('')
  await shown.find('input[value="proxy"]').setValue(true)
  await shown.find('[data-agent-text]').setValue('行动不便，请代领证照')
  await shown.find('form').trigger('submit')
  await flushPromises()
  const asked = () => sent.find(({ type }) => type === 'case.ask_agent')
  await vi.waitFor(() => expect(asked()).toBeDefined(), 10_000)
  expect(asked()).toMatchObject({
    case_id: 'case-1',
    kind: 'proxy',
    cause: 'missed_call',
    text: '行动不便，请代领证照',
  })
})
