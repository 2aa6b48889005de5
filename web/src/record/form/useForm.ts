/** The form of a case under this person's hands: one editor a field, joined to the record and to the page. */
import { onScopeDispose, shallowReactive, watch } from 'vue'
import { Problem } from '../../wire/http'
import type { CaseView, FormField } from '../../wire/messages'
import { FieldEditor, type FieldFace } from './field/fieldEditor'
import type { EditRefusal } from './field/fieldHold'
import { broken, cellsOf, rowsOf, valuesOf } from '../rules/form/fields'
import type { CaseBook } from '../book/useCase'

export type FormHands = ReturnType<typeof useForm>

async function refusalOf(answer: Promise<unknown>): Promise<EditRefusal | null> {
  try {
    await answer
    return null
  } catch (reason) {
    const { code, title, details } = Problem.of(reason)
    return {
      code: code === 'field_invalid' && typeof details['rule'] === 'string' ? details['rule'] : code,
      title,
    }
  }
}

/** Every field that holds a value of its own, those of rows by their paths, also what a condition hides now. */
function fillable(view: CaseView): FormField[] {
  const values = valuesOf(view)
  return view.item.form
    .flatMap((field) => [field, ...cellsOf(field, values).map((one) => one.field)])
    .filter((field) => field.kind !== 'group' && field.kind !== 'attachment')
}

/** The id of a new row: the page makes it, so that a repeated command makes no second row. */
function rowId(): string {
  return `r${[...crypto.getRandomValues(new Uint8Array(7))].map((byte) => (byte % 36).toString(36)).join('')}`
}

const ROWS_TRIED = 4

export function useForm(book: CaseBook) {
  const editors = new Map<string, FieldEditor>()
  const faces = shallowReactive(new Map<string, FieldFace>())

  function show(editor: FieldEditor): void {
    faces.set(editor.field.name, editor.face)
  }

  function make(field: FormField): FieldEditor {
    const { name } = field
    const editor: FieldEditor = new FieldEditor(field, book.view.value?.fields[name], book.me, {
      typing: (value) => book.tellTyping(name, value),
      // a draft that is lost costs a second of typing; the next one follows
      draft: (value, base_version) => void book.draft(name, value, base_version).catch(() => undefined),
      edit: (value, base_version) => refusalOf(book.edit(name, value, base_version)),
      hold: (on) => refusalOf(book.hold(on ? name : null)),
      rule: (value) => {
        const view = book.view.value
        const kind =
          view && broken(view.item.form, view.item.rules ?? [], valuesOf(view), name, value)?.rule.kind
        return kind && kind !== 'sums_to' ? kind : null
      },
      changed: () => show(editor),
    })
    editors.set(name, editor)
    show(editor)
    return editor
  }

  const stop = watch(
    book.snapshot,
    (snapshot) => {
      if (!snapshot || snapshot.audience !== 'window') return
      for (const field of fillable(snapshot.case)) {
        const editor = editors.get(field.name) ?? make(field)
        editor.recorded(snapshot.case.fields[field.name])
        show(editor)
      }
    },
    { immediate: true },
  )
  const stopDrafts = watch(
    book.drafts,
    (drafts) => {
      for (const [name, draft] of Object.entries(drafts))
        editors.get(name)?.restore(draft.value, draft.base_version)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    stop()
    stopDrafts()
    for (const editor of editors.values()) editor.dispose()
  })

  /** Changes the list of rows of a group; when somebody else was quicker, the change is made to his list. */
  async function rows(group: string, change: (rows: string[]) => string[]): Promise<void> {
    for (let tried = 1; ; tried += 1) {
      const state = book.view.value?.fields[group]
      const before = rowsOf(state?.value ?? '')
      const after = change(before)
      if (after.join() === before.join()) return
      try {
        await book.edit(group, after.join(), state?.version ?? 0)
        return
      } catch (reason) {
        const problem = Problem.of(reason)
        if (problem.code !== 'stale' || tried === ROWS_TRIED) throw problem
        if ((book.view.value?.fields[group]?.version ?? 0) === (state?.version ?? 0)) await book.open()
      }
    }
  }

  return {
    faces,
    addRow: (group: string): Promise<void> => {
      const id = rowId()
      return rows(group, (all) => (all.includes(id) ? all : [...all, id]))
    },
    removeRow: (group: string, row: string): Promise<void> =>
      rows(group, (all) => all.filter((one) => one !== row)),
    moveRow: (group: string, row: string, by: -1 | 1): Promise<void> =>
      rows(group, (all) => {
        const from = all.indexOf(row)
        const to = from + by
        if (from < 0 || to < 0 || to >= all.length) return all
        const rest = all.filter((one) => one !== row)
        return [...rest.slice(0, to), row, ...rest.slice(to)]
      }),
    editor: (name: string): FieldEditor | undefined => editors.get(name),
    unsaved: (): string[] => [...faces].filter(([, face]) => face.unsaved).map(([name]) => name),
  }
}
