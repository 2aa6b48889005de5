/**
 * The calls of the person at this desk: one shared state for all pages, fed by the server's events.
 *
 * It holds snapshots and moves them by the reducer, asks the server to change them, and keeps this page's one
 * seat supplied with media: it answers the worker's offers, restarts what breaks, and takes the seat again after
 * a reload. Views derive everything they show; nothing here is drawn by a timer.
 */
import { computed, effectScope, onScopeDispose, reactive, readonly, ref, shallowRef, watch, type EffectScope } from 'vue'
import { localProblem, Problem } from '../wire/http'
import type { AnyEphemeral, AnyEvent, CallSnapshot, DeskView } from '../wire/messages'
import { signedIn } from '../wire/session'
import { wire } from '../wire/socket'
import { heard } from './clock'
import { closeDevices, openDevices, type Devices } from './devices'
import { level, SeatMedia, type IceServer, type Level, type Mid } from './media'
import { missed, reduceCall } from './reducer'
import { legOf, partOf, ringOf, standing, type MediaState } from './standing'

type CallView = CallSnapshot['call']
type Duty = DeskView['duty']

interface Seat {
  call_id: string
  leg_id: string
  media: SeatMedia
}

/** how long a connection may be weak before its ICE is restarted, and how long until it is built anew */
const WEAK_FOR_MS = 2_000
const UP_WITHIN_MS = 8_000
const AGAIN_AT_MOST_MS = 8_000
const FIGURES_EVERY_MS = 2_000

function open(scope: EffectScope, ended: () => void) {
  const live = wire()
  const calls = shallowRef<ReadonlyMap<string, CallSnapshot>>(new Map())
  const duty = ref<Duty>('away')
  const ready = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)

  const devices = shallowRef<Devices | null>(null)
  const remote = shallowRef<ReadonlyMap<Mid, MediaStreamTrack>>(new Map())
  const media = ref<MediaState>('none')
  const was_up = ref(false)
  const quality = ref<Level>(0)
  const muted = reactive<Record<'0' | '1', boolean>>({ '0': false, '1': false })

  /** calls whose seat this page has taken; calls whose seat was taken from it; endings that were read */
  const claimed = reactive(new Set<string>())
  const replaced = reactive(new Set<string>())
  const dismissed = reactive(new Set<string>())

  let seat: Seat | null = null
  let working: Promise<void> = Promise.resolve()
  let opening: Promise<Devices> | null = null
  let weak: ReturnType<typeof setTimeout> | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let pause_ms = 500

  const me = computed(() => signedIn.value?.id ?? '')

  /** The call this person sits in, or the last one that ended and was not put away. */
  const current = computed<CallView | null>(() => {
    const mine = [...calls.value.values()]
      .map((snapshot) => snapshot.call)
      .filter((call) => partOf(call, me.value) && !dismissed.has(call.id))
      .sort((one, other) => one.opened_at.localeCompare(other.opened_at))
    return mine.filter((call) => call.state !== 'ended').at(-1) ?? mine.at(-1) ?? null
  })

  /** The rings that wait for this person. */
  const rings = computed(() =>
    [...calls.value.values()].flatMap(({ call }) => {
      const ring = ringOf(call, me.value)
      return call.state === 'open' && ring?.state === 'ringing' ? [{ call, ring }] : []
    }),
  )

  /** The rings that this person let pass since the page was opened. */
  const missed_rings = computed(() =>
    [...calls.value.values()].flatMap(({ call }) => {
      const ring = ringOf(call, me.value)
      return ring?.state === 'missed' ? [{ call, ring }] : []
    }),
  )

  const state = computed(() =>
    standing(current.value, me.value, {
      connection: live.connection.value,
      media: media.value,
      replaced: current.value !== null && replaced.has(current.value.id),
      was_up: was_up.value,
    }),
  )

  // ------------------------------------------------------------ what the server says

  function keep(snapshot: CallSnapshot): void {
    const held = calls.value.get(snapshot.call.id)
    if (held && held.version > snapshot.version) return
    calls.value = new Map(calls.value).set(snapshot.call.id, snapshot)
  }

  async function look(call_id: string): Promise<void> {
    keep(await live.ask<CallSnapshot & Record<string, unknown>>({ type: 'call.open', call_id }))
  }

  function hear(event: AnyEvent): void {
    if (!event.subject.startsWith('call:')) return
    heard(event.at)
    const call_id = event.subject.slice('call:'.length)
    const held = calls.value.get(call_id)
    if (held) {
      if (missed(held, event)) look(call_id).catch(say)
      else keep(reduceCall(held, event))
    } else if (event.type === 'call.changed') {
      keep({ version: event.version, audience: partOf(event.call, me.value) ? 'party' : 'rung', call: event.call })
    }
  }

  function overhear(ephemeral: AnyEphemeral): void {
    if (ephemeral.type === 'desk.replaced') replaced.add(ephemeral.call_id)
  }

  async function greet(): Promise<void> {
    try {
      const desk = await live.ask<DeskView & Record<string, unknown>>({ type: 'desk.open' })
      duty.value = desk.duty
      desk.calls.forEach(keep)
      const running = new Set(desk.calls.map((snapshot) => snapshot.call.id))
      // what ended while nobody listened must still be seen to end
      for (const { call } of calls.value.values()) {
        if (call.state !== 'ended' && !running.has(call.id)) await look(call.id)
      }
      ready.value = true
    } catch (reason) {
      say(reason)
    }
  }

  function say(reason: unknown): void {
    problem.value = Problem.of(reason)
  }

  // ------------------------------------------------------------ media of this page's seat

  function ownDevices(): Promise<Devices> {
    opening ??= openDevices().then((found) => (devices.value = found))
    return opening
  }

  function leaveDevices(): void {
    closeDevices(devices.value)
    devices.value = null
    opening = null
  }

  /** Whether camera and microphone are for something: a call of this page that runs, or is about to. */
  function wanted(): boolean {
    return busy.value || [...claimed].some((call_id) => calls.value.get(call_id)?.call.state !== 'ended')
  }

  function dropSeat(): void {
    clearTimeout(weak)
    clearTimeout(again)
    seat?.media.close()
    seat = null
    remote.value = new Map()
    media.value = 'none'
    quality.value = 0
  }

  /** Runs one step of the seat's life after the other; a step that fails is tried again, ever more slowly. */
  function attend(): void {
    working = working.then(step).catch((reason: unknown) => {
      say(reason)
      clearTimeout(again)
      again = setTimeout(attend, pause_ms)
      pause_ms = Math.min(pause_ms * 2, AGAIN_AT_MOST_MS)
    })
  }

  async function step(): Promise<void> {
    const call = current.value
    if (!call || call.state === 'ended' || replaced.has(call.id)) {
      dropSeat()
      was_up.value = false
      pause_ms = 500
      if (call?.state === 'ended') claimed.delete(call.id)
      if (!wanted()) leaveDevices()
      return
    }
    if (!claimed.has(call.id) || call.state !== 'live' || live.connection.value !== 'connected') return
    const leg = legOf(call, me.value)
    if (seat && seat.call_id === call.id) {
      // our place was given up while we were away, or the worker lost us: take it anew
      if (leg?.id === seat.leg_id && leg.state === 'lost') await rejoin(call.id)
      // every leg that this page takes is in `seat` before the next step: a later one is another page's
      else if (leg && leg.id !== seat.leg_id && call.legs.some((one) => one.id === seat?.leg_id)) replaced.add(call.id)
      return
    }
    if (leg?.state === 'joined') await connect(call.id, leg.id)
    else await rejoin(call.id)
  }

  async function rejoin(call_id: string): Promise<void> {
    const { leg_id } = await live.ask<{ leg_id: string }>({ type: 'call.join', call_id })
    await connect(call_id, leg_id)
  }

  async function connect(call_id: string, leg_id: string): Promise<void> {
    seat?.media.close()
    seat = null
    media.value = 'asking'
    const [own, offer] = await Promise.all([
      ownDevices(),
      live.ask<{ sdp: string; ice_servers: IceServer[] }>({ type: 'call.connect', call_id, leg_id }),
    ])
    if (own.microphone) own.microphone.enabled = !muted['0']
    if (own.camera) own.camera.enabled = !muted['1']
    const tracks = new Map<Mid, MediaStreamTrack>()
    if (own.microphone) tracks.set('0', own.microphone)
    if (own.camera) tracks.set('1', own.camera)
    const fresh: Seat = {
      call_id,
      leg_id,
      media: new SeatMedia(offer.ice_servers, tracks, {
        tracks: (arrived) => {
          if (seat === fresh) remote.value = arrived
        },
        state: (now) => seat === fresh && feel(now),
      }),
    }
    seat = fresh
    media.value = 'negotiating'
    try {
      const sdp = await fresh.media.answer(offer.sdp)
      await live.ask({ type: 'call.describe', call_id, leg_id, sdp })
    } catch (reason) {
      dropSeat()
      throw reason
    }
    const told = calls.value.get(call_id)?.call.legs.find((leg) => leg.id === leg_id)?.muted
    for (const mid of ['0', '1'] as const) {
      if (muted[mid] && !told?.includes(mid)) await live.ask({ type: 'call.mute', call_id, leg_id, mid, on: true })
    }
    weak = setTimeout(() => media.value !== 'up' && rebuild(), UP_WITHIN_MS)
  }

  function feel(now: 'up' | 'weak' | 'broken'): void {
    clearTimeout(weak)
    if (now === 'up') {
      media.value = 'up'
      was_up.value = true
      pause_ms = 500
      problem.value = null
    } else if (now === 'weak') {
      weak = setTimeout(restart, WEAK_FOR_MS)
    } else {
      restart()
    }
  }

  /** Same seat, new ICE: what a change of network needs. */
  function restart(): void {
    const held = seat
    if (!held || live.connection.value !== 'connected') return
    media.value = 'broken'
    working = working
      .then(async () => {
        if (seat !== held) return
        const { call_id, leg_id } = held
        const offer = await live.ask<{ sdp: string }>({ type: 'call.connect', call_id, leg_id, restart: true })
        const sdp = await held.media.answer(offer.sdp)
        await live.ask({ type: 'call.describe', call_id, leg_id, sdp })
        weak = setTimeout(() => seat === held && media.value !== 'up' && rebuild(), UP_WITHIN_MS)
      })
      .catch(rebuild)
  }

  /** New leg, new connection: what a lost worker needs. */
  function rebuild(): void {
    const call_id = seat?.call_id
    if (call_id === undefined) return
    dropSeat()
    media.value = 'broken'
    working = working.then(() => (claimed.has(call_id) ? rejoin(call_id) : undefined)).catch((reason: unknown) => {
      say(reason)
      again = setTimeout(attend, pause_ms)
      pause_ms = Math.min(pause_ms * 2, AGAIN_AT_MOST_MS)
    })
  }

  // ------------------------------------------------------------ what a person does

  async function act<R = Record<string, unknown>>(command: Parameters<typeof live.ask>[0]): Promise<R | null> {
    busy.value = true
    problem.value = null
    try {
      return await live.ask<R>(command)
    } catch (reason) {
      say(reason)
      return null
    } finally {
      busy.value = false
    }
  }

  function putAway(): void {
    const call = current.value
    if (call?.state === 'ended') dismissed.add(call.id)
    problem.value = null
  }

  async function dial(case_id: string): Promise<string | null> {
    putAway()
    void ownDevices()
    const result = await act<{ call_id: string }>({ type: 'call.dial', case_id })
    if (!result) {
      leaveDevices()
      return null
    }
    claimed.add(result.call_id)
    attend()
    return result.call_id
  }

  async function answer(call_id: string): Promise<string | null> {
    const asked = calls.value.get(call_id)?.call
    const mine = asked && ringOf(asked, me.value)
    if (!asked || !mine) return null
    putAway()
    void ownDevices()
    const result = await act<{ leg_id: string }>({ type: 'call.answer', call_id, ring_id: mine.id })
    if (!result) {
      leaveDevices()
      return null
    }
    claimed.add(call_id)
    attend()
    return asked.case_id
  }

  async function decline(call_id: string): Promise<void> {
    const asked = calls.value.get(call_id)?.call
    const mine = asked && ringOf(asked, me.value)
    if (mine) await act({ type: 'call.decline', call_id, ring_id: mine.id })
  }

  async function cancel(): Promise<void> {
    if (current.value) await act({ type: 'call.cancel', call_id: current.value.id })
  }

  async function hangUp(): Promise<void> {
    if (current.value) await act({ type: 'call.hang_up', call_id: current.value.id })
  }

  /** Takes this person's seat of a running call to this page: after a reload, or back from another page. */
  function enter(call_id: string): void {
    const call = calls.value.get(call_id)?.call
    if (!call || call.state === 'ended' || !partOf(call, me.value)) return
    if (claimed.has(call_id)) return
    replaced.delete(call_id)
    working = working
      .then(async () => {
        if (claimed.has(call_id)) return
        const held = calls.value.get(call_id)?.call
        const leg = held && legOf(held, me.value)
        // who had muted himself stays muted over a reload
        for (const mid of ['0', '1'] as const) muted[mid] = leg?.muted.includes(mid) ?? false
        // an old page of ours may still hold the seat: the newer wins
        if (held?.state === 'live') await rejoin(call_id)
        else await live.ask({ type: 'call.join', call_id })
        claimed.add(call_id)
      })
      .catch(say)
      .then(attend)
  }

  async function setDuty(wanted: Duty): Promise<void> {
    const result = await act<{ duty: Duty }>({ type: 'desk.duty', duty: wanted })
    if (result) duty.value = result.duty
  }

  async function mute(mid: '0' | '1', on: boolean): Promise<void> {
    muted[mid] = on
    const track = mid === '0' ? devices.value?.microphone : devices.value?.camera
    if (track) track.enabled = !on
    if (seat) await live.ask({ type: 'call.mute', call_id: seat.call_id, leg_id: seat.leg_id, mid, on }).catch(say)
  }

  // ------------------------------------------------------------ joining it all

  const off = [live.onEvent(hear), live.onEphemeral(overhear), live.onConnected(() => void greet())]
  watch([calls, () => live.connection.value, () => [...claimed], () => [...replaced]], () => {
    replaced.forEach((call_id) => claimed.delete(call_id))
    attend()
  })
  watch(
    () => {
      const leg = current.value && legOf(current.value, me.value)
      return leg && { id: leg.id, media: leg.media }
    },
    (leg, before) => {
      // the server saw our worker go before the browser could
      if (leg?.id === seat?.leg_id && before?.id === leg?.id && before?.media && !leg?.media && current.value?.state === 'live') rebuild()
    },
  )
  function measure(): void {
    const held = seat
    if (!held || media.value !== 'up') return
    held.media.figures().then((seen) => {
      if (seat === held) quality.value = level(seen)
    }, say)
  }
  const figures = setInterval(measure, FIGURES_EVERY_MS)
  watch(media, measure)
  watch(signedIn, (who) => {
    if (!who) scope.stop()
  })
  onScopeDispose(() => {
    off.forEach((stop) => stop())
    clearInterval(figures)
    dropSeat()
    leaveDevices()
    ended()
  })

  const face = shallowRef<MediaStream | null>(null)
  const document_camera = shallowRef<MediaStream | null>(null)
  const own_face = shallowRef<MediaStream | null>(null)
  watch(remote, (arrived) => {
    const wanted = [arrived.get('0'), arrived.get('1')].filter((track) => track !== undefined)
    const held = face.value?.getTracks() ?? []
    if (wanted.length !== held.length || wanted.some((track) => !held.includes(track))) {
      face.value = wanted.length ? new MediaStream(wanted) : null
    }
    const paper = arrived.get('2')
    document_camera.value = paper && !paper.muted ? (document_camera.value ?? new MediaStream([paper])) : null
  })
  watch(devices, (found) => (own_face.value = found?.camera ? new MediaStream([found.camera]) : null))

  return {
    ready: readonly(ready),
    connection: live.connection,
    duty: readonly(duty),
    current,
    rings,
    missed_rings,
    state,
    media: readonly(media),
    quality: readonly(quality),
    muted: readonly(muted),
    devices,
    face,
    document_camera,
    own_face,
    problem,
    busy: readonly(busy),
    me,
    dial,
    answer,
    decline,
    cancel,
    hangUp,
    enter,
    setDuty,
    mute,
    putAway,
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
