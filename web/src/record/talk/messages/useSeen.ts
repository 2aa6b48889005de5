/** What is read of the messages, and how many are not: what lies before the eyes at the end of the open lane is. */
import { computed, onBeforeUnmount, onMounted, ref, type Ref } from 'vue'
import { recall, remember } from '../../../ui/remembered'
import type { CaseBook } from '../../book/useCase'
import { sayingsOf, unread, type Lane } from '../sayings'

export interface SeenOf {
  book: Pick<CaseBook, 'me' | 'case_id' | 'view'>
  lanes: Ref<Lane[]>
  lane: Ref<Lane>
  /** where the messages scroll */
  list: Ref<HTMLElement | null>
  /** something else stands in their place */
  covered: () => boolean
}

export function useSeen({ book, lanes, lane, list, covered }: SeenOf) {
  const { view } = book
  const keyOf = (of: Lane): string => `seen.${book.me}.${book.case_id}.${of}`
  const seen = ref<Record<Lane, string | null>>({
    shared: recall(keyOf('shared')),
    staff: recall(keyOf('staff')),
  })
  /** the end of the list is in sight */
  const at_end = ref(true)
  const counts = computed(() => {
    const count = (of: Lane): number =>
      view.value && lanes.value.includes(of) ? unread(sayingsOf(view.value, of), seen.value[of], book.me) : 0
    return { shared: count('shared'), staff: count('staff') }
  })

  /** What lies before the eyes is read: the end of the open lane, while the page is looked at. */
  function see(): void {
    if (document.visibilityState !== 'visible' || covered() || !at_end.value || !view.value) return
    const last = sayingsOf(view.value, lane.value).at(-1)
    if (!last || seen.value[lane.value] === last.id) return
    seen.value = { ...seen.value, [lane.value]: last.id }
    remember(keyOf(lane.value), last.id)
  }

  function toEnd(): void {
    list.value?.scrollTo({ top: list.value.scrollHeight })
    at_end.value = true
    see()
  }

  function scrolled(): void {
    const box = list.value
    if (!box) return
    at_end.value = box.scrollTop + box.clientHeight >= box.scrollHeight - 8
    see()
  }

  onMounted(() => document.addEventListener('visibilitychange', see))
  onBeforeUnmount(() => document.removeEventListener('visibilitychange', see))
  return { at_end, counts, toEnd, scrolled }
}
