/** How an approver stands to calls: what he chose, and over that whether a call engages him; pure. */
import type { StateKind } from '../ui/states'

export type Duty = 'online' | 'away'

export interface Standing {
  word: Duty | 'busy'
  /** the key of what it means */
  hint: string
  state: StateKind
}

/** Whom a call engages nobody rings, whatever he chose; what he chose holds again once it has ended. */
export function standingOf(duty: Duty, in_call: boolean): Standing {
  if (in_call) return { word: 'busy', hint: `desk.duty.busy_hint.${duty}`, state: 'waiting' }
  return duty === 'online' ? { word: 'online', hint: 'desk.duty.online_hint', state: 'good' } : { word: 'away', hint: 'desk.duty.away_hint', state: 'not_needed' }
}
