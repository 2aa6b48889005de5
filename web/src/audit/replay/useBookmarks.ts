/** Seconds that this supervisor wants to come back to. They are his own and stay in this browser. */
import { ref, watch, type Ref } from 'vue'

const NEAR_S = 0.5

export function useBookmarks(call_id: Ref<string | undefined>) {
  const all = ref<number[]>([])
  const key = (id: string): string => `yunjian.bookmarks.${id}`

  function read(): void {
    all.value = []
    if (!call_id.value) return
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(key(call_id.value)) ?? '[]')
      if (Array.isArray(kept))
        all.value = kept.filter((one): one is number => typeof one === 'number').sort((a, b) => a - b)
    } catch {
      // storage may be forbidden in this browser, or hold something else
    }
  }

  /** Sets one at this second, or takes the one away that is there. True when it was set. */
  function toggle(second: number): boolean {
    if (!call_id.value) return false
    const others = all.value.filter((one) => Math.abs(one - second) > NEAR_S)
    const set = others.length === all.value.length
    all.value = set ? [...others, second].sort((a, b) => a - b) : others
    try {
      localStorage.setItem(key(call_id.value), JSON.stringify(all.value))
    } catch {
      // they then last as long as the page
    }
    return set
  }

  watch(call_id, read, { immediate: true })
  return { all, toggle }
}
