/**
 * The screen that is turned to the applicant: what the window's page tells it, and what it shows at this moment.
 * It is led by the window's page, in the same page or from another window of the same browser, which then finds the
 * one that leads it by `leader`. Derived, never kept; pure but for that one look.
 */
import type { CaseView, FormField, MaterialView, Proposal, SummaryView } from '../../wire/messages'
import type { LineForm } from '../../ui/states'
import { decidedOf, fillable, type CaseState } from '../rules/course/course'
import { fieldIn } from '../rules/form/fields'
import { closed, linesOf, openProposals, slotOf } from '../rules/lines'
import { noticedOf, type Noticed } from '../rules/points'
import { valueText } from '../rules/words'

/** Who speaks, as the applicant always sees it. */
export interface Speaker {
  name: string
  unit_name: string
  staff_number: string
}

/** What the window's page tells: the call as it is there, and what lies on the clerk's table. */
export interface Turned {
  /** whether the applicant shall read the summary and sign, or follow what is being done */
  asked: 'follow' | 'sign'
  face: MediaStream | null
  /** what is said in the place of his picture while he sends none, though the last one may stand there still */
  off: string | null
  person: Speaker | null
  /** the case went to another unit, and he decides it no more */
  former: boolean
  /** whether he speaks now */
  speaks: boolean
  /** who else is in the call, in the order of their seats; `supervises`: he was not invited; `part`: for whom he speaks, where the case went to another unit */
  others: readonly {
    id: string
    person: Speaker
    face: MediaStream | null
    off: string | null
    speaks: boolean
    supervises: boolean
    part: 'approver' | 'former' | 'other'
  }[]
  line: { here: string; there: string; form: LineForm; word: string }
  recording: { on: boolean; word: string } | null
  /** the unit that decides by now, while the call goes on with who is there of the one before */
  referred_to: string | null
  /** the clerk sits in a call about another case */
  elsewhere: boolean
  call_id: string | null
  /** the last call about this case that was answered and has ended: he may say how he was served */
  ended_call_id: string | null
  /** the field that the clerk fills, and what stands in it there before it is saved */
  field: string | null
  value: string | null
  material_id: string | null
}

/** What of it is about the call alone: told wherever the clerk is while the call runs. */
export type CallTold = Pick<
  Turned,
  'face' | 'off' | 'person' | 'former' | 'speaks' | 'others' | 'line' | 'recording' | 'call_id'
>

/** What a screen is told that nobody leads. */
export const ALONE: Turned = {
  asked: 'follow',
  face: null,
  off: null,
  person: null,
  former: false,
  speaks: false,
  others: [],
  line: { here: '', there: '', form: 'idle', word: '' },
  recording: null,
  referred_to: null,
  elsewhere: false,
  call_id: null,
  ended_call_id: null,
  field: null,
  value: null,
  material_id: null,
}

/** The same once its leader has gone: what lay on the clerk's table goes with him, the next applicant may stand there. */
export function leftAlone(told: Turned): Turned {
  return { ...ALONE, call_id: told.call_id, ended_call_id: told.ended_call_id }
}

/** What is said in the place of the other side's picture, which is what the line says too. */
export function noPicture(told: Turned): 'elsewhere' | 'ended' | 'no_call' {
  if (told.elsewhere) return 'elsewhere'
  return told.ended_call_id ? 'ended' : 'no_call'
}

/** How a screen in another window is led: it hears what is told and says what it did. */
export interface Leader {
  case_id: string
  now: () => Turned
  listen: (hear: (told: Turned) => void) => () => void
  shown: (summary: SummaryView) => void
  /** whether it asks the applicant now how he was served */
  rates: (on: boolean) => void
  /** says of itself that it was opened for another case, and stays there; gives what takes that back */
  strays: () => () => void
}

/** How it is led while the clerk is with something else and the call about its case goes on: told of the call alone. */
export interface CallLeader {
  /** the case of the call that runs; null while none does */
  case_id: () => string | null
  now: () => Turned
  listen: (hear: (told: Turned) => void) => () => void
}

/** How the applicant is asked for his rating of the call that the clerk ends by signing out: over his sign-in, before it ends. */
export interface Parting {
  /** the call that runs was answered and is about the case of this page */
  owed: boolean
  /** the applicant has a screen of his own, and is asked there by itself */
  apart: boolean
  rating: boolean
  /** this screen is turned to him */
  turned: boolean
  /** the call is over: nothing else is wanted of him */
  begin: () => void
  /** turns this screen to him; whether it is */
  turn: () => Promise<boolean>
}

declare global {
  interface Window {
    yunjian_leader?: Leader | undefined
    yunjian_call?: CallLeader | undefined
  }
}

/** Who leads from the page of ours that opened this window, whatever case that has open. */
export function leaderOfAny(): Leader | null {
  try {
    return (window.opener as Window | null)?.yunjian_leader ?? null
  } catch {
    // the opener has gone to another place, which may not be looked into
    return null
  }
}

/** Who leads this window, if it was opened by a page of ours that still has this case open. */
export function leader(case_id: string): Leader | null {
  const found = leaderOfAny()
  return found?.case_id === case_id ? found : null
}

/** Who tells of the call about this case that runs at the page which opened this window. */
export function callLeader(case_id: string): CallLeader | null {
  try {
    const found = (window.opener as Window | null)?.yunjian_call ?? null
    return found?.case_id() === case_id ? found : null
  } catch {
    return null
  }
}

/**
 * Where the clerk is whose page opened this window: `here` with this case, at his `desk` with none, `away` with another
 * case, signed out or in a place that may not be looked into; `lost` when his page is closed or is being loaded again.
 */
export type Whereabouts = 'here' | 'desk' | 'away' | 'lost'

/** `of_case`, `of_desk`: the addresses of this case and of the desk without a case. */
export function whereabouts(case_id: string, of_case: string, of_desk: string): Whereabouts {
  if (leader(case_id)) return 'here'
  try {
    const opener = window.opener as Window | null
    if (!opener || opener.closed) return 'lost'
    if (opener.yunjian_leader) return 'away'
    const { pathname } = opener.location
    return pathname === of_case ? 'lost' : pathname === of_desk ? 'desk' : 'away'
  } catch {
    return 'away'
  }
}

/** What a second screen may show: the case, the call about it alone, of the case only how he was served, or nothing that tells of it. */
export type Shows = 'case' | 'call' | 'rating' | 'nothing'

/** how long a page that is loaded again is waited for */
export const LOST_MS = 10_000
/** how long who says how he was served may go on with it after the clerk has left the case */
export const RATING_MS = 180_000

/** The same from whether the call about the case runs, what was shown before, whether he is asked how he was served, and how long the clerk is not here. */
export function showsOf(
  clerk: Whereabouts,
  in_call: boolean,
  before: Shows,
  rating: boolean,
  gone_ms: number,
): Shows {
  if (clerk === 'here') return 'case'
  // who is in the call about his own case stands there still
  if (in_call) return 'call'
  if (clerk === 'away' || before === 'nothing') return 'nothing'
  if (clerk === 'lost') return gone_ms < LOST_MS ? before : 'nothing'
  return rating && gone_ms < RATING_MS ? 'rating' : 'nothing'
}

/** Whose case it is, as that screen tells it. */
export interface Whose {
  /** as he signs with it */
  name: string
  masked: string
  item: string
  code: string
}

/** What comes after a decision about acceptance. */
export type Came = Exclude<CaseState, 'registered' | 'reviewing' | 'to_correct' | 'accepted' | 'refused'>

export type Stage =
  | { kind: 'confirm'; proposal: Proposal; field: FormField | null }
  | { kind: 'field'; field: FormField; value: string; pointed: boolean }
  | { kind: 'document'; material: MaterialView; name: string }
  /** what is to be corrected or brought, as the notice names it */
  | { kind: 'correct'; points: Noticed[] }
  | { kind: 'wait' }
  | { kind: 'rate'; call_id: string; given: number }
  | { kind: 'sign' }
  | { kind: 'signed' }
  | { kind: 'done'; number: string }
  /** what became of it after its acceptance, or how it ended without a ruling */
  | { kind: 'came'; state: Came }
  /** decided without what he was to sign */
  | { kind: 'decided'; decision: 'accepted' | 'refused' }

export function nameOf(view: CaseView, material: MaterialView): string {
  const line = view.item.lines.find((one) => one.key === material.line)
  if (!line) return material.name
  const slot = material.purpose === 'material' ? line.slots?.[slotOf(material) - 1] : undefined
  return slot ? `${line.name}（${slot}）` : line.name
}

/**
 * The points of the notice for correction that holds, none of one that names nothing but its reason; null where none holds, or all is mended. What became of those that
 * the staff talk about among themselves is not told here: they stand until it is decided anew.
 */
export function toCorrect(view: CaseView): Noticed[] | null {
  if (view.state !== 'to_correct' || view.decision?.kind !== 'to_correct') return null
  const about = view.decision.about ?? []
  const points = noticedOf(view).map((one, at) =>
    /^(comment|check):/.test(about[at] ?? '') ? { ...one, state: 'open' as const } : one,
  )
  return !points.length || points.some((one) => one.state !== 'settled') ? points : null
}

/** The state of a case that went on after its acceptance, or ended without a ruling. */
export function cameTo(view: CaseView): Came | null {
  return fillable(view) || view.state === 'accepted' || view.state === 'refused' ? null : (view.state as Came)
}

/**
 * What the applicant shall see now: the summary when he is asked for it, else how he was served once the call has ended
 * (`left`: the call of which he does not want to say so, or has said it) and none about another case runs, else the change that waits for his word, the
 * number once it was handed in or the decision, the field that is talked about, what is to be corrected, the document that lies on the table.
 */
export function stageOf(
  view: CaseView,
  told: Turned,
  at: {
    pointed: string | null
    focused: string | null
    typed: ReadonlyMap<string, { value: string }>
    left?: string | null
  },
): Stage {
  const holds = view.signature !== null && !view.signature.outdated
  const came = cameTo(view)
  const done =
    !came && view.submission && view.number && holds ? ({ kind: 'done', number: view.number } as const) : null
  const decision = decidedOf(view)
  const decided = came
    ? ({ kind: 'came', state: came } as const)
    : !done && decision
      ? ({ kind: 'decided', decision } as const)
      : null
  if (told.asked === 'sign') return done ?? decided ?? { kind: holds ? 'signed' : 'sign' }
  const ended = told.call_id || told.elsewhere ? null : told.ended_call_id
  if (ended && ended !== at.left)
    return { kind: 'rate', call_id: ended, given: view.ratings.filter((one) => one.call_id === ended).length }
  const fieldOf = (path: string | null): FormField | null =>
    path === null ? null : (fieldIn(view, path) ?? null)
  // what he has answered waits for the clerk, and he may still answer otherwise; what he has not goes first
  const open = openProposals(view)
  const proposal = open.find((one) => !one.answer) ?? open[0]
  if (proposal) return { kind: 'confirm', proposal, field: fieldOf(proposal.field) }
  const points = toCorrect(view)
  if (!points && (done ?? decided) && !at.pointed) return (done ?? decided)!
  // the field that was filled last is out of sight once there is something to correct
  const filled = points ? null : fieldOf(told.field)
  const field = fieldOf(at.pointed) ?? filled ?? fieldOf(at.focused)
  if (field) {
    const unsaved = field.name === told.field ? told.value : null
    const value = at.typed.get(field.name)?.value ?? unsaved ?? view.fields[field.name]?.value ?? ''
    return { kind: 'field', field, value, pointed: at.pointed === field.name }
  }
  if (points) return { kind: 'correct', points }
  const material = view.materials.find((one) => one.id === told.material_id && one.state === 'stored')
  return material ? { kind: 'document', material, name: nameOf(view, material) } : { kind: 'wait' }
}

export type TurnedStep = 'consent' | 'materials' | 'sign' | 'receipt'
export interface StepAt {
  step: TurnedStep
  state: 'done' | 'now' | 'later'
}

/** The steps as the applicant counts them: what is done, and the first that is not. A case that was decided without his signature asks for none, and has no receipt. */
export function stepsOf(view: CaseView): StepAt[] {
  const over = closed(view)
  const done: Record<TurnedStep, boolean> = {
    consent: view.consent !== null,
    materials:
      over ||
      linesOf(view).every(
        (line) =>
          line.line.need !== 'required' ||
          (line.slots.some((one) => one.current?.state === 'stored') && !line.lacks.length),
      ),
    sign: view.signature !== null && !view.signature.outdated,
    receipt: view.submission !== null,
  }
  const order = (['consent', 'materials', 'sign', 'receipt'] as const).filter(
    (step) => !over || (step !== 'sign' && step !== 'receipt') || done[step],
  )
  const first = order.find((step) => !done[step])
  return order.map((step) => ({ step, state: done[step] ? 'done' : step === first ? 'now' : 'later' }))
}

/** A name there: 王**, as the server masks it. */
export function maskedName(name: string): string {
  return name ? `${[...name][0]}**` : ''
}

/** An identity number as a screen that others may see shows it: 370103********2846. */
export function masked(number: string): string {
  return number.length > 10
    ? `${number.slice(0, 6)}${'*'.repeat(number.length - 10)}${number.slice(-4)}`
    : '*'.repeat(number.length)
}

/** A telephone number there: 138****6217, as the server masks it. */
function maskedPhone(number: string): string {
  return number.length < 10
    ? '*'.repeat(number.length)
    : `${number.slice(0, 3)}${'*'.repeat(number.length - 7)}${number.slice(-4)}`
}

/** A field's value as that screen shows it. */
export function seen(field: FormField | null, value: string): string {
  if (field?.sensitive && field.kind === 'phone') return maskedPhone(value)
  if (field?.sensitive || field?.kind === 'identity_number') return masked(value)
  return field ? valueText(field, value) : value
}
