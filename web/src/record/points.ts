/**
 * What is open in a case: threads of comments, points of the checklist, everything that one notice for correction
 * names at once (行政许可法 32). What follows from it for each desk is counted in `lacking.ts`. Derived from the view, never kept; pure.
 */
import type { CaseView, Check, CheckPoint, Comment, FormField, MaterialView } from '../wire/messages'
import { fieldIn, formFaults, named, placesOf, valuesOf, type FormFault } from './fields'
import { linesOf, nameIn, open, othersOf, slotOf, stateOf, type Line } from './lines'

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

/** Whether what stands in the case now was signed. */
export function signed(view: CaseView): boolean {
  return view.signature !== null && !view.signature.outdated
}

/** Whether the signed summary was handed in and nothing has changed since. */
export function submitted(view: CaseView): boolean {
  return signed(view) && view.submission?.signature_id === view.signature?.id
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
    return slot.state === 'returned' && slot.current ? [{ kind: 'returned', id: back_id(id, line, slot.slot), line, material: slot.current, name: nameIn(line, slot), reason: slot.current.review_reason ?? '' }] : []
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

/** A point of the notice that was given, and what became of it: it stands, something came that nobody has judged, it is settled. */
export interface Noticed {
  text: string
  state: 'open' | 'came' | 'settled'
}

/** What became of each point of the notice for correction that holds now; empty where none does. */
export function noticedOf(view: CaseView): Noticed[] {
  if (view.decision?.kind !== 'to_correct') return []
  const lines = linesOf(view)
  const faulty = pointsOf(view).flatMap((one) => (one.kind === 'field' ? [one.field.label] : []))
  const known = placesOf(view.item.form, valuesOf(view)).map((one) => one.field.label)
  return view.decision.points.map((text) => ({ text, state: standingOf(view, text, lines, faulty, known) }))
}

/** The case waits for what a notice names. */
export function correcting(view: CaseView): boolean {
  return view.state === 'to_correct' && (pointsOf(view).length > 0 || noticedOf(view).some((one) => one.state !== 'settled'))
}

const LACKING = '缺少：'

/** A point by the words the server gave it (server/domain/material.py, comment.py, checklist.py, case.py); one that nobody can place stands. */
function standingOf(view: CaseView, text: string, lines: readonly Line[], faulty: readonly string[], known: readonly string[]): Noticed['state'] {
  const about = (name: string): boolean => text === `${LACKING}${name}` || text.startsWith(`${name}：`)
  const settled = (is: boolean): Noticed['state'] => (is ? 'settled' : 'open')

  const threads = view.comments.filter((one) => text.endsWith(`：${one.entries[0]?.text ?? ''}`) && about(placeNameOf(view, one.on)))
  if (threads.length) return settled(threads.every((one) => one.state !== 'open'))
  const point = view.item.checklist.find((one) => text === one.text || text.startsWith(`${one.text}：`))
  if (point) return settled(view.checks.find((one) => one.point === point.key)?.verdict !== 'lacking')

  // the longest name first: one line's may begin like another's
  const line = [...lines].sort((a, b) => b.line.name.length - a.line.name.length).find((one) => about(one.line.name) || text.replace(LACKING, '').startsWith(`${one.line.name}（`))
  if (line) {
    if (line.state === 'accepted' || line.state === 'not_needed') return 'settled'
    return line.state === 'unread' || line.state === 'receiving' ? 'came' : 'open'
  }
  const file = view.materials.findLast((one) => one.review === 'returned' && one.review_reason && text === `${one.name}：${one.review_reason}`)
  if (file) {
    const now = othersOf(view).find((one) => file.line === one.line && slotOf(one) === slotOf(file)) ?? null
    return stateOf(now) === 'returned' ? 'open' : stateOf(now) === 'unread' || stateOf(now) === 'receiving' ? 'came' : 'settled'
  }
  return known.some((label) => text.includes(label)) ? settled(!faulty.some((label) => text.includes(label))) : 'open'
}

/** A commented place as the notice names it. */
function placeNameOf(view: CaseView, on: string): string {
  const place = placeOf(view, on)
  return place === null ? (on.startsWith('line:') ? '其他材料' : '办件') : 'field' in place ? place.field.label : place.name
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
