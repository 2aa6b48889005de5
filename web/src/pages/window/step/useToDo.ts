/** What stands before handing in, as the window's foot names it; it is counted in `lacking.ts`, the same at both desks. */
import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { FormHands } from '../../../record/form/useForm'
import { toDoOf, type AtHand } from '../../../record/rules/lacking'
import { windowStep } from '../../../record/rules/nextStep'
import type { Point } from '../../../record/rules/points'
import { labelOf, missingWord } from '../../../record/rules/words'
import type { Missing, StateKind } from '../../../ui/states'
import type { CaseView } from '../../../wire/messages'

export interface ToDoOf {
  view: Ref<CaseView | null>
  over: Ref<boolean>
  in_call: Ref<boolean>
  hands: Pick<FormHands, 'unsaved'>
}

const NAME_AT_MOST = 12

/** The shape beside what is to be done. */
export function shapeOf(one: Point | AtHand): StateKind {
  if (one.kind === 'proposal') return 'viewing'
  if (one.kind === 'rejected') return 'refused'
  if (one.kind === 'missing' && one.slot === null)
    return one.line.state === 'rejected' ? 'refused' : one.receiving ? 'uploading' : 'none'
  return one.kind === 'missing' || (one.kind === 'field' && one.fault.why === 'required') ? 'none' : 'mend'
}

export function useToDo({ view, over, in_call, hands }: ToDoOf) {
  const { t, locale } = useI18n()
  const todo = computed(() =>
    view.value ? toDoOf(view.value, hands.unsaved()) : { points: [], at_hand: [], all: [] },
  )
  const title = computed(() => {
    const [n, more] = [todo.value.points.length, todo.value.at_hand.length]
    if (over.value && view.value && !n && !more) return t(`desk.states.${view.value.state}`)
    // also while the rating of a call that has ended is offered beside it
    const turn =
      view.value &&
      windowStep(view.value, {
        in_call: in_call.value,
        unrated: null,
        asking: false,
        missing: todo.value.all.length,
      })
    if (turn?.kind === 'wait') return t(`record.step.wait.${turn.for}`)
    if (n) return more ? t('record.missing.both', { n, more }) : t('record.missing.title', { n })
    return more ? t('record.missing.at_hand', { n: more }) : t('record.missing.none')
  })

  const missing = computed<Missing[]>(() => {
    const held = view.value
    const unsaved = hands.unsaved()
    return !held
      ? []
      : todo.value.all.map((one) => ({
          id: one.id,
          // what was typed there and not saved is told instead of what the record lacks
          ...(one.kind === 'field' && unsaved.includes(one.fault.place.path)
            ? { state: 'mend', word: t('record.missing.unsaved', { name: labelOf(one.field, locale.value) }) }
            : { state: shapeOf(one), word: missingWord(t, held, one, locale.value, NAME_AT_MOST) }),
        }))
  })

  return { todo, title, missing }
}
