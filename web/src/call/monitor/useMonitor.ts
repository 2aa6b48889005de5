/**
 * A supervisor following one running call from this page: begins unseen, whispers, barges in, and ends.
 *
 *     none → listen ⇄ whisper ⇄ barge → none          (what the server says; the media follow)
 *
 * A way of its own to the worker: no camera is ever opened here, and the microphone only once he is to be heard.
 * What breaks is connected anew; a page that was reloaded begins again with the reason that was given.
 */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { Problem } from '../../wire/http'
import type { AnyEphemeral, AnyEvent, CallSnapshot, MonitorTurn } from '../../wire/messages'
import { signedIn } from '../../wire/session'
import { wire } from '../../wire/socket'
import { heard } from '../../rules/clock'
import { openOne } from '../seat/devices'
import { midIn, SeatMedia, type Arrived, type IceServer, type Mid } from '../seat/media'
import { missed, reduceCall } from '../rules/reducer'
import { legOf, seatedLegs, SEATS } from '../rules/standing'

export type MonitorWay = MonitorTurn['way']

const AGAIN_MS = 1_000
const AGAIN_AT_MOST_MS = 8_000

/** The group of m-lines that brings a seat to who sits at `own`, or follows unseen from the last of the places. */
export function groupOf(seat: (typeof SEATS)[number], own: (typeof SEATS)[number] | null): number {
  const place = SEATS.indexOf(seat)
  return own ? place - Number(place > SEATS.indexOf(own)) : Math.min(place, SEATS.length - 2)
}

export function useMonitor(call_id: Ref<string>) {
  const live = wire()
  const snapshot = shallowRef<CallSnapshot | null>(null)
  const way = ref<MonitorWay | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  const up = ref(false)
  const remote = shallowRef<Arrived>(new Map())
  const voice = shallowRef<MediaStreamTrack | null>(null)
  const muted = ref(false)
  const streams = new Map<string, MediaStream>()

  /** what stands for this page at the worker: the monitor, or the leg of a barge */
  let party: string | null = null
  let monitor_id: string | null = null
  let media: SeatMedia | null = null
  let again: ReturnType<typeof setTimeout> | undefined
  let pause_ms = AGAIN_MS
  let working: Promise<void> = Promise.resolve()

  const me = computed(() => signedIn.value?.id ?? '')
  const call = computed(() => snapshot.value?.call ?? null)
  const own = computed(() =>
    way.value === 'barge' && call.value ? (legOf(call.value, me.value)?.seat ?? null) : null,
  )

  /** Everybody in the call but this person, with what arrives of him. */
  const parties = computed(() => {
    const there = call.value ? seatedLegs(call.value).filter((leg) => leg.person.id !== me.value) : []
    return there.map((leg) => {
      const group = groupOf(leg.seat, own.value)
      return {
        leg,
        face: stream(`${leg.seat}-face`, midIn(group, '0'), midIn(group, '1')),
        paper: paper(leg, group, '2'),
        screen: paper(leg, group, '3'),
      }
    })
  })

  function stream(name: string, ...mids: string[]): MediaStream | null {
    const wanted = mids.map((mid) => remote.value.get(mid)).filter((track) => track !== undefined)
    const held = streams.get(name)
    const same =
      held &&
      held.getTracks().length === wanted.length &&
      wanted.every((track) => held.getTracks().includes(track))
    if (same) return held
    if (!wanted.length) return null
    const made = new MediaStream(wanted)
    streams.set(name, made)
    return made
  }

  function paper(leg: { seat: string; muted: string[] }, group: number, mid: '2' | '3'): MediaStream | null {
    const track = remote.value.get(midIn(group, mid))
    return !track || track.muted || leg.muted.includes(mid)
      ? null
      : stream(`${leg.seat}-${mid}`, midIn(group, mid))
  }

  // ------------------------------------------------------------ what the server says

  async function look(): Promise<void> {
    const seen = await live.ask<CallSnapshot & Record<string, unknown>>({
      type: 'call.open',
      call_id: call_id.value,
    })
    snapshot.value = seen
    if (way.value && way.value !== 'barge' && !seen.monitors.some((one) => one.id === monitor_id)) over()
  }

  /** The page may have come back as somebody who may not know of the call any more. */
  function lookAgain(): Promise<void> {
    return look().catch((reason: unknown) => {
      if (reason instanceof Problem && reason.code === 'not_found') over()
      say(reason)
    })
  }

  function hear(event: AnyEvent): void {
    if (event.subject !== `call:${call_id.value}` || !snapshot.value) return
    heard(event.at)
    if (missed(snapshot.value, event)) look().catch(say)
    else snapshot.value = reduceCall(snapshot.value, event)
    const mine = call.value && legOf(call.value, me.value)
    const gone = way.value === 'barge' && mine?.id === party && mine.state === 'left'
    if (call.value?.state === 'ended' || gone) over()
  }

  function overhear(told: AnyEphemeral): void {
    if (told.type === 'monitor.changed' && told.call_id === call_id.value) look().catch(say)
    else if (told.type === 'call.offer_wanted' && told.leg_id === party) run(renegotiate)
  }

  function say(reason: unknown): void {
    problem.value = Problem.of(reason)
  }

  // ------------------------------------------------------------ media

  function run(step: () => Promise<void>): void {
    working = working.then(step).catch((reason: unknown) => {
      say(reason)
      later()
    })
  }

  function later(): void {
    clearTimeout(again)
    if (!party) return
    again = setTimeout(() => run(connect), pause_ms)
    pause_ms = Math.min(pause_ms * 2, AGAIN_AT_MOST_MS)
  }

  function outgoing(): Map<Mid, MediaStreamTrack> {
    return voice.value && !muted.value && way.value !== 'listen' ? new Map([['0', voice.value]]) : new Map()
  }

  async function connect(): Promise<void> {
    const leg_id = party
    if (!leg_id) return
    media?.close()
    up.value = false
    remote.value = new Map()
    const offer = await live.ask<{ sdp: string; ice_servers: IceServer[] }>({
      type: 'call.connect',
      call_id: call_id.value,
      leg_id,
    })
    if (party !== leg_id) return
    const opened = new SeatMedia(offer.ice_servers, false, outgoing(), {
      tracks: (arrived) => {
        if (media === opened) remote.value = arrived
      },
      state: (now) => {
        if (media !== opened) return
        up.value = now !== 'broken'
        if (now === 'broken') later()
        else if (now === 'up') {
          pause_ms = AGAIN_MS
          problem.value = null
        }
      },
    })
    media = opened
    await describe(leg_id, offer.sdp)
  }

  async function describe(leg_id: string, offer: string): Promise<void> {
    const sdp = await media?.answer(offer, 'whole')
    if (sdp && party === leg_id)
      await live.ask({ type: 'call.describe', call_id: call_id.value, leg_id, sdp })
  }

  async function renegotiate(): Promise<void> {
    const leg_id = party
    if (!leg_id || !media) return
    const offer = await live.ask<{ sdp: string }>({
      type: 'call.connect',
      call_id: call_id.value,
      leg_id,
      restart: true,
    })
    if (!media.fits(offer.sdp)) await connect()
    else await describe(leg_id, offer.sdp)
  }

  function over(): void {
    party = monitor_id = way.value = null
    clearTimeout(again)
    media?.close()
    media = null
    up.value = false
    remote.value = new Map()
    voice.value?.stop()
    voice.value = null
    muted.value = false
  }

  // ------------------------------------------------------------ what he does

  async function act(work: () => Promise<void>): Promise<boolean> {
    busy.value = true
    problem.value = null
    try {
      await work()
      return true
    } catch (reason) {
      say(reason)
      return false
    } finally {
      busy.value = false
    }
  }

  const begin = (reason: string) =>
    act(async () => {
      const begun = await live.ask<{ monitor_id: string }>({
        type: 'monitor.begin',
        call_id: call_id.value,
        reason,
      })
      party = monitor_id = begun.monitor_id
      way.value = 'listen'
      run(connect)
    })

  /** Goes on in another way; who is to be heard has his microphone opened first. */
  const turn = (wanted: MonitorWay, reason: string) =>
    act(async () => {
      if (wanted !== 'listen' && !voice.value) {
        const { track, trouble } = await openOne('microphone')
        voice.value = track
        if (trouble) problem.value = null
      }
      if (!monitor_id) return
      const before = way.value
      const turned = await live.ask<{ leg_id: string | null }>({
        type: 'monitor.turn',
        call_id: call_id.value,
        monitor_id,
        way: wanted,
        reason,
      })
      way.value = wanted
      if (wanted === 'listen') {
        voice.value?.stop()
        voice.value = null
      }
      muted.value = false
      if (wanted === 'barge' || before === 'barge') {
        party = turned.leg_id ?? monitor_id
        if (wanted === 'barge')
          await live.ask({ type: 'call.mute', call_id: call_id.value, leg_id: party, mid: '1', on: true })
        run(connect)
        await look()
      } else await media?.send(outgoing())
    })

  const end = () =>
    act(async () => {
      if (monitor_id) await live.ask({ type: 'monitor.end', call_id: call_id.value, monitor_id })
      over()
    })

  async function mute(on: boolean): Promise<void> {
    muted.value = on
    await media?.send(outgoing())
    if (way.value === 'barge' && party)
      await live.ask({ type: 'call.mute', call_id: call_id.value, leg_id: party, mid: '0', on }).catch(say)
  }

  const off = [
    live.onEvent(hear),
    live.onEphemeral(overhear),
    live.onConnected(() => {
      void lookAgain()
      if (party && !up.value) run(connect)
    }),
  ]
  watch(
    call_id,
    () => {
      over()
      snapshot.value = null
      look().catch(say)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    off.forEach((stop) => stop())
    if (monitor_id)
      live.send({ type: 'monitor.end', call_id: call_id.value, monitor_id }).catch(() => undefined)
    over()
  })

  return { call, parties, way, up, problem, busy, voice, muted, own, begin, turn, end, mute }
}
