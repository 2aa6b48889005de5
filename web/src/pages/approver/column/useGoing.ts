/**
 * Where the next step leads, and each thing that somebody points at: to the material, the field, the point,
 * the comment.
 */
import { computed, nextTick, type Ref } from 'vue'
import type { Change } from '../../../record/rules/changes'
import { approverStep } from '../../../record/rules/nextStep'
import { goToThread } from '../../../record/talk/thread'
import type { CaseView } from '../../../wire/messages'
import type { Reading } from '../table/useReading'
import type { Column } from './useColumn'

/** What stands in the column, while it does. */
export interface Parts {
  form: () => { go: (field: string) => unknown; goToComments: (field: string) => Promise<unknown> } | null
  notice: () => {
    goToCheck: (point: string) => Promise<unknown>
    goToComment: (id: string) => Promise<unknown>
    write: () => void
  } | null
  /** the comments on the line that lies open */
  remarks: () => { go: (id: string, to: 'end') => Promise<unknown> } | null
}

export function useGoing(view: Ref<CaseView | null>, reading: Reading, column: Column, parts: Parts) {
  const step = computed(() =>
    view.value
      ? approverStep(
          view.value,
          reading.other.value ? null : reading.line_key.value,
          reading.shown.value?.id ?? null,
        )
      : null,
  )

  /** Leads to where somebody commented. */
  function comment(on: string): void {
    const [kind, key] = [on.slice(0, on.indexOf(':')), on.slice(on.indexOf(':') + 1)]
    if (kind === 'field') void parts.form()?.goToComments(key)
    else if (kind === 'line') reading.select(key)
    else if (on === 'case') parts.notice()?.write()
  }

  /** Leads to what somebody changed. */
  async function showChange({ what, where }: Change): Promise<void> {
    column.looks.value = true
    await nextTick()
    if (what === 'values') parts.form()?.go(where)
    else if (what === 'comments') comment(where)
    else if (reading.lines.value.some((one) => one.line.key === where)) reading.select(where)
    else {
      const file = reading.others.value.at(-1)
      if (file) reading.show(file)
    }
  }

  async function goToCheck(point: string): Promise<void> {
    column.clear()
    await nextTick()
    await parts.notice()?.goToCheck(point)
  }

  /** Leads to a comment that is to be ended, wherever it is about. */
  async function goToComment(id: string): Promise<void> {
    const on = view.value?.comments.find((one) => one.id === id)?.on ?? ''
    column.clear()
    if (on.startsWith('line:')) reading.select(on.slice('line:'.length))
    await nextTick()
    if (on.startsWith('line:')) await parts.remarks()?.go(id, 'end')
    else if (on === 'case') await parts.notice()?.goToComment(id)
    else {
      await parts.form()?.goToComments(on.slice('field:'.length))
      await goToThread(id, 'end')
    }
  }

  /** Leads to the next step: to the judgement of a material that lies open, or to a point of the checklist. */
  async function goOn(): Promise<void> {
    const next = step.value
    if (next?.kind === 'review') {
      reading.goTo(next.file)
      await nextTick()
      document.querySelector<HTMLElement>('[data-review] input')?.focus()
    } else if (next?.kind === 'check') await goToCheck(next.point)
    else if (next?.kind === 'resolve') await goToComment(next.comment)
  }

  /** Leaves the decision for the materials that nobody has looked at. */
  function look(): void {
    column.deciding.value = null
    void goOn()
  }

  return { step, comment, showChange, goToCheck, goOn, look }
}
