/**
 * How far a case is on its course, from its acceptance to the archive: its stages, the steps that its head names, what
 * became of each result, and the one act that is next for each desk (`server/case/rules/course`). Derived from the
 * view and never kept; pure.
 */
import type { CaseView, DeliveryView, MaterialView, PersonRef, ResultView } from '../../../wire/messages'
import { consultation, fillable, type CaseState } from './course'
import { mayBegin, type DeskSeat } from './modes'
import { linesOf } from '../lines'
import { atWindow } from '../points'
import { owed, unverified } from '../promises'

export type { DeskSeat }
export type EndKind = 'returned' | 'withdrawn' | 'terminated'

/** The act that is next, or for what this desk waits. `delivery` names the try that it is about. */
export type CourseStep =
  | { kind: 'rule' | 'issue' | 'begin' | 'archive' }
  | { kind: 'check' | 'end'; delivery: string }
  | {
      kind: 'wait'
      for:
        | 'owed'
        | 'clock'
        | 'fee'
        | 'ruling'
        | 'issuing'
        | 'delivery'
        | 'sending'
        | 'arrival'
        | 'papers'
        | 'originals'
        | 'verification'
        | 'archive'
        | 'nothing'
    }

/** Results that are neither on their way nor there. */
export function undelivered(view: CaseView): ResultView[] {
  const taken = new Set(underWay(view).flatMap((one) => one.results))
  return view.course.results.filter((one) => !taken.has(one.id))
}

function underWay(view: CaseView): DeliveryView[] {
  return view.course.deliveries.filter((one) => one.state !== 'returned')
}

/** Whether something is to be handed over that nobody has begun with; of a denial it is its paper. */
export function toBegin(view: CaseView): boolean {
  if (view.state === 'denied') return underWay(view).length === 0
  return view.state === 'issued' && undelivered(view).length > 0
}

/** Tries whose end nobody has entered yet. */
export function waiting(view: CaseView): DeliveryView[] {
  return view.course.deliveries.filter((one) => one.state === 'waiting')
}

/** Whether lines that were promised have not come: nothing is granted before. */
export function owes(view: CaseView): boolean {
  return linesOf(view).some((line) => owed(view, line))
}

/** Whether the clock of an accepted case stands still. */
export function halted(view: CaseView): boolean {
  return view.decision?.clock?.halts.some((one) => !one.ended) ?? false
}

/** Whether nothing is issued before the fee is paid or waived (先缴费后制证). */
export function feeKeepsBack(view: CaseView): boolean {
  return (view.item.fee_first ?? false) && !view.course.fee?.payment
}

/** The next act of a case that can no longer be filled in. */
export function courseStep(view: CaseView, seat: DeskSeat): CourseStep {
  const wait = (why: Extract<CourseStep, { kind: 'wait' }>['for']): CourseStep => ({ kind: 'wait', for: why })
  switch (view.state) {
    case 'accepted':
      if (owes(view)) return wait('owed')
      if (halted(view)) return wait('clock')
      return seat === 'approver' ? { kind: 'rule' } : wait('ruling')
    case 'granted':
      if (feeKeepsBack(view)) return wait('fee')
      return seat === 'approver' ? { kind: 'issue' } : wait('issuing')
    case 'issued':
    case 'denied':
      return handingOver(view, seat)
    case 'archived':
    case 'consulting':
    case 'consulted':
      return wait('nothing')
    default:
      if (seat === 'window') return wait('archive')
      if (view.papers.some((one) => one.state === 'making')) return wait('papers')
      if (unverified(view).length) return wait('verification')
      return view.handovers.some((one) => !one.received_at) ? wait('originals') : { kind: 'archive' }
  }
}

/** What is fetched or visited is the window's, what goes electronically the approver's; who posted it enters its end. */
function handingOver(view: CaseView, seat: DeskSeat): CourseStep {
  const mine = (one: DeliveryView): boolean =>
    one.way === 'electronic' ? seat === 'approver' : atWindow(view, one.by) === (seat === 'window')
  const open = waiting(view)
  const next = open.find(mine)
  if (next) return { kind: next.way === 'collected' && !next.receiver ? 'check' : 'end', delivery: next.id }
  // who agreed to electronic delivery is sent it by the unit that decides, as is all where nothing is handed over at the
  // window; else it is laid ready there
  const begins = view.course.agreement || !mayBegin(view, 'collected', 'window') ? 'approver' : 'window'
  if (toBegin(view))
    return seat === begins
      ? { kind: 'begin' }
      : { kind: 'wait', for: seat === 'approver' ? 'delivery' : 'sending' }
  return { kind: 'wait', for: open.some((one) => one.way === 'collected') ? 'delivery' : 'arrival' }
}

/** The clause of 行政许可法 on which every ruling may stand, as the server spells it. */
export const RULED_BY: Readonly<Record<'granted' | 'denied', string>> = {
  granted: '《中华人民共和国行政许可法》第三十八条第一款',
  denied: '《中华人民共和国行政许可法》第三十八条第二款',
}

/** Files that may prove what an external system did: what the approver sent first, the newest first. */
export function proofsOf(view: CaseView): MaterialView[] {
  const sent = (one: MaterialView): number => Number(one.purpose === 'result' || one.purpose === 'notice')
  return view.materials
    .filter((one) => one.state === 'stored')
    .sort((one, other) => sent(other) - sent(one) || other.at.localeCompare(one.at))
}

export type StageKey = 'examine' | 'rule' | 'issue' | 'deliver' | 'rate' | 'archive' | 'refused' | EndKind

/** `until`: the day by which it is to be done, `days`: the working days that count up to it. */
export interface CourseStage {
  key: StageKey
  state: 'done' | 'now' | 'later' | 'unneeded'
  who: PersonRef | null
  from: string | null
  at: string | null
  until: string | null
}

const BARE = { who: null, from: null, at: null, until: null } as const

/** How it ended without a ruling. */
export function endOf(view: CaseView): { kind: 'refused' | EndKind; by: PersonRef; at: string } | null {
  const { ending } = view.course
  if (ending) return ending
  const decided = view.decision
  return decided?.kind === 'refused' && !fillable(view)
    ? { kind: 'refused', by: decided.by, at: decided.at }
    : null
}

/** 审查 · 决定 · 制证 · 送达 · 评价 · 归档; of a case that ended to the side what it came to, its end, 归档. */
export function stagesOf(view: CaseView): CourseStage[] {
  const { ruling, results, archived } = view.course
  const end = endOf(view)
  const accepted = view.decision?.kind === 'accepted' ? view.decision : null
  const last = view.course.deliveries.filter((one) => one.state === 'delivered').at(-1)
  const over = view.state === 'delivered' || view.state === 'archived'
  const archive: CourseStage = archived
    ? { ...BARE, key: 'archive', state: 'done', who: archived.by, at: archived.at }
    : { ...BARE, key: 'archive', state: over || end ? 'now' : 'later' }
  const examine: CourseStage = {
    ...BARE,
    key: 'examine',
    state: ruling || end ? 'done' : 'now',
    who: accepted?.by ?? view.decision?.by ?? null,
    from: accepted?.at ?? null,
    at: ruling?.at ?? null,
    until: ruling || end ? null : (accepted?.due_on ?? null),
  }
  if (end) {
    const stage: CourseStage = { ...BARE, key: end.kind, state: 'done', who: end.by, at: end.at }
    return accepted ? [examine, stage, archive] : [stage, archive]
  }
  const rated = view.ratings.at(-1)
  return [
    examine,
    {
      ...BARE,
      key: 'rule',
      state: ruling ? 'done' : 'later',
      who: ruling?.by ?? null,
      at: ruling?.at ?? null,
    },
    {
      ...BARE,
      key: 'issue',
      state: ruling?.kind === 'denied' ? 'unneeded' : results[0] ? 'done' : ruling ? 'now' : 'later',
      who: results[0]?.by ?? null,
      at: results[0]?.at ?? null,
    },
    {
      ...BARE,
      key: 'deliver',
      state: over ? 'done' : view.state === 'issued' || view.state === 'denied' ? 'now' : 'later',
      who: over ? (last?.ended_by ?? null) : null,
      at: over ? (last?.ended_at ?? null) : null,
      until: over ? null : (ruling?.deliver.due_on ?? null),
    },
    // voluntary, and his own secret: a case that was put away unrated may still be rated, or was where nobody sees it
    { ...BARE, key: 'rate', state: rated ? 'done' : 'later', at: rated?.at ?? null },
    archive,
  ]
}

export type HeadStep =
  | 'received'
  | 'reviewing'
  | 'to_correct'
  | 'decided'
  | 'ruled'
  | 'denied'
  | 'delivered'
  | 'archived'
  | 'refused'
  | 'asked'
  | 'answered'
  | EndKind

const AT: Readonly<Partial<Record<CaseState, number>>> = {
  registered: 0,
  reviewing: 1,
  to_correct: 1,
  accepted: 2,
  granted: 3,
  denied: 3,
  issued: 4,
  delivered: 4,
  archived: 5,
}

/** The steps of the head, 收件 · 审查 · 受理 · 决定 · 送达 · 归档, and which of them the case has come to. */
export function headSteps(view: CaseView, correcting: boolean): { steps: HeadStep[]; at: number } {
  if (consultation(view)) return { steps: ['asked', 'answered'], at: view.state === 'consulting' ? 0 : 1 }
  const end = endOf(view)
  const second = correcting ? 'to_correct' : 'reviewing'
  if (end) {
    const before: HeadStep[] =
      view.decision?.kind === 'accepted' ? ['received', 'reviewing', 'decided'] : ['received', 'reviewing']
    const steps: HeadStep[] = [...before, end.kind, 'archived']
    return { steps, at: view.course.archived ? steps.length - 1 : before.length }
  }
  const ruled = view.course.ruling?.kind === 'denied' ? 'denied' : 'ruled'
  return {
    steps: ['received', second, 'decided', ruled, 'delivered', 'archived'],
    at: AT[view.state] ?? 2,
  }
}

export type Became =
  | { kind: 'none' }
  | { kind: 'waiting' | 'returned' | 'delivered'; way: DeliveryView['way']; on: string | null }

/** What became of a result, or of the paper of a denial: of its last try. */
export function becameOf(view: CaseView, result: string | null): Became {
  const tries = view.course.deliveries.filter((one) => result === null || one.results.includes(result))
  const last = tries.at(-1)
  return last ? { kind: last.state, way: last.way, on: last.ended_on } : { kind: 'none' }
}

/** Which ends without a ruling this desk may enter now; 退件 only once the day is past by which it was to be corrected. */
export function endsOf(view: CaseView, seat: DeskSeat, today: string): EndKind[] {
  if (seat === 'window') return fillable(view) || view.state === 'accepted' ? ['withdrawn'] : []
  if (view.state === 'accepted') return ['terminated']
  const by = view.decision?.correct_by
  return view.state === 'to_correct' && by && today > by ? ['returned'] : []
}

/** One cell of a limit: a working day that counts, or a stretch in which the clock stood still. */
export interface DayCell {
  id: string
  day: string
  to: string | null
  kind: 'from' | 'day' | 'halt' | 'due'
  number: number
  why: string
  running: boolean
  today: boolean
  act: boolean
}

/** More cells than these are folded in the middle. */
export const CELLS_AT_MOST = 16

type Due = { due_days: readonly { on: string; number: number }[] }

/** The days of a limit from the day on which it began; `act`: the day on which it was done. */
export function cellsOf(
  due: Due,
  from: string,
  halts: readonly { began: string; ended: string | null; why: string }[],
  today: string,
  act: string | null,
): DayCell[] {
  const bare = { to: null, number: 0, why: '', running: false }
  const counted = due.due_days.filter((one) => one.on > from || one.number > 0)
  const days: DayCell[] = [
    { ...bare, id: 'from', day: from, kind: 'from', today: today === from, act: act === from },
    ...counted.map((one, at) => ({
      ...bare,
      id: one.on,
      day: one.on,
      kind: at === counted.length - 1 ? ('due' as const) : ('day' as const),
      number: one.number,
      today: today === one.on,
      act: act === one.on,
    })),
  ]
  const stood: DayCell[] = halts.map((one) => ({
    ...bare,
    id: `halt ${one.began}`,
    day: one.began,
    to: one.ended,
    kind: 'halt',
    why: one.why,
    running: one.ended === null,
    today: false,
    act: false,
  }))
  const all = [...days, ...stood].sort(
    (one, other) =>
      one.day.localeCompare(other.day) || Number(one.kind === 'halt') - Number(other.kind === 'halt'),
  )
  if (all.length <= CELLS_AT_MOST) return all
  // the first, the last and what happened stay; of the others as many as there is room for
  const kept = new Set(
    all.filter((one, at) => at < 3 || at >= all.length - 3 || one.today || one.act || one.kind === 'halt'),
  )
  return all.filter((one) => kept.has(one) || (kept.size < CELLS_AT_MOST && Boolean(kept.add(one))))
}
