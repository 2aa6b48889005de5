/**
 * The calls that this page knows: snapshots, moved by the reducer as the server's events come, and which of them is
 * this person's, which ring here and which he let pass.
 */
import { computed, reactive, shallowRef, type Ref } from 'vue'
import { heard } from '../../rules/clock'
import type { AnyEvent, CallSnapshot, CallView } from '../../wire/messages'
import type { Unsent } from '../../wire/socket'
import { missed, reduceCall } from '../rules/reducer'
import { partOf, ringOf } from '../rules/standing'

/** What the acts, the seat and the calls ask of the page. */
export interface Asking {
  ask: <R = Record<string, unknown>>(command: Unsent) => Promise<R>
  /** what went wrong is shown */
  say: (reason: unknown) => void
}

export interface Listening extends Asking {
  me: Readonly<Ref<string>>
  /** a call is about to be drawn as it is now */
  heed: (call: CallView) => void
}

export function useCalls({ me, ask, heed, say }: Listening) {
  const calls = shallowRef<ReadonlyMap<string, CallSnapshot>>(new Map())
  /** endings that were read */
  const dismissed = reactive(new Set<string>())
  /** legs whose media this page has known to be there */
  const met = reactive(new Set<string>())
  /** a call that is being answered here: drawing it would keep its media waiting, so what it becomes is put off */
  let answering: { call_id: string; put_off: AnyEvent[] } | null = null

  const views = computed(() => [...calls.value.values()].map((snapshot) => snapshot.call))

  /** The call this person sits in, or the last one that ended and was not put away. */
  const current = computed<CallView | null>(() => {
    const mine = views.value
      .filter((call) => partOf(call, me.value) && !dismissed.has(call.id))
      .sort((one, other) => one.opened_at.localeCompare(other.opened_at))
    return mine.filter((call) => call.state !== 'ended').at(-1) ?? mine.at(-1) ?? null
  })

  /** The rings that wait for this person. */
  const rings = computed(() =>
    views.value.flatMap((call) => {
      const ring = ringOf(call, me.value)
      return call.state !== 'ended' && ring?.state === 'ringing' ? [{ call, ring }] : []
    }),
  )

  /** The rings that this person let pass since the page was opened. */
  const missed_rings = computed(() =>
    views.value.flatMap((call) => {
      const ring = ringOf(call, me.value)
      return ring?.state === 'missed' ? [{ call, ring }] : []
    }),
  )

  function keep(snapshot: CallSnapshot): void {
    const held = calls.value.get(snapshot.call.id)
    if (held && held.version > snapshot.version) return
    for (const leg of snapshot.call.legs) if (leg.media) met.add(leg.id)
    heed(snapshot.call)
    calls.value = new Map(calls.value).set(snapshot.call.id, snapshot)
  }

  async function look(call_id: string): Promise<void> {
    keep(await ask<CallSnapshot & Record<string, unknown>>({ type: 'call.open', call_id }))
  }

  function hear(event: AnyEvent): void {
    if (!event.subject.startsWith('call:')) return
    heard(event.at)
    const call_id = event.subject.slice('call:'.length)
    if (answering?.call_id === call_id) answering.put_off.push(event)
    else take(call_id, event)
  }

  function take(call_id: string, event: AnyEvent): void {
    const held = calls.value.get(call_id)
    if (held) {
      if (missed(held, event)) look(call_id).catch(say)
      else keep(reduceCall(held, event))
    } else if (event.type === 'call.changed') {
      keep({
        version: event.version,
        audience: partOf(event.call, me.value) ? 'party' : 'rung',
        call: event.call,
        monitors: [],
      })
    }
  }

  return {
    calls,
    met,
    current,
    rings,
    missed_rings,
    keep,
    look,
    hear,
    find: (call_id: string) => calls.value.get(call_id)?.call,
    /** The ring at which this person is asked to answer a call. */
    ringing: (call_id: string) => {
      const call = calls.value.get(call_id)?.call
      const ring = call && ringOf(call, me.value)
      return ring ? { call, ring } : null
    },
    /** Whether a call is being answered here. */
    answers: () => answering !== null,
    /** Puts off what this call becomes, until the function that is given back is called. */
    putOff: (call_id: string): (() => void) => {
      const own = (answering = { call_id, put_off: [] as AnyEvent[] })
      return () => {
        if (answering === own) answering = null
        for (const event of own.put_off) take(call_id, event)
      }
    },
    /** The person has read that the call ended. */
    dismiss: () => {
      const call = current.value
      if (call?.state === 'ended') dismissed.add(call.id)
    },
    /** Brings what the desk was sent; what ended while nobody listened must still be seen to end. */
    begin: async (desk: readonly CallSnapshot[]) => {
      desk.forEach(keep)
      const running = new Set(desk.map((snapshot) => snapshot.call.id))
      for (const call of views.value) if (call.state !== 'ended' && !running.has(call.id)) await look(call.id)
    },
  }
}

export type Calls = ReturnType<typeof useCalls>
