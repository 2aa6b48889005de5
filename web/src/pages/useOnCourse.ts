/**
 * What the work of a case page shows once the case can no longer be filled in: its course, or its materials and form,
 * where what was promised is still brought and judged. What the call shows in their place goes first.
 */
import { computed, nextTick, ref, type Ref } from 'vue'
import { owes } from '../record/rules/courseStep'
import { closed } from '../record/rules/lines'
import type { CaseView } from '../wire/messages'

export type OnCourse = ReturnType<typeof useOnCourse>

export function useOnCourse(view: Ref<CaseView | null>, staged: () => boolean) {
  /** what was chosen here; without a choice the course, or the materials while some are owed */
  const chosen = ref<'course' | 'papers' | null>(null)
  const over = computed(() => view.value !== null && closed(view.value))
  const part = computed(() => chosen.value ?? (view.value && owes(view.value) ? 'papers' : 'course'))
  const shows = computed(() => over.value && part.value === 'course' && !staged())

  /** To the materials and the form, where something that is named there stands. */
  async function toPapers(): Promise<void> {
    if (!over.value) return
    chosen.value = 'papers'
    await nextTick()
  }

  return {
    over,
    part,
    shows,
    choose: (one: 'course' | 'papers'): void => void (chosen.value = one),
    toPapers,
  }
}
