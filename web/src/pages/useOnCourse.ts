/**
 * What the work of a case page shows once the case can no longer be filled in: its course, or its materials and form,
 * where what was promised is still brought and judged. What the call shows in their place goes first.
 */
import { computed, nextTick, ref, watch, type Ref } from 'vue'
import { owes } from '../record/rules/course/courseStep'
import { closed } from '../record/rules/lines'
import { focusOn, unclaimed } from '../ui/focus'
import type { CaseView } from '../wire/messages'

export type OnCourse = ReturnType<typeof useOnCourse>

/**
 * `staged`: what the call shows has the table; `fold` puts it away. `talking`: whether he sits in the call about the case; then
 * nothing goes from under his hands when it is decided, and the course is a key away.
 */
export function useOnCourse(
  view: Ref<CaseView | null>,
  staged: Ref<boolean>,
  fold: () => void,
  talking: () => boolean,
) {
  /** what was chosen here; without a choice the course, or the materials while some are owed */
  const chosen = ref<'course' | 'papers' | null>(null)
  const over = computed(() => view.value !== null && closed(view.value))
  const part = computed(() => chosen.value ?? 'course')
  const shows = computed(() => over.value && part.value === 'course' && !staged.value)

  // who brings or judges what is owed stays there when the last of it is done
  watch(
    () => over.value && view.value !== null && owes(view.value),
    (owing) => owing && (chosen.value ??= 'papers'),
    { immediate: true },
  )
  // it was decided here and now: to what tells of it, where nothing else took the focus
  watch(view, async (now, was) => {
    if (!now || !was || !closed(now) || closed(was)) return
    if (talking()) chosen.value ??= 'papers'
    await nextTick()
    if (unclaimed()) focusOn('[data-course] [data-decided]', '.foot [data-filled]')
  })

  // a consultation became a case: to its head, as when it is opened, never to what stands near the button that is gone
  watch(view, async (now, was) => {
    if (!now || !was || was.state !== 'consulting' || closed(now)) return
    await nextTick()
    if (unclaimed()) focusOn('.titles h1')
  })

  function choose(one: 'course' | 'papers'): void {
    chosen.value = one
    if (one === 'course' && staged.value) fold()
  }

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
    choose,
    toPapers,
    /** for the acts on the course */
    around: { shown: (): boolean => shows.value, show: (): void => choose('course') },
  }
}
