/**
 * When a page asks anew how the days of its case are counted: the working-day calendar has changed, and every page that
 * shows a case which is not decided yet hears it in the same moment. Those that are looked at ask within SPREAD_MS, each
 * at a moment of its own; one that nobody looks at asks once it is looked at again.
 */
import { onScopeDispose } from 'vue'

/** Ten thousand pages then ask for a thousand cases a second. */
export const SPREAD_MS = 10_000

/** Returns what is called at each change; `ask` comes once for all that come before it. */
export function useRecount(ask: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  /** nobody looks: asked when somebody does */
  let owed = false
  const seen = (): boolean => document.visibilityState === 'visible'

  function now(): void {
    timer = undefined
    owed = !seen()
    if (!owed) ask()
  }
  function shown(): void {
    if (owed) now()
  }

  document.addEventListener('visibilitychange', shown)
  onScopeDispose(() => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', shown)
  })
  return () => {
    if (timer !== undefined || owed) return
    if (seen()) timer = setTimeout(now, Math.random() * SPREAD_MS)
    else owed = true
  }
}
