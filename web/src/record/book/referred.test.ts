/**
 * A case that is referred while it lies open at one who sits in its call. The server is played; the page and
 * its wire are what they are.
 */
import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { closeWire } from '../../wire/socket'
import { useCase } from './useCase'
import { caseView, person } from '../../../tests/kit/cases'

const CASE = 'case-000000000000000001'
const server = vi.hoisted(() => ({
  audience: '',
  body: null as unknown,
  tell: {} as Record<string, (told: unknown) => void>,
}))
vi.mock('socket.io-client', () => ({
  io: () => {
    const socket = {
      connected: true,
      active: true,
      io: { engine: { close: () => undefined } },
      on: (name: string, hear: (told: unknown) => void) => (server.tell[name] = hear),
      emit: (_: string, _command: unknown, answer?: (ack: unknown) => void) => {
        const result = { audience: server.audience, version: 3, case: server.body, drafts: {}, moved: null }
        answer?.({ ok: true, result: { ...result, due: null } })
      },
      connect: () => socket,
      disconnect: () => socket,
    }
    return socket
  },
}))

enableAutoUnmount(afterEach)
beforeEach(() => {
  server.body = caseView()
})
afterEach(closeWire)

async function afterReferral(audience: 'approver' | 'third'): Promise<string | null> {
  server.audience = 'third'
  let book!: ReturnType<typeof useCase>
  mount(
    defineComponent({
      setup() {
        book = useCase(CASE)
        return () => h('div')
      },
    }),
  )
  await vi.waitFor(() => expect(book.audience.value).toBe('third'))
  server.audience = audience
  const referral = { from_unit_name: '西海岸', to_unit_name: '东昌府', reason: '由东昌府办理' }
  const at = '2026-12-01T03:00:00Z'
  server.tell['event']?.({
    type: 'case.referred',
    subject: `case:${CASE}`,
    version: 4,
    at,
    unit_id: 'unit-lc',
    place: '聊城东昌府',
    referral: { ...referral, by: person('zhou'), at },
  })
  await vi.waitFor(() => expect(book.audience.value).toBe(audience))
  return book.referred.value?.to_unit_name ?? null
}

it('is the case of who decides it from then on, and went away from who did', async () => {
  expect(await afterReferral('third')).toBe('东昌府')
  expect(await afterReferral('approver')).toBe(null)
})
