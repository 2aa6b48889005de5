/**
 * A case that lies open over midnight in China. The server and its socket are played; the page and its wire
 * are what they are.
 */
import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import DueDays from '../review/DueDays.vue'
import { i18n, learn } from '../../i18n'
import type { DueView } from '../../wire/messages'
import { closeWire } from '../../wire/socket'
import { SPREAD_MS } from './recount'
import { useCase } from './useCase'
import { caseView } from '../../../tests/kit/cases'

const server = vi.hoisted(() => ({ asked: [] as string[], due: null as unknown, body: null as unknown }))
vi.mock('socket.io-client', () => ({
  io: () => {
    const socket = {
      connected: true,
      active: true,
      io: { engine: { close: () => undefined } },
      on: () => undefined,
      emit: (_: string, command: { type: string }, answer?: (ack: unknown) => void) => {
        server.asked.push(command.type)
        const result = { audience: 'approver', version: 3, case: server.body, drafts: {}, moved: null }
        answer?.({ ok: true, result: { ...result, due: server.due } })
      },
      connect: () => socket,
      disconnect: () => socket,
    }
    return socket
  },
}))

enableAutoUnmount(afterEach)
beforeEach(async () => {
  vi.useFakeTimers()
  await learn('work', 'case')
  server.asked.length = 0
  server.body = caseView()
})
afterEach(() => {
  closeWire()
  vi.useRealTimers()
})

const until = (due_on: string): DueView => ({
  due_on,
  due_days: [{ on: due_on, number: 1 }],
  skipped_days: [],
  provisional: false,
})

it('is counted anew when the day turns, and never shows a day beside a due day of another', async () => {
  vi.setSystemTime(new Date('2026-12-01T15:59:50Z'))
  server.due = until('2026-12-08')
  const page = mount(
    defineComponent({
      setup() {
        const book = useCase('case-000000000000000001')
        return () =>
          book.due.value && h(DueDays, { due: book.due.value, from: null, today: book.counted_on.value })
      },
    }),
    { global: { plugins: [i18n] } },
  )
  const told = (): string => page.text().replaceAll(/\s/g, '')
  await vi.advanceTimersByTimeAsync(8_000)
  expect(server.asked).toEqual(['case.open'])
  expect(told()).toContain('12.1今天受理')
  server.due = until('2026-12-09')
  const seen = new Set<string>()
  for (let passed_ms = 0; passed_ms < SPREAD_MS + 5_000; passed_ms += 500) {
    await vi.advanceTimersByTimeAsync(500)
    seen.add(/(12\.\d)今天受理.*(12\.\d)/.exec(told())?.slice(1).join(' ') ?? told())
  }
  expect([...seen]).toEqual(['12.1 12.8', '12.2 12.9'])
  expect(server.asked.filter((type) => type === 'case.open')).toHaveLength(2)
})
