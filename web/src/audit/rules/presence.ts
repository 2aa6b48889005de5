/**
 * Who was in a call when, on which side, and when nobody was recorded. Pure.
 *
 * Seconds are those of the call: 0 is its answer (or its dialling, when nobody answered); what came before is negative.
 */
import { listed } from '../../i18n'
import type { CallView, CaseView, Lacking, PersonRef, PlaybackView } from '../../wire/messages'

export type ActorSide = 'here' | 'far' | 'guest' | 'system'
/** The reason of a gap in which a camera gave no picture. */
export const UNSEEN = 'unseen'

/** A seat and when somebody was in it. */
export interface Seated {
  seat: 'approver' | 'window' | 'third' | 'fourth' | 'fifth' | 'sixth' | 'applicant'
  side: ActorSide
  who: string
  /** supervisors who joined in the open and had this place */
  supervisors: string
  spans: { from_s: number; to_s: number }[]
  /** no packets came, though somebody was there; or (`UNSEEN`) no picture alone */
  gaps: { from_s: number; to_s: number; reason: string }[]
}

export interface Span {
  from_s: number
  to_s: number
}

/** When the call was on hold: nobody heard, saw or was recorded. */
export function holdsOf(call: CallView, end_s: number): Span[] {
  const zero = zeroOf(call)
  const second = (at: string): number => (Date.parse(at) - zero) / 1000
  return call.holds.map((one) => ({ from_s: second(one.since), to_s: one.until ? second(one.until) : end_s }))
}

/** When nothing was recorded though the meeting went on: the applicant had taken his consent back. */
export function withdrawnOf(call: CallView, end_s: number): Span[] {
  if (!call.consent_withdrawn_at) return []
  const from_s = Math.max(0, (Date.parse(call.consent_withdrawn_at) - zeroOf(call)) / 1000)
  return from_s < end_s ? [{ from_s, to_s: end_s }] : []
}

/** The moment that is second 0. */
export function zeroOf(call: CallView): number {
  return Date.parse(call.answered_at ?? call.opened_at)
}

/** When the camera of a party gave no picture though he was there: none that works was to be had. */
export interface Unseen extends Span {
  seat: Seated['seat']
  person_id: string
}

/** Of what the server keeps about devices that lacked, the cameras. */
export function unseenOf(call: CallView, lacking: readonly Lacking[], end_s: number): Unseen[] {
  const second = (at: string): number => (Date.parse(at) - zeroOf(call)) / 1000
  return lacking.flatMap((one) => {
    const leg = call.legs.find((other) => other.id === one.leg_id)
    if (!leg || one.mid !== '1') return []
    const ends = [one.to_at, leg.ended_at].flatMap((at) => (at ? [second(at)] : []))
    const [from_s, to_s] = [Math.max(0, second(one.from_at)), Math.min(end_s, ...ends)]
    return to_s > from_s ? [{ seat: leg.seat, person_id: leg.person.id, from_s, to_s }] : []
  })
}

/** The last second of the call, or of the last picture of it. */
export function endOf(call: CallView, playbacks: readonly PlaybackView[], now_ms: number): number {
  const zero = zeroOf(call)
  const ends = [call.ended_at ? Date.parse(call.ended_at) : now_ms]
  for (const one of playbacks)
    if (one.started_at && one.duration_s !== null)
      ends.push(Date.parse(one.started_at) + one.duration_s * 1000)
  return Math.max(1, (Math.max(...ends) - zero) / 1000)
}

/** On which side a person stands: his seat in the call, or else his unit. */
export function sides(call: CallView, view: CaseView): (person: PersonRef | null | undefined) => ActorSide {
  const seats = new Map(call.legs.map((leg) => [leg.person.id, leg.seat]))
  return (person) => {
    if (!person) return 'system'
    const seat = seats.get(person.id)
    if (seat) return seat === 'window' ? 'here' : 'far'
    return person.unit_id === view.window_unit_id ? 'here' : 'far'
  }
}

export function seatedOf(
  call: CallView,
  playbacks: readonly PlaybackView[],
  end_s: number,
  unseen: readonly Unseen[] = [],
): Seated[] {
  const zero = zeroOf(call)
  const second = (at: string): number => (Date.parse(at) - zero) / 1000
  const found: Seated[] = []
  for (const seat of ['approver', 'window', 'third', 'fourth', 'fifth', 'sixth'] as const) {
    const legs = call.legs.filter((leg) => leg.seat === seat)
    if (!legs.length) continue
    const names = (barged: boolean): string =>
      listed([...new Set(legs.filter((leg) => leg.barged === barged).map((leg) => leg.person.name))])
    found.push({
      seat,
      side: seat === 'window' ? 'here' : 'far',
      who: names(false),
      supervisors: names(true),
      // a call that nobody answered was none that somebody was in
      spans: (call.answered_at ? legs : []).map((leg) => ({
        from_s: Math.max(0, second(leg.joined_at)),
        to_s: Math.min(end_s, leg.ended_at ? second(leg.ended_at) : end_s),
      })),
      gaps: playbacks
        .filter((one) => one.seat === seat && one.source === 'face' && one.started_at)
        .flatMap((one) =>
          gapsOf(one).map((gap) => ({
            from_s: Math.max(0, gap.from_s + second(one.started_at ?? '')),
            to_s: gap.to_s + second(one.started_at ?? ''),
            reason: gap.reason,
          })),
        )
        .filter((gap) => gap.to_s > gap.from_s)
        .concat(
          unseen
            .filter((one) => one.seat === seat)
            .map(({ from_s, to_s }) => ({ from_s, to_s, reason: UNSEEN })),
        ),
    })
  }
  // the applicant sits at the window: he is there as long as it is
  const window = found.find((one) => one.seat === 'window')
  if (window)
    found.push({
      seat: 'applicant',
      side: 'guest',
      who: call.card.applicant_masked,
      supervisors: '',
      spans: window.spans,
      gaps: [],
    })
  return found
}

/** Which word names a party: his seat, or that he is a supervisor who joined in the open. */
export function wordOf(
  call: CallView | null,
  seat: PlaybackView['seat'],
  person_id: string | undefined,
): PlaybackView['seat'] | 'supervisor' {
  return call?.legs.some((leg) => leg.barged && leg.seat === seat && leg.person.id === person_id)
    ? 'supervisor'
    : seat
}

/** The spans of a playback without packets, in seconds of its file. */
export function gapsOf(
  playback: PlaybackView,
): { from_s: number; to_s: number; reason: string; mid: string }[] {
  return playback.gaps.flatMap((gap) => {
    const { from_s, to_s, reason, mid } = gap
    return typeof from_s === 'number' && typeof to_s === 'number'
      ? [
          {
            from_s,
            to_s,
            reason: typeof reason === 'string' ? reason : '',
            mid: typeof mid === 'string' ? mid : '',
          },
        ]
      : []
  })
}

/**
 * Why nothing is seen of a party: the connection was lost, the recording stood still, or the picture alone
 * did not come.
 */
export type Absence = 'gap' | 'broken' | 'unseen'

/** What a gap of a picture means; `voiceless`: nothing of the voice was there either. */
export function absence(gap: { reason: string; mid: string }, voiceless: boolean): Absence {
  if (['unwritten', 'dropped', 'cut'].includes(gap.reason)) return 'broken'
  return (voiceless || gap.mid !== '1') && gap.reason !== 'muted' ? 'gap' : 'unseen'
}
