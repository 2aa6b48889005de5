/** Something that is told for a while and then goes by itself, such as that somebody has left. */
import { onScopeDispose, readonly, shallowRef, type Ref } from 'vue'

export interface Passing<T> {
  /** what is told now */
  now: Readonly<Ref<T | null>>
  /** tells it in the place of what was told before; null: nothing */
  tell: (what: T | null) => void
}

export function usePassing<T>(for_ms: number): Passing<T> {
  const now = shallowRef<T | null>(null)
  let going: ReturnType<typeof setTimeout> | undefined
  function tell(what: T | null): void {
    clearTimeout(going)
    now.value = what
    if (what !== null) going = setTimeout(() => (now.value = null), for_ms)
  }
  onScopeDispose(() => clearTimeout(going))
  return { now: readonly(now) as Readonly<Ref<T | null>>, tell }
}
