/**
 * What follows from a case: the state of each line of the material list, what is still missing, what to read next.
 * Derived from the view and never kept; pure.
 */
import { attachedOf, placesOf, valuesOf } from './fields'
import { OTHER } from './gathered'
import type { CaseView, MaterialLine, MaterialView, Proposal } from '../wire/messages'

export type LineState = 'none' | 'receiving' | 'rejected' | 'unread' | 'accepted' | 'returned' | 'not_needed'

export interface Line {
  line: MaterialLine
  /** 1, 2, 3 ... in the order of the list */
  number: number
  /** the newest version that was neither cancelled nor rejected, or a rejected one where no other came: the one that counts */
  current: MaterialView | null
  /** a newer one that was not taken, and changed nothing */
  failed: MaterialView | null
  /** all others, newest first; nothing of these is ever deleted */
  earlier: MaterialView[]
  state: LineState
}

export function linesOf(view: CaseView): Line[] {
  return view.item.lines.map((line, index) => {
    const versions = view.materials.filter((one) => one.purpose === 'material' && one.line === line.key).sort((a, b) => b.number - a.number)
    const newest = versions.find((one) => one.state !== 'cancelled') ?? null
    const current = versions.find((one) => one.state !== 'cancelled' && one.state !== 'rejected') ?? newest
    return { line, number: index + 1, current, failed: newest === current ? null : newest, earlier: versions.filter((one) => one !== current), state: stateOf(current) }
  })
}

/** Every version of a line, newest first. */
export function versionsOf({ current, earlier }: Line): MaterialView[] {
  return current ? [current, ...earlier].sort((a, b) => b.number - a.number) : earlier
}

/** What the window brought that is on no line, as it came: each is looked at and judged on its own. */
export function othersOf(view: CaseView): MaterialView[] {
  return view.materials.filter((one) => one.line === OTHER && one.purpose === 'material' && one.state !== 'cancelled')
}

export function stateOf(material: MaterialView | null): LineState {
  if (!material || material.state === 'cancelled') return 'none'
  if (material.state === 'receiving') return 'receiving'
  if (material.state === 'rejected') return 'rejected'
  return !material.review || material.review === 'none' ? 'unread' : material.review
}

/** Whether the line stands in the way of acceptance: required, and its current material is not accepted (or waived). */
export function open(line: Line): boolean {
  if (line.state === 'accepted' || line.state === 'not_needed') return false
  return line.line.need === 'required' || line.state === 'returned'
}

/** Counts for the caption: accepted of required. */
export function tally(lines: readonly Line[]): { accepted: number; required: number } {
  const required = lines.filter((one) => one.line.need === 'required' && one.state !== 'not_needed')
  return { accepted: required.filter((one) => one.state === 'accepted').length, required: required.length }
}

/** The next line to read after `key`, going round; null when nothing is unread. */
export function nextUnread(lines: readonly Line[], key: string | null): Line | null {
  const from = lines.findIndex((one) => one.line.key === key)
  const order = [...lines.slice(from + 1), ...lines.slice(0, from + 1)]
  return order.find((one) => one.state === 'unread' && one.line.key !== key) ?? null
}

/** The next of them to read after `id`, going round; null when no other is unread. */
export function nextOther(others: readonly MaterialView[], id: string | null): MaterialView | null {
  const from = others.findIndex((one) => one.id === id)
  const order = [...others.slice(from + 1), ...others.slice(0, from + 1)]
  return order.find((one) => stateOf(one) === 'unread' && one.id !== id) ?? null
}

/** How many fields that are there hold a value, and how many are there. Lists of rows do not count, their cells do. */
export function filled(view: CaseView): { n: number; all: number } {
  const attached = attachedOf(view)
  const values = valuesOf(view)
  const places = placesOf(view.item.form, values).filter((one) => one.field.kind !== 'group')
  return { n: places.filter((one) => (one.field.kind === 'attachment' ? attached.has(one.field.line) : values(one.path))).length, all: places.length }
}

/** The proposal that a field shows: the open one, or else the latest. */
export function proposalOf(view: CaseView, field: string): Proposal | null {
  const all = view.proposals.filter((one) => one.field === field)
  return all.findLast((one) => one.state === 'open') ?? all.at(-1) ?? null
}

export function openProposals(view: CaseView): Proposal[] {
  return view.proposals.filter((one) => one.state === 'open')
}

/** A case that was accepted or refused takes no more changes. */
export function closed(view: CaseView): boolean {
  return view.state === 'accepted' || view.state === 'refused'
}
