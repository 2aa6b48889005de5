/**
 * Where the case opens: where this person left off, else at the next step. After a crash, a reload or another day, on
 * whatever machine.
 */
import { nextTick, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { CaseBook } from '../../../record/book/useCase'
import { leftAt, openingOf } from '../../../record/rules/attention'
import { closed } from '../../../record/rules/lines'
import { filled, type WindowStep } from '../../../record/rules/nextStep'
import { announce } from '../../../ui/announce'
import { focusOn, unclaimed } from '../../../ui/focus'
import { recall, remember } from '../../../ui/remembered'
import { toMissing, toNextStep } from './stepFocus'

export interface OpeningOf {
  id: string
  book: Pick<CaseBook, 'view' | 'drafts' | 'me'>
  /** it is known whether a call runs */
  ready: Ref<boolean>
  in_call: Ref<boolean>
  /** the field that was last filled */
  field: Ref<string | null>
  step: Ref<WindowStep | null>
  toField: (path: string) => void
}

export function useOpening({ id, book, ready, in_call, field, step, toField }: OpeningOf) {
  const { t } = useI18n()
  const left = `left.${id}.${book.me}`
  watch(field, (path) => path && remember(left, JSON.stringify({ path, at: new Date().toISOString() })))
  /**
   * it is known where the page leads, and the call that ran before it was opened goes on here: a focus that
   * nothing else took lies at the head, where a second Enter does nothing: of the keys of the call the first
   * would mute him
   */
  const led = ref(false)
  const goes_on = ref(false)
  watch(
    [led, goes_on],
    async ([known, on]) => {
      if (!known || !on) return
      await nextTick()
      if (unclaimed()) focusOn('.titles h1')
    },
    { flush: 'post' },
  )
  const stop = watch(
    // what comes next is known when it is known whether a call runs
    () => (ready.value ? book.view.value : null),
    async (now) => {
      if (!now) return
      stop()
      const kept = recall(left)
      const path = leftAt(
        now,
        book.drafts.value,
        book.me,
        kept ? (JSON.parse(kept) as { path: string; at: string }) : null,
      )
      await nextTick()
      led.value = true
      if (!unclaimed()) return
      if (closed(now)) {
        if (in_call.value || step.value?.kind === 'course') await toNextStep()
        return
      }
      const opening = openingOf(now, book.drafts.value, path, step.value !== null && filled(step.value))
      if (opening?.kind === 'field') toField(opening.path)
      else if (opening?.kind === 'missing') toMissing()
      else if (opening?.kind === 'step') {
        await toNextStep()
        if (step.value?.kind === 'consent') announce(t('record.step.consent'))
        else if (step.value?.kind === 'dial') announce(t('call.next'))
      }
    },
    { flush: 'post' },
  )

  return { goes_on }
}
