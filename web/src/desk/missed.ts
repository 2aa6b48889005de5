/** Which of a unit's missed calls are this desk's, and what the list says of each; pure. */
import type { MissedCall } from '../wire/messages'

/** Who sits at the desk: `window_id` where it is a window. */
export interface MissedBy {
  unit_id: string
  window_id: string | null
}

/** The window's own, by the window that dialled; the approver's, of the unit that decides. */
export function missedAt(
  calls: readonly MissedCall[],
  side: 'window' | 'approver',
  me: MissedBy,
): MissedCall[] {
  if (side === 'approver') return calls.filter((one) => one.target_unit_id === me.unit_id)
  return calls.filter((one) => me.window_id !== null && one.window_id === me.window_id)
}

/** What tells one asking from another: the same case may be asked for again. */
export function askingOf(one: MissedCall): string {
  return `${one.case_id} ${one.asked_at}`
}

/**
 * Those of a list that the one before it did not know, or that were missed once more; nobody is told of what
 * was declined.
 */
export function freshIn(now: readonly MissedCall[], before: readonly MissedCall[]): MissedCall[] {
  return now.filter(
    (one) =>
      one.reason !== 'declined' && !before.some((was) => was.case_id === one.case_id && was.at === one.at),
  )
}

/** Those that somebody of the unit asks for, the first who asked first. */
export function askedFor(calls: readonly MissedCall[]): MissedCall[] {
  return calls
    .filter((one) => one.asked_at)
    .sort((a, b) => Date.parse(a.asked_at ?? '') - Date.parse(b.asked_at ?? ''))
}
