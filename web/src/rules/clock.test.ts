// @vitest-environment node
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'

let scope: EffectScope

beforeEach(() => {
  vi.useFakeTimers()
  vi.resetModules()
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

/** The clock of a page that was just opened. */
async function opened(at: string): Promise<typeof import('./clock')> {
  vi.setSystemTime(new Date(at))
  return import('./clock')
}

it('goes by the newest that was told by the server', async () => {
  const { heard, serverNow } = await opened('2026-12-01T10:00:00Z')
  expect(serverNow()).toBe(Date.parse('2026-12-01T10:00:00Z'))
  heard('2026-12-01T10:03:00Z')
  // one that was long on its way takes nothing back
  heard('2026-12-01T09:00:00Z')
  heard('')
  expect(serverNow()).toBe(Date.parse('2026-12-01T10:03:00Z'))
})

it('turns the day at midnight in China, by the clock of the server', async () => {
  // this computer is two minutes slow
  const { chinaToday, heard, useToday } = await opened('2026-12-01T15:57:30Z')
  heard('2026-12-01T15:59:30Z')
  const [today, other] = scope.run(() => [useToday(), useToday()])!
  expect([today.value, other.value]).toEqual(['2026-12-01', '2026-12-01'])
  await vi.advanceTimersByTimeAsync(29_000)
  expect(today.value).toBe('2026-12-01')
  await vi.advanceTimersByTimeAsync(2_000)
  expect([today.value, other.value, chinaToday()]).toEqual(['2026-12-02', '2026-12-02', '2026-12-02'])
  scope.stop()
  expect(vi.getTimerCount()).toBe(0)
})
