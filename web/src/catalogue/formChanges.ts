/** What differs between two forms, field by field, for a person who decides about it. Pure. */
import type { FormField } from '../wire/messages'

/** What is told of a field by its value; all else it has is told as `more`, without one. */
export const PARTS = [
  'label',
  'kind',
  'sensitive',
  'required',
  'choices',
  'hint',
  'example',
  'unit',
  'minimum',
  'maximum',
  'max_length',
  'decimals',
] as const
/** What only some kinds have: in the others it says nothing, and may be any. */
const ONLY: Partial<Record<(typeof PARTS)[number], readonly FormField['kind'][]>> = {
  max_length: ['text', 'long_text'],
  decimals: ['number'],
  minimum: ['number', 'money'],
  maximum: ['number', 'money'],
  choices: ['choice'],
}
export type FieldPart = (typeof PARTS)[number] | 'more'
type FieldValue = FormField[(typeof PARTS)[number]]

export interface FieldChange {
  /** its name, or `group.column` */
  path: string
  label: string
  what: 'added' | 'removed' | 'changed'
  /** what of a field that stays is another; of the others nothing */
  parts: { part: FieldPart; before: FieldValue | null; after: FieldValue | null }[]
}

type Cell = Omit<FormField, 'columns'>

function cells(form: readonly FormField[]): Map<string, Cell> {
  const found = new Map<string, Cell>()
  for (const field of form) {
    found.set(field.name, field)
    for (const cell of field.columns)
      found.set(`${field.name}.${cell.name}`, { ...cell, label: `${field.label} / ${cell.label}` } as Cell)
  }
  return found
}

const same = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one ?? null) === JSON.stringify(other ?? null)
const rest = (field: Cell): unknown =>
  Object.entries(field)
    .filter(([key]) => key !== 'columns' && key !== 'name' && !(PARTS as readonly string[]).includes(key))
    .sort(([a], [b]) => a.localeCompare(b))

const says = (part: (typeof PARTS)[number], old: Cell, now: Cell): boolean =>
  [old, now].some((one) => ONLY[part]?.includes(one.kind) ?? true)

/** In the order of the form as it would be; what goes stands at the end. */
export function changesOf(before: readonly FormField[], after: readonly FormField[]): FieldChange[] {
  const [was, now] = [cells(before), cells(after)]
  const found: FieldChange[] = []
  for (const [path, field] of now) {
    const old = was.get(path)
    if (!old) {
      found.push({ path, label: field.label, what: 'added', parts: [] })
      continue
    }
    const parts: FieldChange['parts'] = PARTS.filter(
      (part) => says(part, old, field) && !same(old[part], field[part]),
    ).map((part) => ({ part, before: old[part], after: field[part] }))
    if (!same(rest(old), rest(field))) parts.push({ part: 'more', before: null, after: null })
    if (parts.length) found.push({ path, label: field.label, what: 'changed', parts })
  }
  for (const [path, field] of was)
    if (!now.has(path)) found.push({ path, label: field.label, what: 'removed', parts: [] })
  return found
}
