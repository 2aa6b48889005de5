/**
 * What follows from a case: the state of each line of the material list, what is still missing, what to read next.
 * Derived from the view and never kept; pure.
 */
import { consultation, fillable } from './course/course'
import { attachedOf, placesOf, valuesOf } from './form/fields'
import type { CaseView, MaterialLine, MaterialView, Proposal } from '../../wire/messages'

/** What belongs to no line of the list. */
export const OTHER = 'other'

export type LineState =
  'none' | 'receiving' | 'rejected' | 'unread' | 'accepted' | 'returned' | 'not_needed' | 'lacking'

/** One of the files of a line, with its versions. */
export interface Slot {
  slot: number
  /** 正面, 反面; null where it has no name of its own */
  name: string | null
  /** the newest version that was neither cancelled nor rejected, or a rejected one where no other came: the one that counts */
  current: MaterialView | null
  /** a newer try that was not taken, and changed nothing */
  failed: MaterialView | null
  /** every version that was taken or is being taken, newest first; nothing of these is ever deleted */
  versions: MaterialView[]
  state: Exclude<LineState, 'lacking'>
}

export interface Line {
  line: MaterialLine
  /** 1, 2, 3 ... in the order of the list */
  number: number
  /** those that have a name, then the others that hold something */
  slots: Slot[]
  /** the file that counts, of several the first: the one that lies open */
  current: MaterialView | null
  /** names of slots that are wanted and hold nothing */
  lacks: string[]
  state: LineState
}

/** Which file of its line a version is; those of before lines took several are the first, and on no line each its own. */
export function slotOf(one: MaterialView): number {
  return one.slot || (one.line === OTHER ? one.number : 1)
}

function slotsOf(materials: readonly MaterialView[], names: readonly string[]): Slot[] {
  const numbers = new Set([...names.keys()].map((at) => at + 1).concat(materials.map(slotOf)))
  return [...numbers]
    .sort((a, b) => a - b)
    .map((slot) => {
      const tries = materials
        .filter((one) => slotOf(one) === slot && one.state !== 'cancelled')
        .sort((a, b) => b.number - a.number)
      const newest = tries[0] ?? null
      const versions = tries.filter((one) => one.state !== 'rejected')
      const current = versions[0] ?? newest
      return {
        slot,
        name: names[slot - 1] ?? null,
        current,
        failed: newest === current ? null : newest,
        versions,
        state: stateOf(current) as Slot['state'],
      }
    })
}

export function linesOf(view: CaseView): Line[] {
  const declared = new Set(view.promises.flatMap((one) => (one.due_on === null ? [one.line] : [])))
  return view.item.lines.map((asked, index) => {
    // what he declares need not come (告知承诺)
    const line = declared.has(asked.key) ? { ...asked, need: 'optional' as const } : asked
    const names = line.slots ?? []
    const all = slotsOf(
      view.materials.filter((one) => one.purpose === 'material' && one.line === line.key),
      names,
    )
    const taken = all.filter((one) => one.current && one.state !== 'rejected')
    // what was not taken counts only where nothing else came, and of that the last
    const lost = all
      .filter((one) => one.state === 'rejected')
      .sort((a, b) => (b.current?.number ?? 0) - (a.current?.number ?? 0))
    const counting = taken.length ? taken : lost.slice(0, 1)
    const lacks = lackingOf(names, counting)
    const slots = all
      .map((one) => ({
        ...one,
        failed: one.failed && passed(one, one.failed, counting, lacks) ? null : one.failed,
      }))
      .map((one) =>
        one.state === 'rejected' && one.current && passed(one, one.current, counting, lacks)
          ? { ...one, current: null, state: 'none' as const }
          : one,
      )
      .filter((one) => one.name !== null || one.current)
    return {
      line,
      number: index + 1,
      slots,
      current: counting[0]?.current ?? null,
      lacks,
      state: stateOfAll(counting, lacks),
    }
  })
}

/** Whether a try that was not taken needs no word any more: a later one of its line was; for a side of a card, that side. */
function passed(
  slot: Slot,
  lost: MaterialView,
  counting: readonly Slot[],
  lacks: readonly string[],
): boolean {
  if (slot.name !== null)
    return (
      slot.state === 'rejected' &&
      counting.some((one) => one.state !== 'rejected') &&
      !lacks.includes(slot.name)
    )
  return counting.some((one) => one.current?.state === 'stored' && one.current.number > lost.number)
}

/** The tries of a line that were not taken and about which something is to be done. */
export function refusedOf(line: Line): MaterialView[] {
  return line.slots.flatMap(
    (one) => one.failed ?? (one.state === 'rejected' && one.current ? [one.current] : []),
  )
}

/** The names of slots that hold nothing; a file of as many pages holds them all, and nothing lacks where it is not needed. */
function lackingOf(names: readonly string[], counting: readonly Slot[]): string[] {
  const stored = counting.filter((one) => one.current?.state === 'stored')
  if (stored.some((one) => (one.current?.pages ?? 1) >= names.length)) return []
  if (stored.length && stored.every((one) => one.state === 'not_needed')) return []
  return names.filter((_, at) => !stored.some((one) => one.slot === at + 1))
}

/** The side whose file holds this one too: both sides of a card taken as the pages of one document. */
export function sideWith(line: Line, slot: Slot): Slot | null {
  if (slot.name === null || slot.current || line.lacks.includes(slot.name)) return null
  const sides = line.line.slots.length
  return (
    line.slots.find((one) => one.current?.state === 'stored' && (one.current.pages ?? 1) >= sides) ?? null
  )
}

/** The side for which the next file of a line is: the first that lacks. null: it has no sides, or all of them are there. */
export function sideFor(line: Line): Slot | null {
  return line.slots.find((one) => one.name !== null && line.lacks.includes(one.name)) ?? null
}

/** How a line stands by all of its files. */
function stateOfAll(counting: readonly Slot[], lacks: readonly string[]): LineState {
  const has = (state: LineState): boolean => counting.some((one) => one.state === state)
  if (!counting.length) return 'none'
  for (const state of ['receiving', 'rejected', 'returned', 'unread'] as const) if (has(state)) return state
  if (lacks.length) return 'lacking'
  return has('accepted') ? 'accepted' : 'not_needed'
}

/** The number of a version among those of its file, from 1; tries that were not taken are none. */
export function versionOf(view: CaseView, one: MaterialView): number {
  const before = view.materials.filter(
    (other) =>
      other.purpose === one.purpose &&
      other.line === one.line &&
      slotOf(other) === slotOf(one) &&
      other.number < one.number,
  )
  return before.filter((other) => other.state === 'stored' || other.state === 'receiving').length + 1
}

/** Whether a version of a line is one that counts. */
export function counts(line: Line | null, material: MaterialView): boolean {
  return line?.slots.some((one) => one.current?.id === material.id) ?? false
}

/** What a file is called where its line is not said: by its line, and which of several it is. */
export function nameIn(line: Line, slot: Slot): string {
  const several = line.slots.filter((one) => one.current?.state === 'stored').length > 1
  const own = slot.name ?? (several ? slot.current?.name : null)
  return own ? `${line.line.name}（${own}）` : line.line.name
}

/** What a file of a line is called: by the name of its slot, or by its own where the line has several. */
export function fileName(line: Line, slot: Slot): string {
  return slot.name ?? slot.current?.name ?? line.line.name
}

/** The file that lay open, where it lies now that it was put on another line or side; null: it lies where it did. */
export function movedFrom(view: CaseView, was: MaterialView): MaterialView | null {
  const now = view.materials.find((one) => one.id === was.id)
  return now && (now.line !== was.line || slotOf(now) !== slotOf(was)) ? now : null
}

/** A file that stands beside those of its line. */
export const NEW_SLOT = 0

/** Whether it must be asked where a further file of a line belongs: something is there that it might replace. */
export function asks(line: Line): boolean {
  return line.slots.some((one) => one.state !== 'none' && one.state !== 'rejected')
}

/** Where a further file most likely belongs: into a side that is empty, instead of what was returned, else beside the others. */
export function usualSlot(line: Line): number {
  return (
    (line.slots.find((one) => one.name && !one.current) ?? line.slots.find((one) => one.state === 'returned'))
      ?.slot ?? NEW_SLOT
  )
}

/** Whether a line has more to show than one file and its versions. */
export function several(line: Line): boolean {
  return line.slots.length > 1
}

/** What the window brought that is on no line, as it came: each is looked at and judged on its own. */
export function othersOf(view: CaseView): MaterialView[] {
  // in a consultation they have a line of their own
  if (consultation(view)) return []
  const on_none = view.materials.filter((one) => one.line === OTHER && one.purpose === 'material')
  const counting = new Set(slotsOf(on_none, []).map((one) => one.current?.id))
  return on_none.filter((one) => one.state !== 'cancelled' && counting.has(one.id))
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
  return line.line.need === 'required' || line.slots.some((one) => one.state === 'returned')
}

/** The next file of this line to read, after that one, going round; null when no other is unread. */
export function nextSlot(line: Line, id: string | null): MaterialView | null {
  const from = line.slots.findIndex((one) => one.current?.id === id)
  const order = [...line.slots.slice(from + 1), ...line.slots.slice(0, from + 1)]
  return order.find((one) => one.state === 'unread' && one.current?.id !== id)?.current ?? null
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
  return (
    order.find((one) => one.line.key !== key && one.slots.some((each) => each.state === 'unread')) ?? null
  )
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
  return {
    n: places.filter((one) =>
      one.field.kind === 'attachment' ? attached.has(one.field.line) : values(one.path),
    ).length,
    all: places.length,
  }
}

/** The proposal that a field shows: the open one, or else the latest. */
export function proposalOf(view: CaseView, field: string): Proposal | null {
  const all = view.proposals.filter((one) => one.field === field)
  return all.findLast((one) => one.state === 'open') ?? all.at(-1) ?? null
}

/** Those that still wait for an answer: a decision that closes the case closes them too. */
export function openProposals(view: CaseView): Proposal[] {
  return closed(view) ? [] : view.proposals.filter((one) => one.state === 'open')
}

/** A case that can no longer be filled in. */
export function closed(view: CaseView): boolean {
  return !fillable(view)
}

const DECIDED: readonly CaseView['state'][] = ['refused', 'granted', 'denied', 'issued', 'delivered']

/** Why it can no longer be filled in, as people are told. */
export function closedAs(view: CaseView): 'accepted' | 'decided' | 'ended' {
  if (view.state === 'accepted') return 'accepted'
  return DECIDED.includes(view.state) ? 'decided' : 'ended'
}
