/**
 * The server's time as far as this page can know it, for counting down to deadlines.
 *
 * An event is at most its journey old when it arrives, so the largest `at - now` seen is the best guess of the
 * difference between the clocks. `useNow` ticks twice a second while something that counts is on the screen, `useToday`
 * turns with the day in China: a page may lie open over midnight.
 */
import { onBeforeUnmount, onMounted, onScopeDispose, readonly, ref, type Ref } from 'vue'
import { chinaDay } from './china'

let ahead_ms: number | null = null

/** Learns from an event that has just arrived. */
export function heard(at: string): void {
  const ahead = Date.parse(at) - Date.now()
  if (Number.isFinite(ahead) && (ahead_ms === null || ahead > ahead_ms)) ahead_ms = ahead
}

/** The server's time, in milliseconds since 1970. */
export function serverNow(): number {
  return Date.now() + (ahead_ms ?? 0)
}

export function useNow(): Ref<number> {
  const now = ref(serverNow())
  let timer: ReturnType<typeof setInterval> | undefined
  onMounted(() => (timer = setInterval(() => (now.value = serverNow()), 500)))
  onBeforeUnmount(() => clearInterval(timer))
  return now
}

/** The day in China now, as YYYY-MM-DD, by the server's time. */
export function chinaToday(): string {
  return chinaDay(new Date(serverNow()))
}

const today = ref('')
let watching = 0
let turning: ReturnType<typeof setInterval> | undefined

/** `chinaToday` for as long as its scope lives; one timer for all who ask. */
export function useToday(): Readonly<Ref<string>> {
  const look = (): void => void (today.value = chinaToday())
  look()
  if (watching++ === 0) turning = setInterval(look, 1_000)
  onScopeDispose(() => {
    watching -= 1
    if (!watching) clearInterval(turning)
  })
  return readonly(today)
}
