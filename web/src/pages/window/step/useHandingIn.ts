/**
 * Handing in: the summary that the applicant reads and signs, on this screen turned to him or on his own, and
 * the way back to it.
 */
import { nextTick, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { CaseBook } from '../../../record/book/useCase'
import type { FormHands } from '../../../record/form/useForm'
import { focusOn } from '../../../ui/focus'
import { Problem } from '../../../wire/http'
import type { Table } from '../table/useTable'
import { useLeading } from '../useLeading'
import { toNextStep } from './stepFocus'

export interface SigningOf {
  id: string
  book: Pick<CaseBook, 'view' | 'mean'>
  hands: Pick<FormHands, 'faces'>
  table: Pick<Table, 'over' | 'field' | 'shown'>
  /** the summary lies before the form */
  submitting: Ref<boolean>
  failed: (problem: Problem) => void
}

export function useHandingIn({ id, book, hands, table, submitting, failed }: SigningOf) {
  const { t } = useI18n()

  /** The screen is back from being signed on: handing in is the next step, and at hand. */
  async function showSubmit(): Promise<void> {
    if (table.over.value) return
    submitting.value = true
    await nextTick()
    const signature = book.view.value?.signature
    if (signature && !signature.outdated) focusOn('[data-hand-in]')
  }

  const leading = useLeading(id, {
    view: book.view,
    field: () =>
      table.field.value
        ? { name: table.field.value, value: hands.faces.get(table.field.value)?.shown ?? null }
        : null,
    material: () => table.shown.value,
    mean: () => book.mean(),
    // what he was asked for is shown at the desk now
    signed_back: () => void showSubmit(),
    blocked: () =>
      failed(
        new Problem({
          title: t('turned.desk.second_blocked'),
          status: 0,
          code: 'unexpected',
        }),
      ),
  })

  /** The clerk has his screen again, and goes on with what comes next. */
  async function returned(): Promise<void> {
    leading.back()
    await nextTick()
    if (!submitting.value) await toNextStep()
  }

  // what was handed in is decided: the form stands there again, closed
  watch(table.over, (now) => now && (submitting.value = false))

  return { leading, returned }
}
