/**
 * What lies in the column beside the form: a decision, a referral (转办), what is sent to the window, the guide; one at a
 * time. Files dropped on the desk are to be sent.
 */
import { nextTick, ref, shallowRef, watch } from 'vue'
import { focusOn, unclaimed } from '../../../ui/focus'
import type { Decision } from '../../../record/book/commands'

export type Aside = 'sending' | 'guide' | 'refer'
export type Column = ReturnType<typeof useColumn>

/** `sends`: whether this person sends files to the window. */
export function useColumn(sends: () => boolean) {
  const deciding = ref<Decision | null>(null)
  const aside = ref<Aside | null>(null)
  /** files for the window */
  const dropped = shallowRef<readonly File[]>([])
  /** files are held over the desk */
  const hovered = ref(false)
  /** where a decision takes the place of the form, that makes room while he looks at what changed */
  const looks = ref(false)
  watch(deciding, () => (looks.value = false))

  function clear(): void {
    deciding.value = null
    aside.value = null
  }

  function decide(decision: Decision): void {
    aside.value = null
    deciding.value = decision
  }

  function toggle(which: Aside): void {
    deciding.value = null
    aside.value = aside.value === which ? null : which
  }

  /** Puts away what lies there; the focus goes back to what opened it. */
  async function putAway(opener: string): Promise<void> {
    clear()
    await nextTick()
    if (unclaimed()) focusOn(opener)
  }

  function hover(event: DragEvent): void {
    if (sends() && event.dataTransfer?.types.includes('Files')) {
      event.preventDefault()
      hovered.value = true
    }
  }

  function drop(event: DragEvent): void {
    hovered.value = false
    if (!sends() || !event.dataTransfer?.files.length) return
    event.preventDefault()
    dropped.value = [...event.dataTransfer.files]
    deciding.value = null
    aside.value = 'sending'
  }

  return { deciding, aside, dropped, hovered, looks, clear, decide, toggle, putAway, hover, drop }
}
