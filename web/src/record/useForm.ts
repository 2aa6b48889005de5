/** The form of a case under this person's hands: one editor a field, joined to the record and to the page. */
import { onScopeDispose, shallowReactive, watch } from 'vue'
import { Problem } from '../wire/http'
import type { FormField } from '../wire/messages'
import { FieldEditor, type EditRefusal, type Offer } from './fieldEditor'
import type { FieldFault } from './checks'
import type { CaseBook } from './useCase'

/** What a view shows of an editor. */
export interface FieldFace {
  shown: string
  unsaved: boolean
  saving: boolean
  locked: boolean
  fault: FieldFault | null
  refusal: EditRefusal | null
  offer: Offer | null
  changed_under: boolean
}

export type FormHands = ReturnType<typeof useForm>

async function refusalOf(answer: Promise<unknown>): Promise<EditRefusal | null> {
  try {
    await answer
    return null
  } catch (reason) {
    const { code, title, details } = Problem.of(reason)
    return { code: code === 'field_invalid' && typeof details['rule'] === 'string' ? details['rule'] : code, title }
  }
}

export function useForm(book: CaseBook) {
  const editors = new Map<string, FieldEditor>()
  const faces = shallowReactive(new Map<string, FieldFace>())

  function show(editor: FieldEditor): void {
    faces.set(editor.field.name, {
      shown: editor.shown,
      unsaved: editor.unsaved,
      saving: editor.saving,
      locked: editor.locked,
      fault: editor.fault,
      refusal: editor.refusal,
      offer: editor.offer,
      changed_under: editor.changedUnder,
    })
  }

  function make(field: FormField): FieldEditor {
    const { name } = field
    const editor: FieldEditor = new FieldEditor(field, book.view.value?.fields[name], book.me, {
      typing: (value) => book.tellTyping(name, value),
      // a draft that is lost costs a second of typing; the next one follows
      draft: (value, base_version) => void book.draft(name, value, base_version).catch(() => undefined),
      edit: (value, base_version) => refusalOf(book.edit(name, value, base_version)),
      hold: (on) => refusalOf(book.hold(on ? name : null)),
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
      for (const field of snapshot.case.item.form) {
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
      for (const [name, draft] of Object.entries(drafts)) editors.get(name)?.restore(draft.value, draft.base_version)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    stop()
    stopDrafts()
    for (const editor of editors.values()) editor.dispose()
  })

  return {
    faces,
    editor: (name: string): FieldEditor | undefined => editors.get(name),
    unsaved: (): string[] => [...faces].filter(([, face]) => face.unsaved).map(([name]) => name),
  }
}
