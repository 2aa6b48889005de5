/**
 * Keeps what a desk lists current: asked when its part of the page comes, every so often while the page is looked at,
 * when it is looked at again, and as soon as the connection is back: a list that was opened without one fills then.
 */
import { onBeforeUnmount, onMounted } from 'vue'
import { wire } from '../wire/socket'

export function keepCurrent(refresh: () => Promise<void>, every_ms: number): void {
  let timer: ReturnType<typeof setInterval> | undefined
  let off = (): unknown => undefined

  function shown(): void {
    if (document.visibilityState === 'visible') void refresh()
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
    document.removeEventListener('visibilitychange', shown)
  })
}
