/**
 * The fields of a form as they stand: rows of groups, what is there under a condition, what is wrong with the
 * whole. The same rules as server/catalogue/rules/schema.py, held to it by vectors. Derived from the values
 * by path, never kept; pure.
 */
import type { CaseView, FormCondition, FormField, FormRule } from '../../../wire/messages'
import { faultOf, scaled, type FieldFault } from './checks'

/** A field at its path; of a cell its group and the number of its row, from 1. */
export interface FieldPlace {
  path: string
  /** named by its path */
  field: FormField
  group: FormField | null
  row: number
}

export type Values = (path: string) => string

/** What is wrong at a place. */
export interface ValueFault {
  place: FieldPlace
  why: FieldFault | 'too_few_rows' | 'sums_to'
  rule: FormRule | null
}

export function valuesOf(view: Pick<CaseView, 'fields'>): Values {
  return (path) => view.fields[path]?.value ?? ''
}

/** The ids of a group's rows, in their order. */
export function rowsOf(value: string): string[] {
  return value.split(',').filter(Boolean)
}

/** Whether a condition holds among the fields beside it, of a row under `prefix`, or in the form around that. */
function holds(
  condition: FormCondition,
  beside: readonly FormField[],
  values: Values,
  prefix: string,
  form: readonly FormField[],
): boolean {
  if (condition.outside && beside !== form) return holds(condition, form, values, '', form)
  const asked = beside.find((one) => one.name === condition.field)
  if (!asked || !isThere(asked, beside, values, prefix, form)) return false
  const value = values(prefix + asked.name)
  return value !== '' && (!condition.values?.length || condition.values.includes(value))
}

function isThere(
  field: FormField,
  beside: readonly FormField[],
  values: Values,
  prefix: string,
  form: readonly FormField[],
): boolean {
  return !field.when || holds(field.when, beside, values, prefix, form)
}

/** All cells of the rows of a group, also those that are not there now. */
export function cellsOf(group: FormField, values: Values): FieldPlace[] {
  return rowsOf(values(group.name)).flatMap((row, index) =>
    group.columns.map((column) => ({
      path: `${group.name}.${row}.${column.name}`,
      field: { ...column, name: `${group.name}.${row}.${column.name}` },
      group,
      row: index + 1,
    })),
  )
}

/** The fields that are there now, in their order: a group before its cells, row by row. */
export function placesOf(form: readonly FormField[], values: Values): FieldPlace[] {
  return form.flatMap((field): FieldPlace[] => {
    if (!isThere(field, form, values, '', form)) return []
    const cells = cellsOf(field, values).filter((cell) => {
      const [name, prefix] = split(cell.path)
      return isThere({ ...cell.field, name }, field.columns, values, prefix, form)
    })
    return [{ path: field.name, field, group: null, row: 0 }, ...cells]
  })
}

/** `owners.r1.` and `name` of `owners.r1.name`. */
function split(path: string): [name: string, prefix: string] {
  const dot = path.lastIndexOf('.')
  return [path.slice(dot + 1), path.slice(0, dot + 1)]
}

/** The field at a path, named by it; of a cell with the number of its row: 股东（2）姓名. */
export function fieldIn(view: CaseView, path: string): FormField | undefined {
  const [group_name = '', row, column] = path.split('.')
  const found = view.item.form.find((one) => one.name === group_name)
  if (row === undefined) return found
  const cell = found?.columns.find((one) => one.name === column)
  if (!found || !cell) return undefined
  const number = rowsOf(valuesOf(view)(group_name)).indexOf(row) + 1
  return named({ path, field: { ...cell, name: path }, group: found, row: number })
}

/** A place as a field that tells where it is. */
export function named({ field, group, row }: FieldPlace): FormField {
  if (!group) return field
  const at = row ? `（${row}）` : ' '
  return {
    ...field,
    label: `${group.label}${at}${field.label}`,
    label_en: `${group.label_en || group.label} ${row || ''} ${field.label_en || field.label}`,
  }
}

/** The rules that are told at a path, and the path of the field that each stands against. */
function rulesAt(
  form: readonly FormField[],
  rules: readonly FormRule[],
  path: string,
): { rule: FormRule; other: string }[] {
  const [name, prefix] = split(path)
  const own = prefix ? (form.find((one) => one.name === path.split('.')[0])?.rules ?? []) : rules
  return own
    .filter((one) => one.field === name && one.kind !== 'sums_to')
    .map((rule) => ({ rule, other: prefix + rule.other }))
}

/**
 * The field that the rule told at a place stands against, in the same row or in the form; undefined where
 * there is no such rule.
 */
export function besideIn(
  form: readonly FormField[],
  rules: readonly FormRule[],
  { path, group }: FieldPlace,
): FormField | undefined {
  const rule = rulesAt(form, rules, path)[0]?.rule
  return rule && (group?.columns ?? form).find((one) => one.name === rule.other)
}

/** The rule between fields that a value would break at its path, with the field that it stands against. */
export function broken(
  form: readonly FormField[],
  rules: readonly FormRule[],
  values: Values,
  path: string,
  value: string,
): { rule: FormRule; other: string } | null {
  return rulesAt(form, rules, path).find(({ rule, other }) => breaks(rule, value, values(other))) ?? null
}

function breaks(rule: FormRule, value: string, other: string): boolean {
  if (!value || !other) return false
  switch (rule.kind) {
    case 'not_before':
      return value < other
    case 'not_more':
      return scaled(value) > scaled(other)
    case 'different':
      return value === other
    case 'sums_to':
      return false
  }
}

/** The material lines of which something is stored. */
export function attachedOf(view: CaseView): Set<string> {
  return new Set(
    view.materials
      .filter((one) => one.purpose === 'material' && one.state === 'stored')
      .map((one) => one.line),
  )
}

/** All that is wrong with the values as they stand, in the order of the form: nobody may decide or hand in before. */
export function faultsOf(
  form: readonly FormField[],
  rules: readonly FormRule[],
  values: Values,
  attached: ReadonlySet<string>,
  today = new Date(),
): ValueFault[] {
  const places = placesOf(form, values)
  const there = new Set(places.map((one) => one.path))
  const counting: Values = (path) => (there.has(path) ? values(path) : '')
  return places.flatMap((place): ValueFault[] => {
    const { field, path, group } = place
    const value = field.kind === 'attachment' ? (attached.has(field.line) ? field.line : '') : values(path)
    if (!value) {
      const [, prefix] = split(path)
      const needed =
        field.required ||
        (field.required_when && holds(field.required_when, group?.columns ?? form, values, prefix, form))
      return needed ? [{ place, why: 'required', rule: null }] : []
    }
    if (field.kind === 'attachment') return []
    if (field.kind === 'group') return groupFaults(place, rules, counting)
    // masked at its source: it was right when it was saved, and only the server could say more
    if (field.sensitive && value.includes('*')) return []
    const fault = faultOf(field, value, today)
    if (fault) return [{ place, why: fault, rule: null }]
    const found = broken(form, rules, counting, path, value)
    return found ? [{ place, why: found.rule.kind, rule: found.rule }] : []
  })
}

function groupFaults(place: FieldPlace, rules: readonly FormRule[], values: Values): ValueFault[] {
  const { field } = place
  const rows = rowsOf(values(field.name))
  const few: ValueFault[] =
    rows.length < (field.min_rows ?? 0) ? [{ place, why: 'too_few_rows', rule: null }] : []
  const sums = rules
    .filter((rule) => rule.kind === 'sums_to' && rule.field === field.name && rows.length > 0)
    .filter(
      (rule) =>
        rows.reduce((sum, row) => sum + scaled(values(`${field.name}.${row}.${rule.other}`)), 0n) !==
        scaled(rule.total ?? ''),
    )
  return [...few, ...sums.map((rule): ValueFault => ({ place, why: 'sums_to', rule }))]
}

/** All that is wrong with the form of a case. */
export function formFaults(view: CaseView): ValueFault[] {
  return faultsOf(view.item.form, view.item.rules ?? [], valuesOf(view), attachedOf(view))
}
