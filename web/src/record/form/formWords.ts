/** What the form as a whole says of itself: what is wrong in it, what fills it, whether it is saved. */
import type { ComposerTranslation } from 'vue-i18n'
import { listed } from '../../i18n'
import type { StateKind } from '../../ui/states'
import type { CaseView, FormField } from '../../wire/messages'
import { fieldIn, formFaults } from '../rules/form/fields'
import { linesOf } from '../rules/lines'
import { faultText, labelOf } from '../rules/words'
import type { FieldFace } from './field/fieldEditor'

/** A state and its words. */
export interface StateWord {
  state: StateKind
  word: string
}

/** What a field is called wherever it stands; its path where the form has none of that name. */
export function fieldLabel(view: CaseView | null, path: string, language: string): string {
  const field = view && fieldIn(view, path)
  return field ? labelOf(field, language) : path
}

/** What is wrong with saved values because of others, by path; what is merely empty is told where it is missed. */
export function standingFaults(
  t: ComposerTranslation,
  view: CaseView,
  language: string,
): Map<string, string> {
  const found = new Map<string, string>()
  for (const fault of formFaults(view)) {
    const few = fault.why === 'too_few_rows'
    if ((fault.rule || few) && !found.has(fault.place.path))
      found.set(fault.place.path, faultText(t, view, fault, language))
  }
  return found
}

const LINE_STATES = {
  none: 'none',
  receiving: 'uploading',
  rejected: 'refused',
  unread: 'unread',
  accepted: 'good',
  returned: 'mend',
  not_needed: 'not_needed',
  lacking: 'mend',
} as const

/** The state of the line that fills an attachment; undefined of every other field. */
export function attachedWords(
  t: ComposerTranslation,
  view: CaseView,
  field: FormField,
): StateWord | undefined {
  if (field.kind !== 'attachment') return undefined
  const line = linesOf(view).find((one) => one.line.key === field.line)
  if (!line) return undefined
  const word =
    line.state === 'receiving'
      ? t('record.form.receiving')
      : t(`record.materials.state.${line.state}`, { names: listed(line.lacks) })
  return { word, state: LINE_STATES[line.state] }
}

/** Whether what was typed here is saved, and when; `at` says a time. */
export function savedWords(
  t: ComposerTranslation,
  at: (moment: string) => string,
  fields: CaseView['fields'],
  faces: Iterable<Pick<FieldFace, 'saving' | 'unsaved'>>,
): StateWord {
  const all = [...faces]
  if (all.some((face) => face.saving)) return { state: 'waiting', word: t('record.form.saving') }
  const unsaved = all.filter((face) => face.unsaved).length
  if (unsaved) return { state: 'mend', word: t('record.form.unsaved', { n: unsaved }) }
  const latest = Object.values(fields)
    .map((state) => state.at)
    .sort()
    .at(-1)
  return latest
    ? { state: 'good', word: t('record.form.saved', { time: at(latest) }) }
    : { state: 'none', word: t('record.form.none_saved') }
}
