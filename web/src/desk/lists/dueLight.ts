/**
 * The light of the clock that runs in a case (期限): an icon and words, never a colour alone; and what is to be done about the
 * case next, from the side that looks. Pure.
 */
import type { CaseSummary, RunningClock } from '../../wire/messages'

/** in time | the last working day or today | over | the clock stands */
export type Light = 'ok' | 'fix' | 'late' | 'stop'
type Side = 'window' | 'approver'

/** Amber from the last working day on. */
const AMBER_DAYS = 1

export function lightOf(clock: Pick<RunningClock, 'left' | 'stopped'>): Light {
  if (clock.stopped) return 'stop'
  if (clock.left < 0) return 'late'
  return clock.left <= AMBER_DAYS ? 'fix' : 'ok'
}

/** The words of a light, as a key below `desk.due` and a number for it. */
export function wordOf(clock: Pick<RunningClock, 'left' | 'stopped'>): { key: string; n: number } {
  const light = lightOf(clock)
  if (light === 'stop') return { key: 'stopped', n: 0 }
  if (light === 'late') return { key: 'late', n: -clock.left }
  return clock.left === 0 ? { key: 'today', n: 0 } : { key: 'left', n: clock.left }
}

/** What happens next, as a key below `desk.todo`; `lacking` lines still hold nothing. */
export function nextOf(
  row: Pick<CaseSummary, 'state' | 'correcting' | 'materials_stored' | 'materials_required' | 'running'>,
  side: Side,
): { key: string; n: number } {
  const here = side === 'window'
  const mine = row.running?.turn === side
  const lacking = row.materials_required - row.materials_stored
  const told = (key: string, n = 0) => ({ key, n })
  switch (row.state) {
    case 'registered':
    case 'reviewing':
      if (!here) return told(mine ? 'review' : 'await_window')
      if (!mine) return told('await_review')
      return lacking > 0 ? told('collect', lacking) : told('hand_in')
    case 'to_correct':
      if (row.correcting) return told(here ? 'correct' : 'await_correction')
      return told(here ? 'await_review' : 'review')
    case 'accepted':
      if (row.running?.stopped) return told('stands')
      return told(here ? 'await_ruling' : 'rule')
    case 'granted':
      return told(here ? 'await_issue' : 'issue')
    case 'denied':
    case 'issued':
      if (here) return told(mine ? 'deliver' : 'await_delivery')
      return told(mine ? 'send' : 'await_window_delivery')
    case 'archived':
      return told('archived')
    default:
      return told(here ? 'await_archive' : 'archive')
  }
}
