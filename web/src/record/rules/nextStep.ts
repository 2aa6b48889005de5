/**
 * The next step of a desk: the one thing to do now, which its one filled button says. Derived from the view and never
 * kept; pure. What is still missing is counted in `lacking.ts`, nowhere else.
 */
import type { CaseView } from '../../wire/messages'
import { hindranceOf, proposalsOf, unreadOf } from './lacking'
import { courseStep, type CourseStep } from './course/courseStep'
import { closed, linesOf, nextOther, nextUnread, openProposals } from './lines'
import { commentsByTurn, pointsOf, signed, submitted, uncheckedOf } from './points'
import { owed } from './promises'

/** `n`: how many of its kind there are to do. */
export type ApproverStep =
  /** look at a file that nobody has judged, of that line or of none */
  | { kind: 'review'; n: number; line: string | null; file: string }
  /** end a comment that the window has answered */
  | { kind: 'resolve'; n: number; comment: string }
  /** tell and check a point of the checklist */
  | { kind: 'check'; n: number; point: string }
  | { kind: 'to_correct'; n: number }
  | { kind: 'accepted' }
  /**
   * it is the window's turn: to bring the materials, to answer comments or proposals, to correct, to promise,
   * to have the applicant sign, or to hand in
   */
  | {
      kind: 'wait'
      for: 'materials' | 'answer' | 'proposal' | 'corrections' | 'promise' | 'sign' | 'hand_in'
    }
  | { kind: 'leave' }

/**
 * Look at what came, end what was answered, tell of what is sent back, or tell and check the points and
 * decide; then it is somebody else's turn. `shown`: the line that lies open, `lying`: the file.
 */
export function approverStep(
  view: CaseView,
  shown: string | null = null,
  lying: string | null = null,
): ApproverStep {
  const over = closed(view)
  const lines = linesOf(view)
  const came = unreadOf(view)
  const files = over ? came.files.filter(({ line }) => owed(view, line)) : came.files
  const others = over ? [] : came.others
  const n = files.length + others.length
  if (n) {
    const unread = files.flatMap(({ line, slot }) => (slot.current ? [{ line, file: slot.current.id }] : []))
    const next = nextUnread(
      unread.map((one) => one.line),
      shown,
    )
    const of = (key: string | undefined) => unread.find((one) => one.line.line.key === key)
    const found = unread.find((one) => one.file === lying) ?? of(shown ?? undefined) ?? of(next?.line.key)
    const file = found?.file ?? nextOther(others, null)?.id
    if (file) return { kind: 'review', n, line: found?.line.line.key ?? null, file }
  }
  if (over) return { kind: 'leave' }
  const { to_end } = commentsByTurn(view)
  if (to_end[0]) return { kind: 'resolve', n: to_end.length, comment: to_end[0].id }
  const points = pointsOf(view)
  if (view.state === 'to_correct' && points.length) return { kind: 'wait', for: 'corrections' }
  const brought = view.materials.some((one) => one.purpose === 'material' && one.state === 'stored')
  const awaited = !brought && lines.some((one) => one.line.need === 'required')
  if (points.length && awaited) return { kind: 'wait', for: 'materials' }
  // a file was sent back: that is to be told, and the points can be checked when it comes again
  const back = points.some((one) => one.kind === 'returned' || one.kind === 'other')
  const unchecked = uncheckedOf(view)
  if (unchecked[0] && !back) return { kind: 'check', n: unchecked.length, point: unchecked[0].key }
  if (points.length && lines.some((one) => one.state === 'receiving'))
    return { kind: 'wait', for: 'materials' }
  if (points.length && points.every((one) => one.kind === 'comment')) return { kind: 'wait', for: 'answer' }
  if (points.length) return { kind: 'to_correct', n: points.length }
  // what is adopted changes what would be signed and accepted
  if (proposalsOf(view).length) return { kind: 'wait', for: 'proposal' }
  const hindrance = hindranceOf(view)?.why
  if (hindrance === 'promise' || hindrance === 'sign' || hindrance === 'hand_in')
    return { kind: 'wait', for: hindrance }
  // where it need not be signed he may accept, but the window's next step is to have it signed and to hand it in
  if (!submitted(view)) return { kind: 'wait', for: signed(view) ? 'hand_in' : 'sign' }
  return { kind: 'accepted' }
}

export type WindowStep =
  /** the first open proposal, whose card has the filled button */
  | { kind: 'proposal'; id: string }
  /** the first comment that waits for an answer */
  | { kind: 'answer'; n: number; comment: string }
  /** it is the approver's turn, to end what was answered or to decide what was handed in: no button of its own */
  | { kind: 'wait'; for: 'resolve' | 'decision' }
  /** the applicant is asked for his rating of the call that has ended */
  | { kind: 'rate'; call_id: string }
  /** the case is decided: to end the call, and then to ask for that rating */
  | { kind: 'finish' }
  /** what the case waits for from this window on its course: what is issued is handed over */
  | { kind: 'course'; act: Exclude<CourseStep['kind'], 'wait'> }
  | { kind: 'submit' }
  /** the applicant is told of the recording, and asked */
  | { kind: 'consent' }
  | { kind: 'dial' }
  /** what a notice named is mended, from the first point on */
  | { kind: 'correct'; n: number }
  /** what is missing is brought and filled in, or the other side is heard: no button of its own */
  | { kind: 'none' }
  | { kind: 'leave' }

/** What the desk knows beside the record; `missing` counts what is not in the record yet too. */
export interface WindowNow {
  in_call: boolean
  /** the call whose rating is still to be asked for */
  unrated: string | null
  /** the applicant has a screen of his own, which asks for it by itself */
  asking: boolean
  missing: number
}

/** Without the applicant's consent there may be no call about this item. */
export function noCall(view: CaseView): boolean {
  return view.consent?.given === false && view.item.recording_refusal === 'no_call'
}

/** Whether a step is a filled button at the foot or in the pane of the call; that of a proposal stands on its card. */
export function filled(step: WindowStep): boolean {
  return step.kind !== 'proposal' && step.kind !== 'wait' && step.kind !== 'none'
}

export function windowStep(view: CaseView, now: WindowNow): WindowStep {
  // it is registered or answered on the page itself
  if (view.state === 'consulting') return { kind: now.in_call ? 'none' : 'dial' }
  const over = closed(view)
  const proposal = over ? undefined : openProposals(view)[0]
  if (proposal) return { kind: 'proposal', id: proposal.id }
  const course = over ? courseStep(view, 'window') : null
  // who sits there for it gets it in the call too
  if (course && course.kind !== 'wait') return { kind: 'course', act: course.kind }
  if (over && now.in_call) return { kind: 'finish' }
  const next = over ? ({ kind: 'leave' } as const) : undecided(view, now)
  // what the case still waits for goes first: the rating is offered beside it
  return now.unrated &&
    !now.asking &&
    !now.in_call &&
    (next.kind === 'leave' || next.kind === 'none' || next.kind === 'wait' || next.kind === 'correct')
    ? { kind: 'rate', call_id: now.unrated }
    : next
}

/**
 * The filled step of handing in: to hand in once the signature holds, else to ask for it; none while the applicant's
 * screen asks for it (`asked`), for that is under way, nor while something is missing (`lacks`), which is brought first.
 */
export function signStep(
  holds: boolean,
  asked: boolean,
  lacks: boolean,
): 'ask' | 'wait' | 'complete' | 'hand_in' {
  if (lacks && !asked) return 'complete'
  if (holds) return 'hand_in'
  return asked ? 'wait' : 'ask'
}

function undecided(view: CaseView, now: WindowNow): WindowStep {
  const dial: WindowStep = noCall(view) ? { kind: 'none' } : { kind: view.consent ? 'dial' : 'consent' }
  if (!now.in_call && view.state === 'registered') return dial
  const { to_end, to_answer } = commentsByTurn(view)
  if (to_answer[0]) return { kind: 'answer', n: to_answer.length, comment: to_answer[0].id }
  if (to_end.length && to_end.length === now.missing) return { kind: 'wait', for: 'resolve' }
  if (!now.missing) return submitted(view) ? { kind: 'wait', for: 'decision' } : { kind: 'submit' }
  if (now.in_call) return { kind: 'none' }
  return view.state === 'to_correct' ? { kind: 'correct', n: now.missing } : dial
}
