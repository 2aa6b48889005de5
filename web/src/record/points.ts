/**
 * What is open in a case: threads of comments, points of the checklist, everything that one notice for correction
 * names at once (行政许可法 32). What follows from it for each desk is counted in `lacking.ts`. Derived from the view, never kept; pure.
 */
import type { CaseView, Check, CheckPoint, Comment, FormField, MaterialView } from '../wire/messages'
import { fieldIn, formFaults, named, type FormFault } from './fields'
import { linesOf, open, othersOf, type Line } from './lines'

/** What a comment is about. */
export type Anchor = 'case' | `field:${string}` | `line:${string}`

export function commentsOn(view: CaseView, on: string): Comment[] {
  return view.comments.filter((one) => one.on === on)
}

export function openComments(view: CaseView): Comment[] {
  return view.comments.filter((one) => one.state === 'open')
}

/** The name of a comment's place in the words of the item; null: the whole case. */
export function placeOf(view: CaseView, on: string): { field: FormField } | { name: string } | null {
  const field = on.startsWith('field:') ? fieldIn(view, on.slice(6)) : undefined
  if (field) return { field }
  const line = on.startsWith('line:') ? view.item.lines.find((one) => one.key === on.slice(5)) : undefined
  return line ? { name: line.name } : null
}

export interface Told {
  point: CheckPoint
  check: Check | null
}

export function checklistOf(view: CaseView): Told[] {
  return view.item.checklist.map((point) => ({ point, check: view.checks.find((one) => one.point === point.key) ?? null }))
}

/** Points about which nothing was said yet. */
export function uncheckedOf(view: CaseView): CheckPoint[] {
  return checklistOf(view).flatMap(({ point, check }) => (check ? [] : [point]))
}

/** Whether the signed summary was handed in and nothing has changed since. */
export function submitted(view: CaseView): boolean {
  return view.submission !== null && view.signature !== null && view.submission.signature_id === view.signature.id && !view.signature.outdated
}

export type Point =
  | { kind: 'returned'; id: string; line: Line; material: MaterialView; name: string; reason: string }
  | { kind: 'other'; id: string; material: MaterialView; reason: string }
  | { kind: 'missing'; id: string; line: Line; slot: string | null; receiving: MaterialView | null }
  | { kind: 'field'; id: string; field: FormField; fault: FormFault }
  | { kind: 'comment'; id: string; comment: Comment }
  | { kind: 'check'; id: string; point: CheckPoint; note: string }

function ofLine(line: Line): Point[] {
  const id = `line:${line.line.key}`
  const stored = line.slots.filter((one) => one.current?.state === 'stored')
  const back = line.slots.flatMap((slot): Point[] => {
    const own = slot.name ?? (stored.length > 1 ? slot.current?.name : null)
    const name = own ? `${line.line.name}（${own}）` : line.line.name
    return slot.state === 'returned' && slot.current ? [{ kind: 'returned', id: back_id(id, line, slot.slot), line, material: slot.current, name, reason: slot.current.review_reason ?? '' }] : []
  })
  if (line.line.need !== 'required') return back
  const arrives = line.slots.find((one) => one.state === 'receiving')?.current ?? null
  if (stored.length && line.lacks.length) return [...back, ...line.lacks.map((slot): Point => ({ kind: 'missing', id: `${id}:${slot}`, line, slot, receiving: null }))]
  const absent = !stored.length || arrives !== null
  return absent && !back.length ? [{ kind: 'missing', id, line, slot: null, receiving: arrives }] : back
}

/** The first file of a line goes by the line itself. */
const back_id = (id: string, line: Line, slot: number): string => (slot === line.slots[0]?.slot ? id : `${id}:${slot}`)

/** Every point of a notice for correction, as the server will write it: returned and missing materials, returned files of no line, what is wrong in the form,
 * open comments, lacking checks. */
export function pointsOf(view: CaseView): Point[] {
  return [
    ...linesOf(view).filter(open).flatMap(ofLine),
    ...othersOf(view).flatMap((material): Point[] =>
      material.review === 'returned' ? [{ kind: 'other', id: `file:${material.id}`, material, reason: material.review_reason ?? '' }] : [],
    ),
    ...formFaults(view).map((fault): Point => ({ kind: 'field', id: `field:${fault.place.path}`, field: named(fault.place), fault })),
    ...openComments(view).map((comment): Point => ({ kind: 'comment', id: `comment:${comment.id}`, comment })),
    ...checklistOf(view).flatMap(({ point, check }): Point[] =>
      check?.verdict === 'lacking' ? [{ kind: 'check', id: `check:${point.key}`, point, note: check.note }] : [],
    ),
  ]
}

/** A file that the approver sent, and what the window returned for it. */
export interface Sent {
  material: MaterialView
  returned: MaterialView[]
}

/** What went from the approver to the window, newest first. */
export function sentOf(view: CaseView): Sent[] {
  return view.materials
    .filter((one) => one.side === 'approver' && one.state !== 'cancelled')
    .map((material) => ({ material, returned: view.materials.filter((one) => one.answers === material.id && one.state === 'stored') }))
    .reverse()
}
