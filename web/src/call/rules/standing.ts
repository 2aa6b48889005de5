/**
 * What a call means to one person on its seats: derived from the call, from this page's connection and its
 * media, never kept. Pure.
 *
 *     none → waiting → ringing → connecting → active ⇄ hold … → ended
 *                                     ↑ reconnecting ↓ (here or there)
 */
import type { LineForm } from '../../ui/states'
import type { CallView, HoldView, LegView, RingView } from '../../wire/messages'
import type { ConnectionState } from '../../wire/socket'

/** What this page's media are doing: `up` means that packets pass between the page and the worker. */
export type MediaState = 'none' | 'asking' | 'negotiating' | 'up' | 'broken'

export interface Standing {
  form: LineForm
  /** which sentence describes it; keys of `call.phase` in the words */
  phase:
    | 'none'
    | 'waiting'
    | 'ringing'
    | 'connecting'
    | 'active'
    | 'held_here'
    | 'held_there'
    | 'here_reconnecting'
    | 'there_silent'
    | 'there_lost'
    | 'elsewhere'
    | 'replaced'
    | 'taking_back'
    | 'ended'
  /** when the phase runs out, as the server said it */
  until: string | null
}

/** The newest leg of a person in a call, whatever its state. */
export function legOf(call: CallView, person_id: string): LegView | null {
  return call.legs.filter((leg) => leg.person.id === person_id).at(-1) ?? null
}

type Seat = LegView['seat']
export const SEATS: readonly Seat[] = ['window', 'approver', 'third', 'fourth', 'fifth', 'sixth']
/** so many may be invited beside the window and the approver */
export const GUESTS_AT_MOST = SEATS.length - 2

/** Whether this is a seat of somebody who was invited: he comes and goes without ending the call. */
export function isGuest(seat: Seat | undefined): boolean {
  return seat !== undefined && SEATS.indexOf(seat) > 1
}

/** The seat that a person has, or had last; null when he never had one. */
export function seatOf(call: CallView, person_id: string): Seat | null {
  return legOf(call, person_id)?.seat ?? null
}

/**
 * The two seats beside this person's, in the order in which the worker brings their tracks: the first on the
 * m-lines 0 to 3, the second on 4 to 7.
 */
export function otherSeats(call: CallView, person_id: string): readonly [Seat, Seat] {
  const mine = seatOf(call, person_id) ?? (call.caller.id === person_id ? 'window' : 'approver')
  const [first, second] = SEATS.filter((seat) => seat !== mine) as [Seat, Seat, ...Seat[]]
  return [first, second]
}

/** The newest leg on a seat. */
export function legOn(call: CallView, seat: Seat): LegView | null {
  return call.legs.filter((leg) => leg.seat === seat).at(-1) ?? null
}

/** Who is there, or whose place is held: the newest leg of each seat. */
export function seatedLegs(call: CallView): LegView[] {
  return SEATS.flatMap((seat) => legOn(call, seat) ?? []).filter((leg) => leg.state !== 'left')
}

/** For how many other seats a page needs m-lines when these are there: the worker offers two, or five. */
export function groupsFor(legs: readonly LegView[]): 2 | 5 {
  return legs.some((leg) => SEATS.indexOf(leg.seat) > 2) ? 5 : 2
}

/** The newest leg of the first other seat: the approver for the window, the window for everyone else. */
export function otherLeg(call: CallView, person_id: string): LegView | null {
  return legOn(call, otherSeats(call, person_id)[0])
}

/** The newest leg of the second other seat while somebody has it (or his place is held); null when nobody has. */
export function secondLeg(call: CallView, person_id: string): LegView | null {
  const leg = legOn(call, otherSeats(call, person_id)[1])
  return leg && leg.state !== 'left' ? leg : null
}

/** Who sits beyond the second other seat, each with the group of m-lines that brings him (2 to 4). */
export function furtherLegs(call: CallView, person_id: string): { leg: LegView; group: number }[] {
  const mine = seatOf(call, person_id) ?? (call.caller.id === person_id ? 'window' : 'approver')
  const others = SEATS.filter((seat) => seat !== mine)
  return others.flatMap((seat, group) => {
    const leg = group > 1 ? legOn(call, seat) : null
    return leg && leg.state !== 'left' ? [{ leg, group }] : []
  })
}

/**
 * Who else is there, first whom one speaks with, each with the group of m-lines that brings him: for the window the
 * approver, or once another unit decides who came of that one; for everyone else the window.
 */
export function partiesOf(
  call: CallView,
  person_id: string,
  deciding = call.target_unit_id,
): { leg: LegView; group: number }[] {
  const mine = seatOf(call, person_id) ?? (call.caller.id === person_id ? 'window' : 'approver')
  const there = SEATS.filter((seat) => seat !== mine).flatMap((seat, group) => {
    const leg = legOn(call, seat)
    return leg && leg.state !== 'left' ? [{ leg, group }] : []
  })
  const head =
    mine === 'window' ? there.find(({ leg }) => actsFor(call, leg, deciding) === 'approver') : undefined
  return head ? [head, ...there.filter((one) => one !== head)] : there
}

/** Who came of the unit that decides instead of that which was called. */
function cameToDecide(call: CallView, deciding: string): LegView | undefined {
  return seatedLegs(call).find((leg) => isGuest(leg.seat) && actsFor(call, leg, deciding) === 'approver')
}

/** Whether this person, who hangs up, leaves a call that goes on; else it ends for all. As the server holds it. */
export function leavesAlone(call: CallView, person_id: string, deciding = call.target_unit_id): boolean {
  const leg = legOf(call, person_id)
  if (!leg || leg.seat === 'window') return false
  if (isGuest(leg.seat)) return actsFor(call, leg, deciding) !== 'approver'
  return cameToDecide(call, deciding) !== undefined
}

/** The place with which the window speaks: that which it called, or where those are who came to decide instead. */
export function farPlace(call: CallView, deciding = call.target_unit_id): string {
  return cameToDecide(call, deciding)?.person.place ?? call.target_place
}

/** This person's ring: the one that rings, or else the newest. */
export function ringOf(call: CallView, person_id: string): RingView | null {
  const mine = call.rings.filter((ring) => ring.target.id === person_id)
  return mine.find((ring) => ring.state === 'ringing') ?? mine.at(-1) ?? null
}

/** The newest invitation: its rings, of which at most one rings at a time or all at once. */
export function invitationOf(call: CallView): { id: string; rings: RingView[] } | null {
  const invite_id = call.rings.findLast((ring) => ring.invite_id)?.invite_id
  return invite_id
    ? { id: invite_id, rings: call.rings.filter((ring) => ring.invite_id === invite_id) }
    : null
}

/** The call that runs about another case than that one, in which this person sits. */
export function callElsewhere(
  call: CallView | null,
  case_id: string,
): { call_id: string; case_id: string } | null {
  return call?.state === 'live' && call.case_id !== case_id
    ? { call_id: call.id, case_id: call.case_id }
    : null
}

/**
 * Whether this person sits in the call (or has dialled it): not who is only being asked, nor who left it
 * while it went on.
 */
export function partOf(call: CallView, person_id: string): boolean {
  const leg = legOf(call, person_id)
  if (leg?.state === 'left' && call.state !== 'ended') return false
  if (leg && leg.seat !== 'window' && leg.state === 'left') return leg.ended_at === call.ended_at
  return call.caller.id === person_id || leg !== null
}

/** The hold that is open: nobody hears, sees or is recorded. */
export function holdOf(call: CallView | null): HoldView | null {
  const last = call?.holds.at(-1)
  return last && !last.until ? last : null
}

/**
 * Why a line of this leg carries nothing: its person has closed it, or his page has no device for it; null
 * while it may.
 */
export function shutFor(leg: LegView | null | undefined, mid: '0' | '1'): 'muted' | 'lacking' | null {
  if (leg?.muted.includes(mid)) return 'muted'
  return leg?.lacking.includes(mid) ? 'lacking' : null
}

/** The sentence (its key) where this leg's picture would be, while there is none. */
export function pictureless(leg: LegView | null | undefined, held: boolean): string {
  if (held) return 'call.holding.picture'
  if (leg?.state === 'lost' || leg?.state === 'left') return 'call.party.lost'
  const why = shutFor(leg, '1')
  return why ? `call.${why}.camera` : 'call.picture_coming'
}

/** Whether what this leg shows on one of its lines may be looked at: somebody is there and has not closed it. */
export function shown(leg: LegView | null, mid: string): boolean {
  return leg !== null && leg.state !== 'left' && !leg.muted.includes(mid)
}

/** Whether the page that holds this person's seat is away: it is silent, or its place is only kept. */
export function leftEmpty(call: CallView, person_id: string): boolean {
  const leg = legOf(call, person_id)
  return (
    call.state !== 'ended' && leg !== null && leg.state !== 'left' && (leg.silent || leg.state === 'lost')
  )
}

export type PartyState = 'connecting' | 'connected' | 'silent' | 'lost'

/**
 * How one party of a live call is connected, as the server sees it; `met`: its media were there before, so that
 * what is missing now has been interrupted and does not come up for the first time.
 */
export function partyState(leg: LegView, met = false): PartyState {
  if (leg.state !== 'joined') return 'lost'
  if (leg.silent) return 'silent'
  return leg.media ? 'connected' : met ? 'silent' : 'connecting'
}

/** Whether another page of this person has the call, or had it until just now. */
export function sitsElsewhere({ phase }: Pick<Standing, 'phase'>): boolean {
  return phase === 'elsewhere' || phase === 'replaced' || phase === 'taking_back'
}

/**
 * Whether a page that shows a running call takes this person's seat by itself: it had it before (`sat`), or no page has
 * had it for so long that none is just being loaded anew (`deserted`).
 */
export function takesSeat(
  call: CallView,
  person_id: string,
  page: { replaced: boolean; sat: boolean; deserted: boolean },
): boolean {
  return (
    call.state !== 'ended' &&
    !page.replaced &&
    partOf(call, person_id) &&
    (page.sat || (page.deserted && leftEmpty(call, person_id)))
  )
}

export function standing(
  call: CallView | null,
  person_id: string,
  page: {
    connection: ConnectionState
    media: MediaState
    replaced: boolean
    elsewhere?: boolean
    was_up: boolean
    met?: ReadonlySet<string>
    /** the unit that decides by now */
    deciding?: string | undefined
  },
): Standing {
  if (!call) return { form: 'idle', phase: 'none', until: null }
  if (call.state === 'ended') {
    return { form: call.reason === 'lost' ? 'lost' : 'idle', phase: 'ended', until: null }
  }
  if (page.replaced)
    return leftEmpty(call, person_id)
      ? { form: 'reconnecting', phase: 'taking_back', until: null }
      : { form: 'hold', phase: 'replaced', until: null }
  if (call.state === 'open') {
    const ringing = call.rings.filter((ring) => ring.state === 'ringing' && !ring.invite_id)
    if (!ringing.length) return { form: 'waiting', phase: 'waiting', until: null }
    const deadlines = ringing.map((ring) => ring.deadline_at).sort()
    return { form: 'ringing', phase: 'ringing', until: deadlines.at(-1) ?? null }
  }
  if (page.elsewhere) return { form: 'hold', phase: 'elsewhere', until: null }
  if (page.connection !== 'connected')
    return { form: 'reconnecting', phase: 'here_reconnecting', until: null }
  // an approver of before may have left, and it goes on with who came of the unit that decides
  const there =
    partiesOf(call, person_id, page.deciding).find(({ leg }) => !leg.barged)?.leg ?? otherLeg(call, person_id)
  if (there && there.state !== 'joined')
    return { form: 'reconnecting', phase: 'there_lost', until: there.held_until }
  if (page.media !== 'up') {
    return page.was_up
      ? { form: 'reconnecting', phase: 'here_reconnecting', until: null }
      : { form: 'connecting', phase: 'connecting', until: null }
  }
  if (there?.silent || (there && !there.media && page.met?.has(there.id)))
    return { form: 'reconnecting', phase: 'there_silent', until: null }
  const hold = holdOf(call)
  if (hold) return { form: 'hold', phase: hold.by.id === person_id ? 'held_here' : 'held_there', until: null }
  if (!there?.media) return { form: 'connecting', phase: 'connecting', until: null }
  return { form: 'active', phase: 'active', until: null }
}

/**
 * When the last ring about a case was let pass, of those that one let pass; null once somebody called back
 * (`still`: its call is among those that nobody called back about). An invitation is told without that:
 * nobody calls back about it.
 */
export function missedAt(
  passed: readonly { call: CallView; ring: RingView }[],
  case_id: string,
  still: boolean,
): string | null {
  const last = passed.filter((one) => one.call.case_id === case_id).at(-1)
  return last && (still || last.ring.invite_id) ? (last.ring.closed_at ?? last.ring.deadline_at) : null
}

/** Whether nobody of this unit sits in the call. */
export function without(call: CallView, unit_id: string): boolean {
  return !seatedLegs(call).some((leg) => leg.person.unit_id === unit_id)
}

/** For whom somebody speaks: for the unit that decides, for one that has referred the case away, or for neither. */
export type SpeaksFor = 'approver' | 'former' | 'other'

/**
 * For whom somebody speaks in a call about a case that `deciding` decides by now: a case that was referred takes the part
 * of the approver from the unit that was called, and gives it to who came of the new one.
 */
export function actsFor(call: CallView, leg: LegView, deciding: string): SpeaksFor {
  const decides = leg.person.unit_id === deciding
  if (leg.seat === 'approver') return call.target_unit_id === deciding || decides ? 'approver' : 'former'
  return isGuest(leg.seat) && !leg.barged && call.target_unit_id !== deciding && decides
    ? 'approver'
    : 'other'
}

/** Seconds as 08:36, or 1:02:09. */
export function spell(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, '0'))
  const hours = Math.floor(whole / 3600)
  return (hours ? [String(hours), ...parts] : parts).join(':')
}

/** So long may a recording take to begin, and so long may it pause between two files, before its sign says so. */
const BEGINS_MS = 15_000
const PAUSES_MS = 2_000

/** The parties of whom nothing is recorded though it should be. Who sends neither sound nor picture is none of them. */
export class Unrecorded {
  /** since when, by this page's clock, each leg has been looked at without a recording, and whether it had one before */
  private readonly legs = new Map<string, { since_ms: number; begun: boolean }>()

  look(call: CallView, now_ms: number): LegView[] {
    const due = call.state === 'live' && !unrecordedFor(call) && !holdOf(call)
    return seatedLegs(call).filter((leg) => {
      const held = this.legs.get(leg.id) ?? { since_ms: now_ms, begun: false }
      const fine =
        !due || leg.recording || !leg.media || (shutFor(leg, '0') !== null && shutFor(leg, '1') !== null)
      const next = fine ? { since_ms: now_ms, begun: held.begun || leg.recording } : held
      this.legs.set(leg.id, next)
      return !fine && now_ms - next.since_ms >= (next.begun ? PAUSES_MS : BEGINS_MS)
    })
  }
}

/** Why nothing of the call is recorded: the applicant refused it, or took his consent back in the call. */
export function unrecordedFor(call: CallView): 'refused' | 'withdrawn' | null {
  if (!call.recording_consented) return 'refused'
  return call.consent_withdrawn_at ? 'withdrawn' : null
}
