// @vitest-environment node
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, ref } from 'vue'
import { useCall } from './useCallFile'
import { clockOf } from '../rules/lengths'

const answers: (() => Response)[] = []
const told = (body: object, status = 200): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': status === 200 ? 'application/json' : 'application/problem+json' },
  })
const refused = (code: string, details: object = {}): Response =>
  told({ title: code, status: 429, code, details }, 429)

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('fetch', (address: string | URL | Request) =>
    Promise.resolve(
      String(address instanceof Request ? address.url : address).endsWith('/check')
        ? answers.shift()?.()
        : refused('not_found'),
    ),
  )
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('checks a call a little later by itself where many were opened one after the other, and tells any other refusal', async () => {
  const scope = effectScope()
  const call_id = ref<string | undefined>('call-1')
  answers.push(
    () => refused('throttled', { retry_after_s: 7 }),
    () => told({ ok: true, files: [] }),
    () => refused('forbidden'),
  )
  const book = scope.run(() => useCall(call_id))!
  await vi.advanceTimersByTimeAsync(0)
  expect([book.check_waits.value, book.check_problem.value, book.check.value]).toEqual([true, null, null])
  await vi.advanceTimersByTimeAsync(7_000)
  expect([book.check_waits.value, book.check.value?.ok]).toEqual([false, true])
  call_id.value = 'call-2'
  await vi.advanceTimersByTimeAsync(0)
  expect([book.check_waits.value, book.check_problem.value?.code]).toEqual([false, 'forbidden'])
  // who has gone to another call is not asked for the one before
  answers.push(() => refused('throttled', { retry_after_s: 7 }))
  call_id.value = 'call-3'
  await vi.advanceTimersByTimeAsync(0)
  scope.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(answers).toEqual([])
})

it('tells a length by the seconds that have passed, in the list as below the pictures', () => {
  expect([clockOf(10.58), clockOf(59.999), clockOf(3600.2), clockOf(-1)]).toEqual([
    '00:10',
    '00:59',
    '1:00:00',
    '00:00',
  ])
})
