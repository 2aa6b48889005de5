/**
 * Who looked at which page, and who pointed where, at any second of a call. Pure.
 *
 * Marks are noted while a call runs and are no part of the record: a page says where it is when that changes and every
 * few seconds again.
 */
import type { CallView, MarkView } from '../../wire/messages'
import type { ActorSide } from './presence'

interface Where {
  by: string
  who: string
  side: ActorSide
  from_s: number
  to_s: number
}

/** Somebody had a page before him. */
export interface Look extends Where {
  material_id: string
  page: number
}

/** Somebody pointed at a field, or into a page. */
export interface Pointing extends Where {
  field: string | null
  material_id: string | null
  page: number
  /** places of the pointer as shares of the page, in order */
  trail: { at_s: number; x: number; y: number }[]
}

/** What lay before both, or before the one who leads. */
export interface OnScreen {
  from_s: number
  to_s: number
  material_id: string
  page: number
  /** names of those who looked at it */
  who: string[]
  /** all who were in the call had it before them */
  together: boolean
}

/** A page that fell silent no longer points: what is only said again is noted every half minute. */
const SILENT_S = 33
/** Movements of one hand with less rest between them are one. */
const STROKE_S = 2
/** How long a pointer that stopped moving is shown on. */
const LINGER_S = 1.5
const RANK: Record<string, number> = { approver: 0, window: 1, third: 2 }

function sorted(marks: readonly MarkView[]): MarkView[] {
  return [...marks].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
}

export class ShownPages {
  readonly looks: Look[] = []
  readonly pointings: Pointing[] = []
  readonly screens: OnScreen[] = []

  constructor(
    marks: readonly MarkView[],
    call: CallView,
    zero_ms: number,
    end_s: number,
    side: (person: MarkView['by']) => ActorSide,
  ) {
    const seats = new Map(call.legs.map((leg) => [leg.person.id, leg.seat]))
    const leaves = new Map<string, number>()
    for (const leg of call.legs) {
      const out = leg.ended_at ? (Date.parse(leg.ended_at) - zero_ms) / 1000 : end_s
      leaves.set(leg.person.id, Math.max(leaves.get(leg.person.id) ?? 0, Math.min(out, end_s)))
    }
    const last = (by: string): number => leaves.get(by) ?? end_s
    const looking = new Map<string, Look>()
    const fields = new Map<string, Pointing & { heard_s: number }>()
    const strokes = new Map<string, Pointing>()

    for (const { at, kind, by, body } of sorted(marks)) {
      const at_s = (Date.parse(at) - zero_ms) / 1000
      const where = {
        by: by.id,
        who: by.name,
        side: side(by),
        from_s: at_s,
        to_s: Math.max(at_s, last(by.id)),
      }
      const material_id = typeof body['material_id'] === 'string' ? body['material_id'] : null
      const page = typeof body['page'] === 'number' ? body['page'] : 1
      if (kind === 'look') {
        const held = looking.get(by.id)
        if (held && held.material_id === material_id && held.page === page) continue
        if (held) held.to_s = at_s
        looking.delete(by.id)
        if (material_id === null) continue
        const look = { ...where, material_id, page }
        looking.set(by.id, look)
        this.looks.push(look)
      } else if (kind === 'point') {
        const field = typeof body['field'] === 'string' ? body['field'] : null
        const held = fields.get(by.id)
        if (held) {
          held.to_s = Math.min(at_s, held.heard_s + SILENT_S)
          if (held.field === field && at_s - held.heard_s <= SILENT_S) {
            held.heard_s = at_s
            held.to_s = Math.min(at_s + SILENT_S, last(by.id))
            continue
          }
        }
        fields.delete(by.id)
        if (field === null) continue
        const pointing = {
          ...where,
          field,
          material_id: null,
          page: 1,
          trail: [],
          heard_s: at_s,
          to_s: Math.min(at_s + SILENT_S, last(by.id)),
        }
        fields.set(by.id, pointing)
        this.pointings.push(pointing)
      } else {
        const { x, y } = body
        const held = strokes.get(by.id)
        if (typeof x !== 'number' || typeof y !== 'number' || material_id === null) {
          if (held) held.to_s = Math.min(held.to_s, Math.max(held.from_s, at_s))
          strokes.delete(by.id)
          continue
        }
        const to_s = Math.min(at_s + LINGER_S, Math.max(at_s, last(by.id)))
        const before = held?.trail.at(-1)
        if (
          held &&
          before &&
          held.material_id === material_id &&
          held.page === page &&
          at_s - before.at_s <= STROKE_S
        ) {
          held.trail.push({ at_s, x, y })
          held.to_s = to_s
        } else {
          const stroke = { ...where, field: null, material_id, page, trail: [{ at_s, x, y }], to_s }
          strokes.set(by.id, stroke)
          this.pointings.push(stroke)
        }
      }
    }
    this.pointings.sort((a, b) => a.from_s - b.from_s)
    // what somebody had open before the call he looks at from the beginning of the recording on; so does who first opens
    // something within its first second, which is told as 00:00 and is where one begins to watch
    const there = new Set<string>()
    for (const look of this.looks) {
      const first = look.to_s > 0 && !there.has(look.by)
      if (first) there.add(look.by)
      look.from_s = first && look.from_s < 1 ? 0 : Math.max(look.from_s, 0)
    }
    this.screens = this.compose(seats, end_s)
  }

  /** One document at a time: the approver's, or else the window's, or else the third party's. */
  private compose(seats: ReadonlyMap<string, string>, end_s: number): OnScreen[] {
    const turns = [...new Set(this.looks.flatMap((look) => [look.from_s, look.to_s]))].sort((a, b) => a - b)
    const found: OnScreen[] = []
    for (const [index, from_s] of turns.entries()) {
      const to_s = turns[index + 1] ?? end_s
      const there = this.looks
        .filter((look) => look.from_s <= from_s && look.to_s > from_s)
        .sort((a, b) => (RANK[seats.get(a.by) ?? ''] ?? 3) - (RANK[seats.get(b.by) ?? ''] ?? 3))
      const lead = there[0]
      if (!lead || to_s <= from_s) continue
      const same = there.filter((look) => look.material_id === lead.material_id && look.page === lead.page)
      const screen = {
        from_s,
        to_s,
        material_id: lead.material_id,
        page: lead.page,
        who: same.map((look) => look.who),
        together: same.length > 1,
      }
      const before = found.at(-1)
      const goes_on =
        before &&
        before.to_s === from_s &&
        before.material_id === screen.material_id &&
        before.page === screen.page &&
        before.who.join() === screen.who.join()
      if (goes_on) before.to_s = to_s
      else found.push(screen)
    }
    return found
  }

  /** The document at that second. */
  screenAt(at_s: number): OnScreen | null {
    return this.screens.findLast((one) => one.from_s <= at_s && at_s < one.to_s) ?? null
  }

  /** Who points at what at that second. */
  pointingsAt(at_s: number): Pointing[] {
    return this.pointings.filter((one) => one.from_s <= at_s && at_s < one.to_s)
  }
}

/** Where the pointer is at that second, between the places that were noted. */
export function pointerAt(pointing: Pointing, at_s: number): { x: number; y: number } | null {
  const next = pointing.trail.findIndex((one) => one.at_s > at_s)
  const before = pointing.trail[next < 0 ? pointing.trail.length - 1 : next - 1]
  if (!before) return null
  const after = next < 0 ? undefined : pointing.trail[next]
  if (!after) return { x: before.x, y: before.y }
  const way = (at_s - before.at_s) / Math.max(0.001, after.at_s - before.at_s)
  return { x: before.x + (after.x - before.x) * way, y: before.y + (after.y - before.y) * way }
}
