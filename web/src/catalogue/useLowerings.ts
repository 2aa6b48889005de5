/**
 * What waits for a second administrator of the unit: one list for the tabs, the items and the form, asked
 * again every ten seconds while it is looked at.
 */
import { onScopeDispose, ref, shallowRef, type Ref } from 'vue'
import { http } from '../wire/http'
import type { WaitingLowering, WaitingLowerings } from '../wire/messages'

const AGAIN_MS = 10_000

const waiting = shallowRef<readonly WaitingLowering[]>([])
/** whether it is known by now */
const known = ref(false)
/** the version that this page published just now, until the form says so */
export const published_here = ref<string | null>(null)
let readers = 0
let timer: ReturnType<typeof setInterval> | undefined
let turn = 0

async function refresh(): Promise<void> {
  const mine = (turn += 1)
  try {
    const { lowerings } = await http.get<WaitingLowerings>('/lowerings')
    if (mine !== turn) return
    waiting.value = lowerings
    known.value = true
  } catch {
    // what is known stands until the next time
  }
}

function shown(): void {
  if (document.visibilityState === 'visible') void refresh()
}

/** `on`: whether this person administers a unit at all. */
export function useLowerings(on = true): {
  waiting: Ref<readonly WaitingLowering[]>
  known: Ref<boolean>
  refresh: () => Promise<void>
} {
  if (on) {
    readers += 1
    if (readers === 1) {
      timer = setInterval(shown, AGAIN_MS)
      document.addEventListener('visibilitychange', shown)
    }
    void refresh()
    onScopeDispose(() => {
      readers -= 1
      if (readers) return
      clearInterval(timer)
      document.removeEventListener('visibilitychange', shown)
      turn += 1
      waiting.value = []
      known.value = false
    })
  }
  return { waiting, known, refresh }
}
