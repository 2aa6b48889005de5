/**
 * What a call means to one person on its seats: derived from the call, from this page's connection and its
 * media, never kept. Pure.
 *
 *     none → waiting → ringing → connecting → active ⇄ hold … → ended
 *                                     ↑ reconnecting ↓ (here or there)
 */
import type { LineForm } from '../ui/states'
import type { CallSnapshot, LegView, RingView } from '../wire/messages'
import type { Connection } from '../wire/socket'

type CallView = CallSnapshot['call']

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
    | 'here_reconnecting'
    | 'there_silent'
    | 'there_lost'
    | 'replaced'
    | 'ended'
  /** when the phase runs out, as the server said it */
  until: string | null
}

/** The newest leg of a person in a call, whatever its state. */
export function legOf(call: CallView, person_id: string): LegView | null {
  return call.legs.filter((leg) => leg.person.id === person_id).at(-1) ?? null
}

/** The newest leg of the other seat. */
export function otherLeg(call: CallView, person_id: string): LegView | null {
  return call.legs.filter((leg) => leg.person.id !== person_id).at(-1) ?? null
}

export function ringOf(call: CallView, person_id: string): RingView | null {
  return call.rings.find((ring) => ring.target.id === person_id) ?? null
}

/** Whether this person sits in the call (or has dialled it), and not only is being asked. */
export function partOf(call: CallView, person_id: string): boolean {
  return call.caller.id === person_id || legOf(call, person_id) !== null
}

export function standing(
  call: CallView | null,
  person_id: string,
  page: { connection: Connection; media: MediaState; replaced: boolean; was_up: boolean },
): Standing {
  if (!call) return { form: 'idle', phase: 'none', until: null }
  if (call.state === 'ended') {
    return { form: call.reason === 'lost' || call.reason === 'no_media' ? 'lost' : 'idle', phase: 'ended', until: null }
  }
  if (page.replaced) return { form: 'hold', phase: 'replaced', until: null }
  if (call.state === 'open') {
    const ringing = call.rings.filter((ring) => ring.state === 'ringing')
    if (!ringing.length) return { form: 'waiting', phase: 'waiting', until: null }
    const deadlines = ringing.map((ring) => ring.deadline_at).sort()
    return { form: 'ringing', phase: 'ringing', until: deadlines.at(-1) ?? null }
  }
  if (page.connection !== 'connected') return { form: 'reconnecting', phase: 'here_reconnecting', until: null }
  const there = otherLeg(call, person_id)
  if (there && there.state !== 'joined') return { form: 'reconnecting', phase: 'there_lost', until: there.held_until }
  if (page.media !== 'up') {
    return page.was_up
      ? { form: 'reconnecting', phase: 'here_reconnecting', until: null }
      : { form: 'connecting', phase: 'connecting', until: null }
  }
  if (there?.silent) return { form: 'reconnecting', phase: 'there_silent', until: null }
  if (!there?.media) return { form: 'connecting', phase: 'connecting', until: null }
  return { form: 'active', phase: 'active', until: null }
}

/** Seconds as 08:36, or 1:02:09. */
export function spell(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, '0'))
  const hours = Math.floor(whole / 3600)
  return (hours ? [String(hours), ...parts] : parts).join(':')
}
