/** What a person does about calls: each act is asked of the server, one at a time, and what is refused is shown. */
import type { Ref } from 'vue'
import { fetched } from '../../wire/ahead'
import type { Unsent } from '../../wire/socket'
import { invitationOf } from '../rules/standing'
import type { Answered, SeatKeeper } from '../seat/keeper'
import { browserMeans, type Ticking } from '../seat/means'
import type { Asking, Calls } from './calls'
import type { Duty } from '../../wire/session'

/** how long what an answer changes on the page may wait for its connection to be negotiated */
export const MEDIA_FIRST_MS = 400
/** Files that the call would need stand before it so long: in a call they take the line from its pictures. */
const BEFORE_DIAL_MS = 3_000

export interface DeskActing extends Asking {
  calls: Pick<Calls, 'current' | 'dismiss' | 'putOff' | 'ringing'>
  seat: Pick<SeatKeeper, 'begin' | 'claim' | 'rest' | 'ringing'> & {
    supply: Pick<SeatKeeper['supply'], 'prepare'>
  }
  /** whether an act is on its way */
  busy: Ref<boolean>
  /** nothing that went wrong before holds any more */
  well: () => void
  duty: Ref<Duty>
  time?: Ticking
}

export function useActs({ ask, say, calls, seat, busy, well, duty, time = browserMeans.time }: DeskActing) {
  let dialling = false

  async function act<R = Record<string, unknown>>(command: Unsent): Promise<R | null> {
    busy.value = true
    well()
    try {
      return await ask<R>(command)
    } catch (reason) {
      say(reason)
      return null
    } finally {
      busy.value = false
    }
  }

  function putAway(): void {
    calls.dismiss()
    well()
  }

  async function dial(case_id: string): Promise<string | null> {
    if (dialling) return null
    dialling = true
    putAway()
    void seat.supply.prepare()
    busy.value = true
    await fetched(BEFORE_DIAL_MS)
    dialling = false
    const result = await act<{ call_id: string }>({ type: 'call.dial', case_id })
    if (result) void seat.claim(result.call_id)
    else seat.rest()
    return result?.call_id ?? null
  }

  /** Answers a ring; returns the case that it is about, or null when somebody was faster. Begins to connect first. */
  async function answer(call_id: string): Promise<string | null> {
    const asked = calls.ringing(call_id)
    if (!asked) return null
    putAway()
    void seat.supply.prepare()
    const draw = calls.putOff(call_id)
    const leg_id = seat.begin(asked.ring.id)
    const result = await act<Answered>({
      type: 'call.answer',
      call_id,
      ring_id: asked.ring.id,
      connect: true,
      ...(leg_id ? { leg_id } : {}),
    })
    const late = new Promise<void>((resolve) => time.after(MEDIA_FIRST_MS, resolve))
    void Promise.resolve(result && Promise.race([seat.claim(call_id, result), late])).then(draw)
    if (!result) {
      seat.ringing(null)
      seat.rest()
    }
    return result ? asked.call.case_id : null
  }

  async function decline(call_id: string): Promise<void> {
    const asked = calls.ringing(call_id)
    if (asked) await act({ type: 'call.decline', call_id, ring_id: asked.ring.id })
  }

  /** What is asked about the call in which this person sits; null without one, or when it was refused. */
  async function actIn(command: (call_id: string) => Unsent): Promise<Record<string, unknown> | null> {
    const call = calls.current.value
    return call && act(command(call.id))
  }

  return {
    putAway,
    dial,
    answer,
    decline,
    cancel: async (): Promise<void> => void (await actIn((call_id) => ({ type: 'call.cancel', call_id }))),
    /** Ends the call, or leaves it as its third party; false when that was refused. */
    hangUp: async (): Promise<boolean> =>
      (await actIn((call_id) => ({ type: 'call.hang_up', call_id }))) !== null,
    /** Asks one more unit into the live call; true when its approvers are being rung. */
    invite: async (unit_id: string, note: string): Promise<boolean> =>
      (await actIn((call_id) => ({ type: 'call.invite', call_id, unit_id, note }))) !== null,
    withdraw: async (): Promise<void> => {
      const call = calls.current.value
      const invitation = call && invitationOf(call)
      if (invitation) await act({ type: 'call.withdraw', call_id: call.id, invite_id: invitation.id })
    },
    /** Lets nobody hear or see anybody, or ends that again. */
    hold: async (on: boolean): Promise<void> =>
      void (await actIn((call_id) => ({ type: on ? 'call.hold' : 'call.resume', call_id }))),
    setDuty: async (wanted: Duty): Promise<void> => {
      const result = await act<{ duty: Duty }>({ type: 'desk.duty', duty: wanted })
      if (result) duty.value = result.duty
    },
  }
}
