/**
 * Keeps what a desk lists current: asked when its part of the page comes, every so often while the page is looked at,
 * when it is looked at again, and as soon as the connection is back: a list that was opened without one fills then.
 *
 * Returned is what is called at a hint that there is something new: asked within SPREAD_MS then, at a moment of its own,
 * because hundreds of lists hear the same hint; once for all hints that come before it, and after REST_MS again.
 */
import { onBeforeUnmount, onMounted } from 'vue'
import { wire } from '../wire/socket'

export const SPREAD_MS = 1_000
export const REST_MS = 4_000

export function keepCurrent(refresh: () => Promise<void>, every_ms: number): () => void {
  let timer: ReturnType<typeof setInterval> | undefined
  let hinted: ReturnType<typeof setTimeout> | undefined
  let rests_until = 0
  let off = (): unknown => undefined

  function shown(): void {
    if (document.visibilityState === 'visible') void refresh()
  }

  function soon(): void {
    // one that nobody looks at is asked when somebody does
    if (hinted !== undefined || document.visibilityState !== 'visible') return
    const after = Math.max(0, rests_until - performance.now()) + Math.random() * SPREAD_MS
    hinted = setTimeout(() => {
      hinted = undefined
      rests_until = performance.now() + REST_MS
      shown()
    }, after)
  }

  onMounted(() => {
    let greeted = false
    off = wire().onConnected(() => {
      greeted = true
      void refresh()
    })
    if (!greeted) void refresh()
    timer = setInterval(shown, every_ms)
    document.addEventListener('visibilitychange', shown)
  })
  onBeforeUnmount(() => {
    off()
    clearInterval(timer)
    clearTimeout(hinted)
    document.removeEventListener('visibilitychange', shown)
  })
  return soon
}
