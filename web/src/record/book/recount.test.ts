import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import { SPREAD_MS, useRecount } from './recount'

const PAGES = 200
let seen: DocumentVisibilityState
let scope: EffectScope

function look(state: DocumentVisibilityState): void {
  seen = state
  document.dispatchEvent(new Event('visibilitychange'))
}

beforeEach(() => {
  vi.useFakeTimers()
  seen = 'visible'
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => seen)
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

it('lets pages that are looked at ask one after another, each once for several changes', async () => {
  let asked = 0
  const pages = scope.run(() => Array.from({ length: PAGES }, () => useRecount(() => (asked += 1)))) ?? []
  let most = 0
  for (let passed_ms = 0; passed_ms < SPREAD_MS; passed_ms += 1_000) {
    if (passed_ms < 3_000) pages.forEach((hear) => hear())
    const before = asked
    await vi.advanceTimersByTimeAsync(1_000)
    most = Math.max(most, asked - before)
  }
  expect(asked).toBeGreaterThanOrEqual(PAGES)
  // spread evenly it were a tenth in each second, and those that heard it again ask again
  expect(most).toBeLessThan(PAGES / 3)
  await vi.advanceTimersByTimeAsync(SPREAD_MS)
  expect(asked).toBeLessThan(2 * PAGES)
})

it('lets a page that nobody looks at ask once it is looked at', async () => {
  const ask = vi.fn()
  const hear = scope.run(() => useRecount(ask))
  hear?.()
  look('hidden')
  await vi.advanceTimersByTimeAsync(SPREAD_MS)
  hear?.()
  await vi.advanceTimersByTimeAsync(SPREAD_MS)
  expect(ask).not.toHaveBeenCalled()
  look('visible')
  expect(ask).toHaveBeenCalledTimes(1)
  look('hidden')
  look('visible')
  expect(ask).toHaveBeenCalledTimes(1)
  hear?.()
  scope.stop()
  await vi.advanceTimersByTimeAsync(SPREAD_MS)
  expect(ask).toHaveBeenCalledTimes(1)
})
