/**
 * What a case still lacks, for both desks and every place that counts or lists it: 还差 are the points that a notice would
 * name, everywhere the same; beside them what one desk alone is still to do. A number and its list are always of one array.
 * Derived from the view, never kept; pure. The words are in `words.ts`.
 */
import type { CaseView, FormField, MaterialLine, MaterialView, Proposal } from '../../wire/messages'
import { fieldIn } from './form/fields'
import { closed, linesOf, nameIn, open, openProposals, othersOf, type Line, type Slot } from './lines'
import { pointsOf, signed, submitted, type Point } from './points'
import { unpromised } from './promises'

/** What came and nobody has judged: the files of lines, and those that are on none. */
export interface Unread {
  files: { line: Line; slot: Slot }[]
  others: MaterialView[]
}

export function unreadOf(view: CaseView): Unread {
  return {
    files: linesOf(view).flatMap((line) =>
      line.slots.flatMap((slot) => (slot.state === 'unread' ? [{ line, slot }] : [])),
    ),
    others: othersOf(view).filter((one) => one.state === 'stored' && (!one.review || one.review === 'none')),
  }
}

/** What acceptance waits for, by who is to act; nothing in any of them: it can be given. */
export interface CaseLacks {
  /** 还差: what the window and the applicant are to bring or to mend */
  points: Point[]
  /** what this desk is to judge, once a line that must be accepted is among it */
  unread: { name: string }[]
  /** what may follow, but was not promised */
  promises: MaterialLine[]
  /** the applicant is to sign, or what he signed is to be handed in; null: neither */
  signature: 'sign' | 'hand_in' | null
}

/** The names of what came and nobody has judged, one a file. */
export function unreadNames({ files, others }: Unread): { name: string }[] {
  return [...files.map(({ line, slot }) => ({ name: nameIn(line, slot) })), ...others]
}

export function lackingOf(view: CaseView): CaseLacks {
  const came = unreadOf(view)
  return {
    points: pointsOf(view),
    unread: came.files.some(({ line }) => open(line)) ? unreadNames(came) : [],
    promises: unpromised(view),
    signature:
      view.item.signature !== 'required' || submitted(view) ? null : signed(view) ? 'hand_in' : 'sign',
  }
}

/** Why the case cannot be accepted yet. */
export type Hindrance = { why: 'points' | 'unread' | 'promise'; n: number } | { why: 'sign' | 'hand_in' }

/** What is told first of all that acceptance waits for; null: nothing. */
export function hindranceOf(view: CaseView): Hindrance | null {
  const { points, unread, promises, signature } = lackingOf(view)
  if (points.length) return { why: 'points', n: points.length }
  if (unread.length) return { why: 'unread', n: unread.length }
  if (promises.length) return { why: 'promise', n: promises.length }
  return signature ? { why: signature } : null
}

/** What the window is to see to, though no notice would name it. */
export type AtHand =
  | { kind: 'proposal'; id: string; field: FormField; proposal: Proposal }
  /** typed and not saved */
  | { kind: 'unsaved'; id: string; field: FormField }
  /** a file of a line that need not be there did not come */
  | { kind: 'rejected'; id: string; line: Line }

/** What stands before handing in. */
export interface ToDo {
  points: Point[]
  at_hand: AtHand[]
  /** both, as they are told: what waits for an answer, the materials, the form */
  all: (Point | AtHand)[]
}

/** The open proposals for fields that are there: the window is to answer them. */
export function proposalsOf(view: CaseView): { field: FormField; proposal: Proposal }[] {
  return openProposals(view).flatMap((proposal) => {
    const field = fieldIn(view, proposal.field)
    return field ? [{ field, proposal }] : []
  })
}

/** `unsaved`: the paths of fields that hold what the record does not. */
export function toDoOf(view: CaseView, unsaved: readonly string[]): ToDo {
  if (closed(view)) return { points: [], at_hand: [], all: [] }
  const points = pointsOf(view)
  const named = (path: string): FormField[] => [fieldIn(view, path) ?? []].flat()
  const proposals = proposalsOf(view).map(({ field, proposal }): AtHand => ({
    kind: 'proposal',
    id: `field:${proposal.field}`,
    field,
    proposal,
  }))
  // a point about the same field is told already
  const typed = unsaved
    .filter((path) => !points.some((one) => one.kind === 'field' && one.fault.place.path === path))
    .flatMap((path) => named(path).map((field): AtHand => ({ kind: 'unsaved', id: `field:${path}`, field })))
  const lost = linesOf(view).flatMap((line): AtHand[] =>
    line.line.need !== 'required' && line.state === 'rejected'
      ? [{ kind: 'rejected', id: `line:${line.line.key}`, line }]
      : [],
  )
  const of_form = points.filter((one) => one.kind === 'field')
  const others = points.filter((one) => one.kind !== 'field')
  return {
    points,
    at_hand: [...proposals, ...lost, ...typed],
    all: [...proposals, ...others, ...lost, ...typed, ...of_form],
  }
}
