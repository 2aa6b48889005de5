/**
 * What the call of this desk means for the case that is open: whether it is about it, may be recorded, and whether what is
 * done here goes to another case than the one that is talked about.
 */
import { computed, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useCall } from '../../../call/desk/useCall'
import { callElsewhere, farPlace, unrecordedFor, without } from '../../../call/rules/standing'
import type { CaseBook } from '../../../record/book/useCase'
import { caseCode } from '../../../rules/caseCode'
import { useAhead } from '../../useAhead'

export type CaseCall = ReturnType<typeof useCaseCall>

export function useCaseCall(id: string, book: Pick<CaseBook, 'view' | 'lookTogether' | 'sits'>) {
  const { t } = useI18n()
  const { view } = book
  const call = useCall()

  const in_call = computed(() => call.current.value?.case_id === id && call.current.value.state !== 'ended')
  /** the call about this case may be recorded, until the applicant takes his consent back */
  const recorded = computed(
    () => in_call.value && call.current.value !== null && unrecordedFor(call.current.value) === null,
  )
  /** recording was agreed to before this call and is no longer: nobody refused it from the start */
  const taken_back = computed(
    () => call.current.value?.case_id === id && unrecordedFor(call.current.value) === 'withdrawn',
  )
  /** who is in it is of another unit than the one that decides by now */
  const elsewhere = computed(() =>
    Boolean(
      in_call.value &&
      call.current.value &&
      view.value &&
      without(call.current.value, view.value.item.unit_id),
    ),
  )
  /** the place at the other end of the line */
  const there = computed(
    () =>
      (in_call.value &&
        call.current.value &&
        view.value &&
        farPlace(call.current.value, view.value.item.unit_id)) ||
      (view.value?.item.place ?? ''),
  )
  /** another case is what the call that runs is about, and who is there came for that */
  const away = computed(() => callElsewhere(call.current.value, id))
  /** what is filled in then goes to this case all the same, and the form says so */
  const not_of_call = computed(() => {
    const running = call.current.value
    if (!away.value || !running || !view.value) return ''
    const named = (name: string, of: string): string =>
      `${name} ${t('shell.case_code', { code: caseCode(of) })}`
    return t('record.form.not_of_call', {
      call: named(running.card.applicant_masked, running.case_id),
      here: named(view.value.applicant.name, id),
    })
  })
  // who hung up looks at nothing together with the other side
  watch(() => Boolean(in_call.value), book.lookTogether)
  book.sits(() => away.value)
  useAhead(
    ['document'],
    () => view.value !== null && (call.current.value ?? { state: 'ended' }).state === 'ended',
  )

  return { call, in_call, recorded, taken_back, elsewhere, there, away, not_of_call }
}
