/**
 * What is open in a case: threads of comments, points of the checklist, everything that one notice for
 * correction names at once (行政许可法 32). What follows from it for each desk is counted in `lacking.ts`. Derived
 * from the view, never kept; pure.
 */
import type {
  CaseView,
  Check,
  CheckPoint,
  Comment,
  FormField,
  MaterialView,
  PersonRef,
} from '../../wire/messages'
import { fieldIn, formFaults, named, type ValueFault } from './form/fields'
import { linesOf, nameIn, open, OTHER, othersOf, slotOf, stateOf, type Line, type LineState } from './lines'

/** What a comment is about. */
export type Anchor = 'case' | `field:${string}` | `line:${string}`

export function commentsOn(view: CaseView, on: string): Comment[] {
  return view.comments.filter((one) => one.on === on)
}

export function openComments(view: CaseView): Comment[] {
  return view.comments.filter((one) => one.state === 'open')
}

/** Whether this person stands in the case for the window: its unit is here, whoever joins from another one is there. */
export function atWindow(view: CaseView, by: PersonRef): boolean {
  return by.id === view.clerk.id || (by.unit_id === view.window_unit_id && by.unit_id !== view.item.unit_id)
}

/**
 * Whether the window has answered an open comment, in words or by mending its place, since it was last asked
 * to, in the thread or by a notice: the approver's word is next, who ends it.
 */
export function answered(view: CaseView, comment: Comment): boolean {
  const notice = view.decision?.kind === 'to_correct' ? [view.decision.at] : []
  const asked = [...comment.entries.filter((one) => !atWindow(view, one.by)).map((one) => one.at), ...notice]
  const since = (at: string): boolean => asked.every((one) => Date.parse(at) > Date.parse(one))
  if (comment.entries.some((one) => atWindow(view, one.by) && since(one.at))) return true
  if (comment.on.startsWith('line:'))
    return view.materials.some(
      (one) =>
        one.purpose === 'material' &&
        one.state === 'stored' &&
        comment.on === `line:${one.line}` &&
        since(one.at),
    )
  const field = comment.on.startsWith('field:') ? view.fields[comment.on.slice('field:'.length)] : undefined
  return field !== undefined && since(field.at)
}

/** The open comments that the approver is to end, and those that the window is to answer. */
export function commentsByTurn(view: CaseView): { to_end: Comment[]; to_answer: Comment[] } {
  const open = openComments(view)
  return {
    to_end: open.filter((one) => answered(view, one)),
    to_answer: open.filter((one) => !answered(view, one)),
  }
}

/** The name of a comment's place in the words of the item; null: the whole case. */
export function placeOf(view: CaseView, on: string): { field: FormField } | { name: string } | null {
  const field = on.startsWith('field:') ? fieldIn(view, on.slice(6)) : undefined
  if (field) return { field }
  const line = on.startsWith('line:') ? view.item.lines.find((one) => one.key === on.slice(5)) : undefined
  return line ? { name: line.name } : null
}

export interface CheckpointState {
  point: CheckPoint
  check: Check | null
}

export function checklistOf(view: CaseView): CheckpointState[] {
  return view.item.checklist.map((point) => ({
    point,
    check: view.checks.find((one) => one.point === point.key) ?? null,
  }))
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
  | { kind: 'field'; id: string; field: FormField; fault: ValueFault }
  | { kind: 'comment'; id: string; comment: Comment }
  | { kind: 'check'; id: string; point: CheckPoint; note: string }

function ofLine(line: Line): Point[] {
  const id = `line:${line.line.key}`
  const stored = line.slots.filter((one) => one.current?.state === 'stored')
  const back = line.slots.flatMap((slot): Point[] => {
    return slot.state === 'returned' && slot.current
      ? [
          {
            kind: 'returned',
            id: back_id(id, line, slot.slot),
            line,
            material: slot.current,
            name: nameIn(line, slot),
            reason: slot.current.review_reason ?? '',
          },
        ]
      : []
  })
  if (line.line.need !== 'required') return back
  const arrives = line.slots.find((one) => one.state === 'receiving')?.current ?? null
  if (stored.length && line.lacks.length)
    return [
      ...back,
      ...line.lacks.map((slot): Point => ({
        kind: 'missing',
        id: `${id}:${slot}`,
        line,
        slot,
        receiving: null,
      })),
    ]
  const absent = !stored.length || arrives !== null
  return absent && !back.length ? [{ kind: 'missing', id, line, slot: null, receiving: arrives }] : back
}

/** The first file of a line goes by the line itself. */
const back_id = (id: string, line: Line, slot: number): string =>
  slot === line.slots[0]?.slot ? id : `${id}:${slot}`

/**
 * Every point of a notice for correction, as the server will write it: returned and missing materials,
 * returned files of no line, what is wrong in the form, open comments, lacking checks.
 */
export function pointsOf(view: CaseView): Point[] {
  return [
    ...linesOf(view).filter(open).flatMap(ofLine),
    ...othersOf(view).flatMap((material): Point[] =>
      material.review === 'returned'
        ? [{ kind: 'other', id: `file:${material.id}`, material, reason: material.review_reason ?? '' }]
        : [],
    ),
    ...formFaults(view).map((fault): Point => ({
      kind: 'field',
      id: `field:${fault.place.path}`,
      field: named(fault.place),
      fault,
    })),
    ...openComments(view).map((comment): Point => ({
      kind: 'comment',
      id: `comment:${comment.id}`,
      comment,
    })),
    ...checklistOf(view).flatMap(({ point, check }): Point[] =>
      check?.verdict === 'lacking'
        ? [{ kind: 'check', id: `check:${point.key}`, point, note: check.note }]
        : [],
    ),
  ]
}

/**
 * A point of the notice that was given, and what became of it: it stands, something came that nobody has
 * judged, it is settled.
 */
export interface Noticed {
  text: string
  state: 'open' | 'came' | 'settled'
}

/** What became of each point of the notice for correction that holds now; empty where none does. */
export function noticedOf(view: CaseView): Noticed[] {
  const { decision } = view
  if (decision?.kind !== 'to_correct') return []
  const lines = linesOf(view)
  const points = pointsOf(view)
  const places = decision.about ?? []
  // a notice from before places were kept stands as long as anything does
  const stands: Noticed['state'] = points.length || lines.some(open) ? 'open' : 'settled'
  return decision.points.map((text, at) => ({
    text,
    state:
      places.length === decision.points.length ? standingOf(view, places[at] ?? '', lines, points) : stands,
  }))
}

/** The case waits for what a notice names; the lists say the same (`correcting` in server/case/rules/case.py). */
export function correcting(view: CaseView): boolean {
  const noticed = noticedOf(view)
  return (
    view.state === 'to_correct' &&
    (!noticed.length || pointsOf(view).length > 0 || noticed.some((one) => one.state !== 'settled'))
  )
}

const BY_STATE: Record<LineState, Noticed['state']> = {
  accepted: 'settled',
  not_needed: 'settled',
  unread: 'came',
  receiving: 'came',
  returned: 'open',
  none: 'open',
  rejected: 'open',
  lacking: 'open',
}

/** What became of a point, by the place that it is about (server/case/rules/talk/notice.py). */
function standingOf(
  view: CaseView,
  about: string,
  lines: readonly Line[],
  points: readonly Point[],
): Noticed['state'] {
  const [kind, key, slot] = [...about.split(':'), '', '']
  if (kind !== 'line') return points.some((one) => one.id === about) ? 'open' : 'settled'
  if (key === OTHER) {
    const file = othersOf(view).find((one) => String(slotOf(one)) === slot)
    return file ? BY_STATE[stateOf(file)] : 'settled'
  }
  const line = lines.find((one) => one.line.key === key)
  const file = line?.slots.find((one) => String(one.slot) === slot)
  const held = file?.state ?? 'none'
  // a side that lacks has not come with the other one
  const lacks = line && file?.name != null && line.lacks.includes(file.name)
  const state = held !== 'none' && held !== 'rejected' ? held : lacks ? 'lacking' : (line?.state ?? 'none')
  // what was put elsewhere is asked for no more, unless its line has to hold it
  if (line?.line.need !== 'required' && (state === 'none' || state === 'rejected' || state === 'lacking'))
    return 'settled'
  return BY_STATE[state]
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
    .map((material) => ({
      material,
      returned: view.materials.filter((one) => one.answers === material.id && one.state === 'stored'),
    }))
    .reverse()
}
