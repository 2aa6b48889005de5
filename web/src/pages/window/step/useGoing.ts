/**
 * The ways to what the foot, a notice or a change names: the field, line, file or comment, wherever on the
 * page it stands.
 */
import { nextTick, type Ref } from 'vue'
import type { CaseBook } from '../../../record/book/useCase'
import type { Change } from '../../../record/rules/changes'
import { othersOf } from '../../../record/rules/lines'
import { goToThread } from '../../../record/talk/thread'
import type { Table } from '../table/useTable'

/** Where comments stand: leads to one of them. */
interface Remarks {
  go: (id: string, then: 'answer') => Promise<void>
}

/** The form, with the comments on the case above it. */
interface FormSide extends Remarks {
  toField: (path: string) => void
  toComments: (path: string) => Promise<void>
}

export interface GoingOf {
  view: CaseBook['view']
  table: Pick<Table, 'lines' | 'select' | 'show' | 'follow'>
  /** the summary lies before the form */
  submitting: Ref<boolean>
  /** leaves the papers that are being taken; false: they stay */
  leaveScan: () => boolean
  form: Ref<FormSide | null>
  /** the comments on the open line */
  of_line: Ref<Remarks | null>
}

export function useGoing({ view, table, submitting, leaveScan, form, of_line }: GoingOf) {
  function go(id: string): void {
    const [kind, key] = [id.slice(0, id.indexOf(':')), id.slice(id.indexOf(':') + 1)]
    if (kind === 'field') {
      // the form lies behind the summary and the paper that is being taken
      if (!leaveScan()) return
      submitting.value = false
      void nextTick(() => form.value?.toField(key))
      return
    }
    if (kind === 'file') table.follow(key)
    if (kind === 'comment') void answer(key)
    if (kind !== 'line') return
    // of several files of a line each is a point of its own
    const [line = key] = key.split(':')
    table.select(line)
    document.querySelector<HTMLElement>(`[data-line="${CSS.escape(line)}"] .pick`)?.focus()
  }

  /** Leads to a comment and the answer to it, whatever it is about. */
  async function answer(id: string): Promise<void> {
    const on = view.value?.comments.find((one) => one.id === id)?.on ?? ''
    if (!leaveScan()) return
    submitting.value = false
    if (on.startsWith('line:')) table.select(on.slice('line:'.length))
    await nextTick()
    if (on.startsWith('line:')) await of_line.value?.go(id, 'answer')
    else if (on === 'case') await form.value?.go(id, 'answer')
    else {
      await form.value?.toComments(on.slice('field:'.length))
      await goToThread(id, 'answer')
    }
  }

  /** Leads to what somebody changed. */
  function showChange({ what, where }: Change): void {
    if (what === 'values') go(`field:${where}`)
    else if (where.startsWith('field:') || where.startsWith('line:')) go(where)
    // it stands above the form, open
    else if (where === 'case') submitting.value = false
    else if (table.lines.value.some((one) => one.line.key === where)) go(`line:${where}`)
    else {
      const file = view.value && othersOf(view.value).at(-1)
      if (file) table.show(file)
    }
  }

  return { go, answer, showChange }
}
