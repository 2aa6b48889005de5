/** Which fields want a person's attention, and which of them comes next. Derived and never kept; pure. */
import type { CaseView, Draft } from '../../wire/messages'
import { fieldIn, placesOf, valuesOf } from './form/fields'
import { toDoOf } from './lacking'

/**
 * The paths of fields that want attention, in the order of the form: the places of it among all that is to be done
 * (`lacking.ts`), what was typed and is not in the record (`unsaved`) among them. Of `reader`s, who fill nothing, what is
 * empty or proposed is not asked.
 */
export function wanting(view: CaseView, unsaved: readonly string[], reader: boolean): string[] {
  const asked = new Set(
    toDoOf(view, unsaved).all.flatMap((one) => {
      if (one.kind === 'field') return reader && one.fault.why === 'required' ? [] : [one.fault.place.path]
      if (one.kind === 'comment')
        return one.comment.on.startsWith('field:') ? [one.comment.on.slice('field:'.length)] : []
      return !reader && (one.kind === 'proposal' || one.kind === 'unsaved')
        ? [one.id.slice('field:'.length)]
        : []
    }),
  )
  return placesOf(view.item.form, valuesOf(view))
    .map((one) => one.path)
    .filter((path) => asked.has(path))
}

/** The one after `path` in the order of the form, going round; null when none is asked for. */
export function nextWanting(view: CaseView, wanted: readonly string[], path: string | null): string | null {
  const order = placesOf(view.item.form, valuesOf(view)).map((one) => one.path)
  const from = path === null ? -1 : order.indexOf(path)
  return wanted.find((one) => order.indexOf(one) > from) ?? wanted[0] ?? null
}

/**
 * Where this person left off: the field of his newest unsaved value or edit, on whatever machine, or the one
 * that this browser `remembered`, if that was later. null: he has not been here.
 */
export function leftAt(
  view: CaseView,
  drafts: Readonly<Record<string, Draft>>,
  me: string,
  remembered: { path: string; at: string } | null,
): string | null {
  const there = new Set(placesOf(view.item.form, valuesOf(view)).map((one) => one.path))
  const marks = [
    ...Object.entries(drafts).map(([path, draft]) => ({ path, at: draft.at })),
    ...Object.entries(view.fields).flatMap(([path, state]) =>
      state.by.id === me ? [{ path, at: state.at }] : [],
    ),
    ...(remembered ? [remembered] : []),
  ].filter((one) => there.has(one.path))
  return marks.sort((a, b) => Date.parse(b.at) - Date.parse(a.at))[0]?.path ?? null
}

/** Where the focus goes when a case is opened. */
export type Opening = { kind: 'field'; path: string } | { kind: 'step' } | { kind: 'missing' }

/**
 * The field where he `left`, if what he typed there is not saved; else the page's filled button, where there
 * is one (`filled`); else that field, or what is missing where it is a choice, which one key would change.
 * null: nowhere.
 */
export function openingOf(
  view: CaseView,
  drafts: Readonly<Record<string, Draft>>,
  left: string | null,
  filled: boolean,
): Opening | null {
  if (left !== null && drafts[left]) return { kind: 'field', path: left }
  if (filled) return { kind: 'step' }
  if (left === null) return null
  const kind = fieldIn(view, left)?.kind
  return kind === 'choice' || kind === 'region' ? { kind: 'missing' } : { kind: 'field', path: left }
}
