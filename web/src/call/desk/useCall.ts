/**
 * The calls of the person at this desk: one shared state for all pages, fed by the server's events.
 *
 * It joins what the page knows of calls, what a person does about them, and the seat keeper, which supplies this
 * page's seat with media. Views derive everything they show.
 */
import {
  computed,
  effectScope,
  onScopeDispose,
  readonly,
  ref,
  shallowRef,
  watch,
  type EffectScope,
} from 'vue'
import { localProblem, Problem } from '../../wire/http'
import type { AnyEphemeral, DeskView } from '../../wire/messages'
import { signedIn, type Duty } from '../../wire/session'
import { wire } from '../../wire/socket'
import type { Load } from '../rules/ladder'
import { legOf, partOf, standing } from '../rules/standing'
import { satIn, SeatKeeper } from '../seat/keeper'
import { useActs } from './acts'
import { useCalls } from './calls'
import { useJoining } from './joining'
import { useQualities } from './qualities'
import { useStreams } from './streams'
import { useVoices } from './voices'

function open(scope: EffectScope, ended: () => void) {
  const live = wire()
  const me = computed(() => signedIn.value?.id ?? '')
  const duty = ref<Duty>('away')
  const ready = ref(false)
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const say = (reason: unknown): void => void (problem.value = Problem.of(reason))
  const well = (): void => void (problem.value = null)
  const asking = { ask: live.ask.bind(live), say }

  const calls = useCalls({ ...asking, me, heed: (call) => seat.heed(call) })
  const { current, rings } = calls
  const { qualities, ...quality } = useQualities({ me, current, hint: (hint) => live.hint(hint) })
  const seat = new SeatKeeper({
    ...asking,
    connected: () => live.connection.value === 'connected',
    doubt: () => live.doubt(),
    me: () => me.value,
    current: () => current.value,
    find: calls.find,
    busy: () => busy.value,
    measured: quality.tell,
    well,
  })
  const { supply, way, gauging, remote } = seat

  /** Takes this person's seat of a running call to this page: after a reload, or back from another page. */
  function enter(call_id: string): void {
    const call = calls.find(call_id)
    if (call && call.state !== 'ended' && partOf(call, me.value)) seat.enter(call_id)
  }
  const { vacant, elsewhere } = useJoining({ me, current, ready, seat, enter })
  const acts = useActs({ ...asking, calls, seat, busy, well, duty })

  /** the unit that decides by now, as the page of the call's case knows it */
  const decided = shallowRef<{ case_id: string; unit_id: string } | null>(null)
  const deciding = computed(() =>
    decided.value?.case_id === current.value?.case_id ? decided.value?.unit_id : undefined,
  )
  const state = computed(() =>
    standing(current.value, me.value, {
      connection: live.connection.value,
      media: way.media.value,
      replaced: current.value !== null && seat.replaced.has(current.value.id),
      elsewhere: elsewhere.value,
      was_up: way.was_up.value,
      met: calls.met,
      deciding: deciding.value,
    }),
  )

  function overhear(ephemeral: AnyEphemeral): void {
    if (ephemeral.type === 'desk.replaced') seat.giveUp(ephemeral.call_id)
    else if (ephemeral.type === 'call.offer_wanted') seat.renegotiate(ephemeral.leg_id)
    else if (ephemeral.type === 'call.quality') quality.keep(ephemeral)
    else if (ephemeral.type === 'monitor.changed' && calls.find(ephemeral.call_id))
      calls.look(ephemeral.call_id).catch(say)
  }

  async function greet(): Promise<void> {
    try {
      const desk = await live.ask<DeskView & Record<string, unknown>>({ type: 'desk.open' })
      duty.value = desk.duty
      await calls.begin(desk.calls)
      ready.value = true
    } catch (reason) {
      say(reason)
    }
  }

  const off = [live.onEvent(calls.hear), live.onEphemeral(overhear), live.onConnected(() => void greet())]
  watch([calls.calls, () => live.connection.value, () => [...seat.claimed]], () => seat.attend())
  // a guest's seat is not known before the answer
  watch(rings, (all) => {
    const next = all.find(({ ring }) => !ring.invite_id)
    if (!calls.answers()) seat.ringing(next ? { call_id: next.call.id, ring_id: next.ring.id } : null)
  })
  watch(
    () => {
      const leg = current.value && legOf(current.value, me.value)
      return leg && { id: leg.id, media: leg.media }
    },
    (leg, before) => {
      if (leg && before?.id === leg.id && before.media && !leg.media && current.value?.state === 'live')
        seat.unheard(leg.id)
    },
  )
  watch(signedIn, (who) => {
    if (!who) scope.stop()
  })
  onScopeDispose(() => {
    off.forEach((stop) => stop())
    seat.close()
    ended()
  })

  const { devices, paper } = supply
  return {
    ready: readonly(ready),
    connection: live.connection,
    duty: readonly(duty),
    current,
    vacant,
    rings,
    missed_rings: calls.missed_rings,
    state,
    deciding,
    decides: (case_id: string, unit_id: string) => void (decided.value = { case_id, unit_id }),
    media: readonly(way.media),
    quality: gauging.quality,
    told: readonly(way.told),
    relayed: readonly(gauging.relayed),
    chosen: readonly(seat.chosen),
    met: calls.met,
    carry: (load: Load) => seat.carry(load),
    muted: readonly(seat.muted),
    devices,
    /** lines whose device cannot be had */
    lacks: computed(() => ({ '0': supply.lacks('0'), '1': supply.lacks('1') })),
    retryDevices: () => supply.retry(),
    ...useStreams({ me, calls: calls.calls, current, remote, devices, paper }),
    ...useVoices({ me, current, remote, devices, muted: seat.muted }),
    qualities,
    shares: computed(() => supply.screen.value !== null),
    heard: supply.heard,
    device_notice: supply.notice,
    showPaper: (on: boolean) => supply.showPaper(on).catch(say),
    shareScreen: (on: boolean) => supply.shareScreen(on),
    problem,
    busy: readonly(busy),
    me,
    ...acts,
    enter,
    /** whether this page has the seat of a call; whether it had it before it was loaded anew */
    sits: (call_id: string) => seat.claimed.has(call_id),
    sat: (call_id: string) => satIn(call_id),
    mute: (mid: '0' | '1', on: boolean) => seat.mute(mid, on).catch(say),
    reconnect: () => live.again(),
  }
}

export type CallDesk = ReturnType<typeof open>

let shared: CallDesk | null = null

/** The one state of this page's calls; opened by the first who asks after sign-in, closed at sign-out. */
export function useCall(): CallDesk {
  if (shared) return shared
  if (!signedIn.value) throw localProblem('unexpected')
  const scope = effectScope(true)
  shared = scope.run(() => open(scope, () => (shared = null))) as CallDesk
  return shared
}
