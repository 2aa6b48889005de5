/**
 * How an approver stands to calls: what he chose, over that whether he can be reached at all and whether a
 * call engages him; pure.
 */
import type { StateKind } from '../ui/states'
import type { Duty } from '../wire/session'

export interface DutyStanding {
  word: Duty | 'busy' | 'cut'
  /** the key of what it means */
  hint: string
  state: StateKind
}

/**
 * Whom a call engages nobody rings, whatever he chose; what he chose holds again once it has ended. Nor does anybody ring
 * who is cut off from the server; what he chose holds again with the connection.
 */
export function standingOf(duty: Duty, in_call: boolean, cut = false): DutyStanding {
  if (in_call) return { word: 'busy', hint: `desk.duty.busy_hint.${duty}`, state: 'waiting' }
  if (cut) return { word: 'cut', hint: `desk.duty.cut_hint.${duty}`, state: 'mend' }
  return duty === 'online'
    ? { word: 'online', hint: 'desk.duty.online_hint', state: 'good' }
    : { word: 'away', hint: 'desk.duty.away_hint', state: 'not_needed' }
}
