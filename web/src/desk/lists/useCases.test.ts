/**
 * A list that is on screen when a case comes to its unit. The server and its socket are played; page and wire
 * are what they are.
 */
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import CaseTable from './CaseTable.vue'
import { REST_MS, SPREAD_MS } from '../keptCurrent'
import { useCases, type ListedKind } from './useCases'
import { i18n, learn } from '../../i18n'
import { closeWire } from '../../wire/socket'
import { by } from '../../../tests/kit/cases'

const line = vi.hoisted(() => ({
  hear: new Map<string, (told: unknown) => void>(),
  sent: [] as { type: string; on?: boolean }[],
}))
vi.mock('socket.io-client', () => ({
  io: () => {
    const socket = {
      connected: true,
      active: true,
      io: { engine: { close: () => undefined } },
      on: (name: string, hear: () => void) => void line.hear.set(name, hear),
      emit: (_: string, command: { type: string }, answer: (ack: unknown) => void) => {
        line.sent.push(command)
        answer({ ok: true, result: {} })
      },
      connect: () => socket,
      disconnect: () => socket,
    }
    return socket
  },
}))

const row = (id: string, at: string) => ({
  id,
  number: null,
  state: 'registered',
  correcting: false,
  item_name: '分公司负责人变更登记',
  applicant_masked: '孙**',
  clerk: by,
  created_at: at,
  judged: 'none',
  referred_from: null,
})
let rows: object[] = []
let asked = 0
let seen: DocumentVisibilityState

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
beforeEach(() => {
  vi.useFakeTimers()
  seen = 'visible'
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => seen)
  line.sent.length = asked = 0
  rows = [row('case-0000000000000000b', '2026-11-24T05:00:00Z')]
  vi.stubGlobal('fetch', () => {
    asked += 1
    const headers = { 'content-type': 'application/json' }
    return Promise.resolve(new Response(JSON.stringify({ cases: rows }), { headers }))
  })
})
afterEach(() => {
  closeWire()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function list(lists = 1) {
  const told: ListedKind[][] = []
  const page = mount(
    defineComponent(() => {
      const all = Array.from({ length: lists }, () =>
        useCases(
          () => ({ path: '/cases' }),
          (kinds) => told.push(kinds),
        ),
      )
      return () => h(CaseTable, { cases: all[0]!.cases.value, side: 'approver', empty: '' })
    }),
    { global: { plugins: [i18n] }, attachTo: document.body },
  )
  await flushPromises()
  asked = 0
  return { page, told }
}
const hint = (what: string): void =>
  line.hear.get('ephemeral')?.({ type: 'listed.changed', unit_id: 'unit-xh', what })
const passes = async (ms: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms)
  await flushPromises()
}

it('has what came to the unit a moment later, says so once and keeps the focus', async () => {
  const { page, told } = await list()
  const button = page.get<HTMLButtonElement>('tbody button').element
  button.focus()
  rows = [row('case-0000000000000000a', '2026-11-24T06:00:00Z'), ...rows]
  for (const what of ['referred', 'opened', 'referred']) hint(what)
  expect([asked, told]).toEqual([0, []])
  await passes(SPREAD_MS)
  expect(page.findAll('tbody tr')).toHaveLength(2)
  expect([asked, told]).toEqual([1, [['referred', 'opened']]])
  expect(document.activeElement).toBe(button)
  // what follows closely is asked for once, and what went says nothing
  for (const what of ['left', 'left']) hint(what)
  await passes(REST_MS - SPREAD_MS)
  expect(asked).toBe(1)
  await passes(2 * SPREAD_MS)
  expect([asked, told.length]).toEqual([2, 1])
})

it('asks for nothing while nobody looks, and for what came once somebody does', async () => {
  const { told } = await list()
  seen = 'hidden'
  hint('referred')
  await passes(SPREAD_MS)
  expect(asked).toBe(0)
  seen = 'visible'
  document.dispatchEvent(new Event('visibilitychange'))
  await flushPromises()
  expect([asked, told]).toEqual([1, [['referred']]])
})

it('is told only as long as it is on screen', async () => {
  const { page } = await list()
  const watches = () => line.sent.filter((one) => one.type === 'listed.watch').map((one) => one.on)
  expect(watches()).toEqual([true])
  page.unmount()
  expect(watches()).toEqual([true, false])
})

it('spreads what hundreds of lists ask at one hint', async () => {
  await list(300)
  hint('opened')
  let most = 0
  for (let passed_ms = 0; passed_ms < SPREAD_MS; passed_ms += SPREAD_MS / 10) {
    const before = asked
    await passes(SPREAD_MS / 10)
    most = Math.max(most, asked - before)
  }
  expect(asked).toBe(300)
  // a tenth each were 30
  expect(most).toBeLessThan(75)
})
