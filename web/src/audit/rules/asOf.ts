/**
 * The case as it stood at any moment: its history reduced from the first event, as every page reduces it.
 *
 * Pure. Moments are milliseconds since 1970. An event counts from its own moment on. Some snapshots are kept on the way,
 * so that jumping to and fro costs little.
 */
import { reduceCase, UnknownEvent, type CaseEvent } from '../../record/rules/reducer'
import type { CaseSnapshot, CaseView, FieldState, HistoryEvent, Proposal } from '../../wire/messages'

const KEEP_EVERY = 32

/** A field took another value. `proposal`: the one that was adopted by it. */
export interface ValueChange {
  at_ms: number
  version: number
  field: string
  before: string
  now: FieldState
  proposal: Proposal | null
}

export class Story {
  /** moments in the order of versions; never falling, though two nodes' clocks may differ a little */
  private readonly moments: number[] = []
  private readonly events: CaseEvent[] = []
  private readonly kept = new Map<number, CaseSnapshot>()
  /** every change of a field, in order */
  readonly changes: ValueChange[] = []
  /** an event came from a newer server; what it changed is missing here */
  readonly incomplete: boolean

  /** `history`: all events of the case in the order of versions, from case.created. */
  constructor(history: readonly HistoryEvent[]) {
    let incomplete = false
    let latest = -Infinity
    let held: CaseSnapshot | null = null
    for (const { event, at } of history) {
      latest = Math.max(latest, Date.parse(at))
      const told = event as unknown as CaseEvent
      const before: CaseView | null = held?.case ?? null
      held ??=
        told.type === 'case.created'
          ? { audience: 'supervisor', version: told.version - 1, case: told.case }
          : null
      if (!held) {
        incomplete = true
        continue
      }
      let taken = told
      try {
        held = reduceCase(held, told)
      } catch (reason) {
        if (!(reason instanceof UnknownEvent)) throw reason
        incomplete = true
        taken = { type: 'skipped', subject: told.subject, version: told.version, at }
        held = reduceCase(held, taken)
      }
      this.moments.push(latest)
      this.events.push(taken)
      if ((this.events.length - 1) % KEEP_EVERY === 0) this.kept.set(this.events.length - 1, held)
      if (before) this.note(before, taken, latest)
    }
    this.incomplete = incomplete
  }

  private note(before: CaseView, event: CaseEvent, at_ms: number): void {
    if (event.type === 'case.edited') {
      const old = before.fields[event.field]?.value ?? ''
      this.changes.push({
        at_ms,
        version: event.version,
        field: event.field,
        before: old,
        now: event.field_state,
        proposal: null,
      })
    } else if (event.type === 'case.proposal_closed' && event.field_state) {
      const { field } = event.proposal
      const old = before.fields[field]?.value ?? ''
      this.changes.push({
        at_ms,
        version: event.version,
        field,
        before: old,
        now: event.field_state,
        proposal: event.proposal,
      })
    }
  }

  get length(): number {
    return this.events.length
  }

  /** How many events had happened at that moment. */
  countAt(at_ms: number): number {
    let low = 0
    let high = this.moments.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.moments[middle] ?? Infinity) <= at_ms) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The case after its first `count` events; null before it was created. */
  after(count: number): CaseSnapshot | null {
    const last = Math.min(count, this.events.length) - 1
    if (last < 0) return null
    let from = last - (last % KEEP_EVERY)
    let held = this.kept.get(from) ?? null
    if (!held) return null
    while (from < last) {
      from += 1
      const event = this.events[from]
      if (event) held = reduceCase(held, event)
    }
    return held
  }

  /** The case as it stood at that moment. */
  at(at_ms: number): CaseSnapshot | null {
    return this.after(this.countAt(at_ms))
  }

  /** The last change of any field up to that moment, or of one field. */
  lastChange(at_ms: number, field?: string): ValueChange | null {
    return (
      this.changes.findLast((one) => one.at_ms <= at_ms && (field === undefined || one.field === field)) ??
      null
    )
  }
}
