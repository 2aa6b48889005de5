/** The lists of a desk with their clocks and owners. The server and its socket are played; page and wire are what they are. */
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import CaseLists from './CaseLists.vue'
import { lightOf, nextOf, wordOf } from './dueLight'
import { i18n, learn } from '../../i18n'
import type { CaseSummary, RunningClock } from '../../wire/messages'
import { closeWire } from '../../wire/socket'
import { by } from '../../../tests/kit/cases'

const line = vi.hoisted(() => ({
  sent: [] as Record<string, unknown>[],
  answers: [] as object[],
  hear: new Map<string, () => void>(),
}))
vi.mock('socket.io-client', () => ({
  io: () => {
    const socket = {
      connected: true,
      active: true,
      io: { engine: { close: () => undefined } },
      on: (name: string, hear: () => void) => void line.hear.set(name, hear),
      emit: (_: string, command: Record<string, unknown>, answer: (ack: unknown) => void) => {
        line.sent.push(command)
        answer(line.answers.shift() ?? { ok: true, result: {} })
      },
      connect: () => socket,
      disconnect: () => socket,
    }
    return socket
  },
}))

const clock = (left: number, over: Partial<RunningClock> = {}): RunningClock => ({
  clock: 'telling',
  on: '2026-12-02',
  left,
  turn: 'approver',
  stopped: false,
  ...over,
})
const row = (id: string, left: number, over: object = {}): object => ({
  id,
  number: null,
  receipt_number: null,
  sequel_kind: null,
  migrated: false,
  state: 'registered',
  correcting: false,
  item_name: '分公司负责人变更登记',
  applicant_masked: '孙**',
  clerk: by,
  window_name: '3 号窗口',
  window_place: '济南市中',
  place: '青岛西海岸',
  created_at: '2026-11-24T05:00:00Z',
  judged: 'none',
  referred_from: null,
  correct_by: null,
  materials_stored: 3,
  materials_required: 3,
  owner: null,
  running: clock(left),
  ...over,
})
let rows: object[] = []
let asked: string[] = []

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
beforeEach(() => {
  sessionStorage.clear()
  line.sent.length = line.answers.length = 0
  asked = []
  rows = [
    row('case-0000000000000000a', -1, { receipt_number: 'S-1124-0012' }),
    row('case-0000000000000000b', 1, { owner: { ...by, id: 'person-other', name: '高新民' } }),
    row('case-0000000000000000c', 6, { running: clock(6, { stopped: true }) }),
  ]
  vi.stubGlobal('fetch', (url: string, init?: { body?: string }) => {
    asked.push(`${url} ${init?.body ?? ''}`.trim())
    const told = url.includes('case-counts')
      ? { mine: 3, theirs: 10_001, soon: 2, done: 0 }
      : { cases: rows, next_cursor: null }
    const headers = { 'content-type': 'application/json' }
    return Promise.resolve(new Response(JSON.stringify(told), { headers }))
  })
})
afterEach(() => {
  closeWire()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function lists(side: 'window' | 'approver' = 'approver') {
  const page = mount(CaseLists, {
    props: { side, colleagues: [{ person: { ...by, id: 'person-third', name: '李文' } }] },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  line.hear.get('connect')?.()
  await flushPromises()
  return page
}

it('tells of each clock its name, and its light as icon and words', async () => {
  const page = await lists()
  expect(page.findAll('[data-due]').map((one) => [one.attributes('data-due'), one.text()])).toEqual([
    ['late', '超期 1 日'],
    ['fix', '剩 1 日'],
    ['stop', '暂停计时'],
  ])
  expect(page.get('tbody tr td').text()).toMatch(/^告知/)
  expect(page.get('[data-receipt-number]').text()).toBe('S-1124-0012')
  expect([lightOf(clock(0)), lightOf(clock(2))]).toEqual(['fix', 'ok'])
  expect(wordOf(clock(0)).key).toBe('today')
})

it('counts each list, and asks for the one that is chosen, with keys too', async () => {
  const page = await lists()
  expect(page.findAll('[role=tab]').map((one) => one.get('.count').text())).toEqual(['3', '1 万+', '2', '0'])
  expect(asked).toContain('/api/v1/cases?side=approver&tab=mine&by=due')
  await page.get('[role=tablist]').trigger('keydown', { key: 'ArrowRight' })
  await flushPromises()
  expect(asked).toContain('/api/v1/cases?side=approver&tab=theirs&by=due')
  await page.get('[data-tab=done]').trigger('click')
  await page.get('[data-only]').setValue(true)
  await flushPromises()
  expect(asked.filter((one) => one.includes('/cases?')).at(-1)).toBe(
    '/api/v1/cases?side=approver&tab=done&only=true',
  )
  page.unmount()
  const again = await lists()
  expect(again.get('[aria-selected=true]').attributes('data-tab')).toBe('done')
})

it('is searched from the slash key, in the body and not in the address; Escape leaves', async () => {
  const page = await lists()
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '/', bubbles: true }))
  const search = page.get<HTMLInputElement>('[data-find]')
  expect(document.activeElement).toBe(search.element)
  rows = rows.slice(0, 1)
  vi.useFakeTimers()
  await search.setValue('S-1124')
  await vi.advanceTimersByTimeAsync(400)
  await flushPromises()
  expect(asked.at(-1) + asked.at(-2)!).toContain('/api/v1/search/cases {"q":"S-1124","side":"approver"}')
  await search.trigger('keydown', { key: 'Enter' })
  expect(page.emitted('open')).toEqual([['case-0000000000000000a']])
  await search.trigger('keydown', { key: 'Escape' })
  expect([search.element.value, document.activeElement === search.element]).toEqual(['', false])
})

it('goes from row to row with the arrows', async () => {
  const page = await lists()
  const acts = page.findAll<HTMLButtonElement>('[data-row-act]')
  acts[0]!.element.focus()
  await acts[0]!.trigger('keydown', { key: 'ArrowDown' })
  expect(document.activeElement).toBe(acts[1]!.element)
  await acts[1]!.trigger('keydown', { key: 'ArrowUp' })
  expect(document.activeElement).toBe(acts[0]!.element)
})

it('hands a case over to a colleague and gives it back to the pool', async () => {
  const page = await lists()
  expect(page.get('[data-owner]').text()).toBe('高新民')
  await page.get('[data-more-acts=owner]').trigger('click')
  await page.get('[data-to=person-third]').trigger('click')
  await page.get('[data-give-back]').trigger('click')
  await flushPromises()
  const assigned = line.sent.filter((one) => one.type === 'case.assign')
  expect(assigned.map((one) => [one.case_id, one.person_id, one.from_id])).toEqual([
    ['case-0000000000000000b', 'person-third', 'person-other'],
    ['case-0000000000000000b', null, 'person-other'],
  ])
  expect(page.findAll('[data-claim]')).toHaveLength(2)
})

it('asks once more, by the name of who has it, where a colleague was quicker', async () => {
  const page = await lists()
  const quicker = { ...by, id: 'person-quick', name: '赵敏' }
  rows[1] = row('case-0000000000000000b', 1, { owner: quicker })
  const refused = (owner: string | null): object => ({
    ok: false,
    code: 'case_claimed',
    title: '本件的承办人刚有变化，请核对后再办理。',
    details: { owner },
  })
  line.answers.push(refused('person-quick'), refused(null))
  await page.get('[data-more-acts=owner]').trigger('click')
  await page.get('[data-to=person-third]').trigger('click')
  await flushPromises()
  expect(page.get('[data-claimed]').text()).toContain('现承办人已是 赵敏')
  expect(page.find('.problem').exists()).toBe(false)
  await page.get('[data-claim-anyway]').trigger('click')
  await flushPromises()
  // given back in the meantime: asked again, and left
  expect(page.get('[data-claimed]').text()).toContain('待认领')
  await page.get('[data-leave-it]').trigger('click')
  expect(page.find('[data-claimed]').exists()).toBe(false)
  const assigned = line.sent.filter((one) => one.type === 'case.assign')
  expect(assigned.map((one) => one.from_id)).toEqual(['person-other', 'person-quick'])
})

it('says nothing of an owner to the window, and names whose step it is', async () => {
  const page = await lists('window')
  expect(page.findAll('[data-claim], [data-owner]')).toEqual([])
  expect(page.findAll('[data-todo]').map((one) => one.text())[0]).toBe('等对方审核')
  const at = (state: CaseSummary['state'], turn: 'window' | 'approver', side: 'window' | 'approver') =>
    nextOf(row('x', 2, { state, running: clock(2, { turn }), materials_stored: 1 }) as CaseSummary, side)
  expect(at('registered', 'window', 'window')).toEqual({ key: 'collect', n: 2 })
  expect(at('issued', 'window', 'window').key).toBe('deliver')
  expect(at('issued', 'window', 'approver').key).toBe('await_window_delivery')
  expect(at('accepted', 'approver', 'approver').key).toBe('rule')
  expect(at('withdrawn', 'approver', 'approver').key).toBe('archive')
})
