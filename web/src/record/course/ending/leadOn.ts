/** After an act on the course: it is said what was done and what is next, and its author is led there. */
import { nextTick, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { announce } from '../../../ui/announce'
import { focusOn, unclaimed } from '../../../ui/focus'
import type { CourseStep } from '../../rules/course/courseStep'

/** how long the news of an act may take behind its ack for its author to be led on by it */
const LEADS_WITHIN_MS = 3_000
const toNext = (): void => focusOn('.foot [data-filled]', '[data-course] h2')

export function leadOn(step: Ref<CourseStep | null>, way: () => string) {
  const { t } = useI18n()
  /** what was done here and whose next step is still to come: its news may stand before its ack or behind it */
  let did: { act: string; until: number } | null = null

  /** The act that is next here, in words; null where none is. */
  function nextWord(): string | null {
    const now = step.value
    if (!now || now.kind === 'wait') return null
    if (now.kind === 'begin') return t(`record.course.act.begin.${way()}`)
    return t(
      `record.course.act.${now.kind === 'rule' ? 'granted' : now.kind === 'end' ? 'delivered' : now.kind}`,
    )
  }

  /** The step is another one now: whether it was an act from here, whose author then goes on, unless he is elsewhere. */
  function changed(): boolean {
    if (!did || Date.now() > did.until) return false
    const [done, next] = [t(`record.course.done.${did.act}`), nextWord()]
    did = null
    announce(next ? t('record.course.done_next', { done, next }) : done)
    const here = (): boolean => document.activeElement?.closest('[data-course], .foot') != null
    const was_here = here()
    void nextTick(() => (unclaimed() || was_here || here()) && toNext())
    return true
  }

  return {
    changed,
    begin: (act: string): void => void (did = { act, until: Date.now() + LEADS_WITHIN_MS }),
    refused: (): void => void (did = null),
    /** It was taken; the step may have changed already. */
    async taken(act: string): Promise<void> {
      if (!did) return
      announce(t(`record.course.done.${act}`))
      await nextTick()
      if (unclaimed()) toNext()
    },
  }
}
