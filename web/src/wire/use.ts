/**
 * Whether somebody uses this browser: the input of all its pages, told to the server once a minute, because a session
 * that nobody uses ends there. Pages ask much by themselves, so that requests say nothing of it.
 */
import { onBeforeUnmount, onMounted, readonly, ref } from 'vue'
import { http } from './http'

export const TOLD_EVERY_MS = 60_000
const SHARED_EVERY_MS = 1_000
const INPUTS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const

const used = ref(Date.now())
/** when somebody last used a page of this browser, in milliseconds since 1970 */
export const usedAt = readonly(used)

let told_at = 0
let shared_at = 0
let shown_to_others = 0
let between: BroadcastChannel | null = null

function tell(now: number): void {
  if (now - told_at < TOLD_EVERY_MS) return
  told_at = now
  http.post('/session/use', {}).catch(() => {
    // without an answer it is told again at the next input
    told_at = 0
  })
}

/** Somebody is here. */
export function use(): void {
  const now = Date.now()
  used.value = now
  if (now - shared_at >= SHARED_EVERY_MS) {
    shared_at = now
    between?.postMessage(now)
  }
  tell(now)
}

/** Begins to look at the input of this page; returns what ends it. `counts`: whether a session could be used at all. */
export function watchUse(counts: () => boolean): () => void {
  const here = (): void => {
    if (counts()) use()
  }
  between = 'BroadcastChannel' in globalThis ? new BroadcastChannel('yunjian.use') : null
  if (between)
    between.onmessage = (told: MessageEvent<number>) => (used.value = Math.max(used.value, told.data))
  for (const one of INPUTS) addEventListener(one, here, { capture: true, passive: true })
  const minute = setInterval(() => {
    if (shown_to_others && counts()) use()
  }, TOLD_EVERY_MS)
  return () => {
    for (const one of INPUTS) removeEventListener(one, here, { capture: true })
    clearInterval(minute)
    between?.close()
    between = null
  }
}

/** For a screen that is shown to somebody who touches nothing: as long as it stands, this browser is in use. */
export function useShownScreen(): void {
  onMounted(() => {
    shown_to_others += 1
    use()
  })
  onBeforeUnmount(() => (shown_to_others -= 1))
}
