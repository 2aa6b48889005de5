/**
 * The next step of a desk: the one thing to do now, which its one filled button says. Derived from the view and never
 * kept; pure. What is still missing is counted in `lacking.ts`, nowhere else.
 */
import type { CaseView } from '../wire/messages'
import { hindranceOf, unreadOf } from './lacking'
import { closed, linesOf, nextOther, nextUnread, openProposals } from './lines'
import { pointsOf, submitted, uncheckedOf } from './points'
import { owed } from './promises'

/** `n`: how many of its kind there are to do. */
export type ApproverStep =
  /** look at a material that nobody has judged: that of a line, or a file that is on none */
  | { kind: 'review'; n: number; line: string | null; file: string | null }
  /** tell and check a point of the checklist */
  | { kind: 'check'; n: number; point: string }
  | { kind: 'to_correct'; n: number }
  | { kind: 'accepted' }
  /** it is the window's turn: to bring the materials, to correct, to promise, or to have the applicant sign */
  | { kind: 'wait'; for: 'materials' | 'corrections' | 'promise' | 'signature' }
  | { kind: 'leave' }

/** Look at what came, tell and check the points, decide; then it is somebody else's turn. `shown`: the line that lies open. */
export function approverStep(view: CaseView, shown: string | null = null): ApproverStep {
  const over = closed(view)
  const lines = linesOf(view)
  const came = unreadOf(view)
  const unread = over ? came.lines.filter((one) => owed(view, one)) : came.lines
  const others = over ? [] : came.others
  const n = unread.length + others.length
  if (n) {
    const line = unread.find((one) => one.line.key === shown) ?? nextUnread(unread, shown)
    return { kind: 'review', n, line: line?.line.key ?? null, file: line ? null : (nextOther(others, null)?.id ?? null) }
  }
  if (over) return { kind: 'leave' }
  const points = pointsOf(view)
  if (view.state === 'to_correct' && points.length) return { kind: 'wait', for: 'corrections' }
  const unchecked = uncheckedOf(view)
  if (unchecked[0]) return { kind: 'check', n: unchecked.length, point: unchecked[0].key }
  const brought = view.materials.some((one) => one.purpose === 'material' && one.state === 'stored')
  if (points.length && ((!brought && lines.some((one) => one.line.need === 'required')) || lines.some((one) => one.state === 'receiving'))) return { kind: 'wait', for: 'materials' }
  if (points.length) return { kind: 'to_correct', n: points.length }
  const hindrance = hindranceOf(view)?.why
  return hindrance === 'promise' || hindrance === 'signature' ? { kind: 'wait', for: hindrance } : { kind: 'accepted' }
}

export type WindowStep =
  /** the first open proposal, whose card has the filled button */
  | { kind: 'proposal'; id: string }
  /** the applicant is asked for his rating of the call that has ended */
  | { kind: 'rate'; call_id: string }
  | { kind: 'submit' }
  | { kind: 'dial' }
  /** what is missing is brought and filled in, or the other side is heard: no button of its own */
  | { kind: 'none' }
  | { kind: 'leave' }

/** What the desk knows beside the record; `missing` counts what is not in the record yet too. */
export interface WindowNow {
  in_call: boolean
  /** the call whose rating is still to be asked for */
  unrated: string | null
  missing: number
}

export function windowStep(view: CaseView, now: WindowNow): WindowStep {
  const over = closed(view)
  const proposal = over ? undefined : openProposals(view)[0]
  if (proposal) return { kind: 'proposal', id: proposal.id }
  if (now.unrated && !now.in_call) return { kind: 'rate', call_id: now.unrated }
  if (over) return { kind: 'leave' }
  if (!now.in_call && view.state === 'registered') return { kind: 'dial' }
  if (!now.missing && !submitted(view)) return { kind: 'submit' }
  return now.in_call || (now.missing && view.state === 'to_correct') ? { kind: 'none' } : { kind: 'dial' }
}
