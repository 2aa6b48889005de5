/**
 * The calls of the person at this desk: one shared state for all pages, fed by the server's events.
 *
 * It holds snapshots and moves them by the reducer, asks the server to change them, and lets the seat keeper
 * supply this page's seat with media. Views derive everything they show.
 */
import {
  computed,
  effectScope,
  onScopeDispose,
  reactive,
  readonly,
  ref,
  shallowRef,
  watch,
  type EffectScope,
} from 'vue'
import { localProblem, Problem } from '../../wire/http'
import type { AnyEphemeral, AnyEvent, CallQuality, CallSnapshot, DeskView } from '../../wire/messages'
import { signedIn } from '../../wire/session'
import { fetched } from '../../wire/ahead'
import { wire, type Unsent } from '../../wire/socket'
import { heard } from '../../rules/clock'
import { missed, reduceCall } from '../rules/reducer'
import type { Load } from '../rules/ladder'
import { satIn, SeatKeeper, type Answered, type Quality } from '../seat/keeper'
import type { Level, Sample } from '../rules/quality'
import { midIn, type Arrived } from '../seat/media'
import { Talking, Voices } from '../rules/speaking'
import {
  furtherLegs,
  holdOf,
  invitationOf,
  leftEmpty,
  legOf,
  otherLeg,
  partOf,
  ringOf,
  secondLeg,
  standing,
  takesSeat,
} from '../rules/standing'

type CallView = CallSnapshot['call']
type Duty = DeskView['duty']

/** how long what an answer changes on the page may wait for its connection to be negotiated */
const MEDIA_FIRST_MS = 400
/** A page whose seat a newer one took has it again when that is away for so long. It says so at once; a newer one that was only reloaded takes it again. */
const TAKEN_BACK_AFTER_MS = 1_000
/** A page that never had the seat takes it when no page has had it for so long: one that is loaded anew is back by then. */
const DESERTED_AFTER_MS = 3_000
/** Files that the call would need stand before it so long: in a call they take the line from its pictures. */
const BEFORE_DIAL_MS = 3_000
/** A page tells how good its connection is every so often; of one that does not, nothing is known after a while. */
const TOLD_EVERY_MS = 4_000
const QUIET_AFTER_MS = 13_000

export interface Told {
  level: Level
  sample: Sample
  at_ms: number
}

function open(scope: EffectScope, ended: () => void) {
  const live = wire()
  const calls = shallowRef<ReadonlyMap<string, CallSnapshot>>(new Map())
  const duty = ref<Duty>('away')
  const ready = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  let dialling = false

  /** a call that is being answered here: drawing it would keep its media waiting, so what it becomes is put off */
  let answering: { call_id: string; put_off: AnyEvent[] } | null = null
  /** endings that were read */
  const dismissed = reactive(new Set<string>())
  /** legs whose media this page has known to be there */
  const met = reactive(new Set<string>())
  const seat = new SeatKeeper({
    ask: (command) => live.ask(command),
    connected: () => live.connection.value === 'connected',
    doubt: () => live.doubt(),
    me: () => me.value,
    current: () => current.value,
    find: (call_id) => calls.value.get(call_id)?.call,
    busy: () => busy.value,
    say,
    measured: tellQuality,
    well: () => (problem.value = null),
  })

  /** how good the connection of each other leg is, as its own page tells; gone when it tells nothing more */
  const qualities = shallowRef<ReadonlyMap<string, Told>>(new Map())
  let quality_told_at = -Infinity

  function tellQuality(call_id: string, quality: Quality): void {
    const leg = current.value?.id === call_id ? legOf(current.value, me.value) : null
    if (!leg || leg.state !== 'joined' || performance.now() - quality_told_at < TOLD_EVERY_MS) return
    quality_told_at = performance.now()
    live.hint({
      type: 'call.quality',
      call_id,
      leg_id: leg.id,
      quality: quality.level,
      sample: quality.sample,
    })
  }

  function keepQuality(told: CallQuality): void {
    const at_ms = performance.now()
    const fresh = [...qualities.value].filter(([, one]) => at_ms - one.at_ms < QUIET_AFTER_MS)
    qualities.value = new Map(fresh).set(told.leg_id, { level: told.quality, sample: told.sample, at_ms })
  }
  const forgetting = setInterval(() => {
    const fresh = [...qualities.value].filter(([, one]) => performance.now() - one.at_ms < QUIET_AFTER_MS)
    if (fresh.length < qualities.value.size) qualities.value = new Map(fresh)
  }, TOLD_EVERY_MS)

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
      return call.state !== 'ended' && ring?.state === 'ringing' ? [{ call, ring }] : []
    }),
  )

  /** The rings that this person let pass since the page was opened. */
  const missed_rings = computed(() =>
    [...calls.value.values()].flatMap(({ call }) => {
      const ring = ringOf(call, me.value)
      return ring?.state === 'missed' ? [{ call, ring }] : []
    }),
  )

  /** the call whose seat no page has had for a while */
  const deserted = ref<string | null>(null)
  const seatOf = (call_id: string) => ({
    replaced: seat.replaced.has(call_id),
    sat: satIn(call_id),
    deserted: deserted.value === call_id,
  })
  /** the running call whose seat is nobody's but this page's to take */
  const vacant = computed(() => {
    const call = current.value
    return ready.value && call && !seat.claimed.has(call.id) && takesSeat(call, me.value, seatOf(call.id))
      ? call.id
      : null
  })
  const elsewhere = computed(() => {
    const call = current.value
    return (
      ready.value &&
      call?.state === 'live' &&
      !seat.claimed.has(call.id) &&
      !seat.entering.has(call.id) &&
      !takesSeat(call, me.value, seatOf(call.id))
    )
  })

  const state = computed(() =>
    standing(current.value, me.value, {
      connection: live.connection.value,
      media: seat.way.media.value,
      replaced: current.value !== null && seat.replaced.has(current.value.id),
      elsewhere: elsewhere.value,
      was_up: seat.way.was_up.value,
      met,
    }),
  )

  // ------------------------------------------------------------ what the server says

  function keep(snapshot: CallSnapshot): void {
    const held = calls.value.get(snapshot.call.id)
    if (held && held.version > snapshot.version) return
    for (const leg of snapshot.call.legs) if (leg.media) met.add(leg.id)
    seat.heed(snapshot.call)
    calls.value = new Map(calls.value).set(snapshot.call.id, snapshot)
  }

  async function look(call_id: string): Promise<void> {
    keep(await live.ask<CallSnapshot & Record<string, unknown>>({ type: 'call.open', call_id }))
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

  function overhear(ephemeral: AnyEphemeral): void {
    if (ephemeral.type === 'desk.replaced') seat.giveUp(ephemeral.call_id)
    else if (ephemeral.type === 'call.offer_wanted') seat.renegotiate(ephemeral.leg_id)
    else if (ephemeral.type === 'call.quality') keepQuality(ephemeral)
    else if (ephemeral.type === 'monitor.changed' && calls.value.has(ephemeral.call_id))
      look(ephemeral.call_id).catch(say)
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

  // ------------------------------------------------------------ what a person does

  async function act<R = Record<string, unknown>>(command: Unsent): Promise<R | null> {
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
    const asked = calls.value.get(call_id)?.call
    const mine = asked && ringOf(asked, me.value)
    if (!asked || !mine) return null
    putAway()
    void seat.supply.prepare()
    const held_back = (answering = { call_id, put_off: [] as AnyEvent[] })
    const leg_id = seat.begin(mine.id)
    const result = await act<Answered>({
      type: 'call.answer',
      call_id,
      ring_id: mine.id,
      connect: true,
      ...(leg_id ? { leg_id } : {}),
    })
    const begun =
      result &&
      Promise.race([seat.claim(call_id, result), new Promise((late) => setTimeout(late, MEDIA_FIRST_MS))])
    void Promise.resolve(begun).then(() => {
      if (answering === held_back) answering = null
      for (const event of held_back.put_off) take(call_id, event)
    })
    if (!result) {
      seat.ringing(null)
      seat.rest()
    }
    return result ? asked.case_id : null
  }

  async function decline(call_id: string): Promise<void> {
    const asked = calls.value.get(call_id)?.call
    const mine = asked && ringOf(asked, me.value)
    if (mine) await act({ type: 'call.decline', call_id, ring_id: mine.id })
  }

  async function cancel(): Promise<void> {
    if (current.value) await act({ type: 'call.cancel', call_id: current.value.id })
  }

  /** Ends the call, or leaves it as its third party; false when that was refused. */
  async function hangUp(): Promise<boolean> {
    return current.value !== null && (await act({ type: 'call.hang_up', call_id: current.value.id })) !== null
  }

  /** Asks one more unit into the live call; true when its approvers are being rung. */
  async function invite(unit_id: string, note: string): Promise<boolean> {
    const call = current.value
    return call !== null && (await act({ type: 'call.invite', call_id: call.id, unit_id, note })) !== null
  }

  async function withdraw(): Promise<void> {
    const call = current.value
    const invitation = call && invitationOf(call)
    if (invitation) await act({ type: 'call.withdraw', call_id: call.id, invite_id: invitation.id })
  }

  /** Lets nobody hear or see anybody, or ends that again. */
  async function hold(on: boolean): Promise<void> {
    if (current.value) await act({ type: on ? 'call.hold' : 'call.resume', call_id: current.value.id })
  }

  /** Takes this person's seat of a running call to this page: after a reload, or back from another page. */
  function enter(call_id: string): void {
    const call = calls.value.get(call_id)?.call
    if (call && call.state !== 'ended' && partOf(call, me.value)) seat.enter(call_id)
  }

  async function setDuty(wanted: Duty): Promise<void> {
    const result = await act<{ duty: Duty }>({ type: 'desk.duty', duty: wanted })
    if (result) duty.value = result.duty
  }

  // ------------------------------------------------------------ joining it all

  const off = [live.onEvent(hear), live.onEphemeral(overhear), live.onConnected(() => void greet())]
  watch([calls, () => live.connection.value, () => [...seat.claimed]], () => seat.attend())
  // a guest's seat is not known before the answer
  watch(rings, (all) => {
    const next = all.find(({ ring }) => !ring.invite_id)
    if (!answering) seat.ringing(next ? { call_id: next.call.id, ring_id: next.ring.id } : null)
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
  // the newer page wins while it lives; when it is closed this one takes the seat again
  let taking_back: ReturnType<typeof setTimeout> | undefined
  watch(
    () => {
      const call = current.value
      return call && seat.replaced.has(call.id) && leftEmpty(call, me.value) ? call.id : null
    },
    (call_id) => {
      clearTimeout(taking_back)
      if (call_id) taking_back = setTimeout(() => enter(call_id), TAKEN_BACK_AFTER_MS)
    },
  )
  let deserting: ReturnType<typeof setTimeout> | undefined
  watch(
    () => {
      const call = current.value
      return call && !seat.claimed.has(call.id) && leftEmpty(call, me.value) ? call.id : null
    },
    (call_id) => {
      clearTimeout(deserting)
      deserted.value = null
      if (call_id) deserting = setTimeout(() => (deserted.value = call_id), DESERTED_AFTER_MS)
    },
    { immediate: true },
  )
  watch(signedIn, (who) => {
    if (!who) scope.stop()
  })
  onScopeDispose(() => {
    off.forEach((stop) => stop())
    seat.close()
    voices.close()
    clearInterval(forgetting)
    clearTimeout(taking_back)
    clearTimeout(deserting)
    ended()
  })

  const face = shallowRef<MediaStream | null>(null)
  const document_camera = shallowRef<MediaStream | null>(null)
  const screen = shallowRef<MediaStream | null>(null)
  const second_screen = shallowRef<MediaStream | null>(null)
  const own_paper = shallowRef<MediaStream | null>(null)
  const second_face = shallowRef<MediaStream | null>(null)
  const second_camera = shallowRef<MediaStream | null>(null)
  /** of the third, fourth and fifth other seat */
  const further_faces = [2, 3, 4].map(() => shallowRef<MediaStream | null>(null))
  const own_face = shallowRef<MediaStream | null>(null)

  /** who whispers to this person, whom nobody else hears */
  const whisperers = computed(() => {
    const snapshot = current.value?.state === 'live' ? calls.value.get(current.value.id) : undefined
    return snapshot?.monitors.filter((one) => one.way === 'whisper').map((one) => one.person) ?? []
  })
  const whisper = shallowRef<MediaStream | null>(null)

  /** A whisper comes on the lines of a place at which nobody is seen. */
  function listen(): void {
    const call = current.value
    const seen = call ? furtherLegs(call, me.value).map((one) => one.group) : []
    const voices = whisperers.value.length
      ? [3, 4]
          .filter((group) => !seen.includes(group))
          .flatMap((group) => seat.remote.value.get(midIn(group, '0')) ?? [])
      : []
    const held = whisper.value?.getTracks() ?? []
    if (voices.length === held.length && voices.every((track) => held.includes(track))) return
    whisper.value = voices.length ? new MediaStream(voices) : null
  }

  /** who speaks now, by leg; this person is `me` */
  const speaking = shallowRef<ReadonlySet<string>>(new Set())
  const talking = new Talking()
  const voices = new Voices((peaks) => {
    const now = talking.take(peaks, performance.now())
    if (now !== speaking.value) speaking.value = now
  })

  function attendVoices(): void {
    const call = current.value?.state === 'live' && !holdOf(current.value) ? current.value : null
    const tracks = new Map<string, MediaStreamTrack>()
    if (call) {
      const others = [
        { leg: otherLeg(call, me.value), group: 0 },
        { leg: secondLeg(call, me.value), group: 1 },
        ...furtherLegs(call, me.value),
      ]
      for (const { leg, group } of others) {
        const track = seat.remote.value.get(midIn(group, '0'))
        if (leg && track && !leg.muted.includes('0')) tracks.set(leg.id, track)
      }
      const own = seat.supply.devices.value?.microphone
      if (own && !seat.muted['0']) tracks.set('me', own)
    }
    voices.listen(tracks)
    if (!tracks.size && speaking.value.size) speaking.value = new Set()
  }

  /** Voice and face of one seat as one stream, which stays the same while its tracks do. */
  function show(into: typeof face, arrived: Arrived, voice: string, picture: string): void {
    const wanted = [arrived.get(voice), arrived.get(picture)].filter((track) => track !== undefined)
    const held = into.value?.getTracks() ?? []
    if (wanted.length === held.length && wanted.every((track) => held.includes(track))) return
    into.value = wanted.length ? new MediaStream(wanted) : null
  }

  /** A document camera is there while it brings packets. */
  function showPaper(into: typeof face, paper: MediaStreamTrack | undefined): void {
    if (!paper || paper.muted) into.value = null
    else if (into.value?.getTracks()[0] !== paper) into.value = new MediaStream([paper])
  }

  watch(seat.remote, (arrived) => {
    show(face, arrived, '0', '1')
    show(second_face, arrived, '4', '5')
    further_faces.forEach((into, more) => show(into, arrived, midIn(more + 2, '0'), midIn(more + 2, '1')))
    showPaper(document_camera, arrived.get('2'))
    showPaper(second_camera, arrived.get('6'))
    showPaper(screen, arrived.get('3'))
    showPaper(second_screen, arrived.get('7'))
  })
  watch([seat.remote, whisperers, current], listen)
  watch([seat.remote, current, seat.supply.devices, () => seat.muted['0']], attendVoices)
  watch(seat.supply.paper, (track) => (own_paper.value = track ? new MediaStream([track]) : null))
  watch(
    seat.supply.devices,
    (found) => (own_face.value = found?.camera ? new MediaStream([found.camera]) : null),
  )

  return {
    ready: readonly(ready),
    connection: live.connection,
    duty: readonly(duty),
    current,
    vacant,
    rings,
    missed_rings,
    state,
    media: readonly(seat.way.media),
    quality: seat.gauging.quality,
    told: readonly(seat.way.told),
    relayed: readonly(seat.gauging.relayed),
    chosen: readonly(seat.chosen),
    met,
    carry: (load: Load) => seat.carry(load),
    muted: readonly(seat.muted),
    devices: seat.supply.devices,
    /** lines whose device cannot be had */
    lacks: computed(() => ({ '0': seat.supply.lacks('0'), '1': seat.supply.lacks('1') })),
    retryDevices: () => seat.supply.retry(),
    face,
    document_camera,
    second_face,
    second_camera,
    further_faces,
    whisperers,
    whisper,
    speaking,
    qualities,
    own_face,
    screen,
    second_screen,
    own_paper,
    shares: computed(() => seat.supply.screen.value !== null),
    heard: seat.supply.heard,
    device_notice: seat.supply.notice,
    showPaper: (on: boolean) => seat.supply.showPaper(on).catch(say),
    shareScreen: (on: boolean) => seat.supply.shareScreen(on),
    problem,
    busy: readonly(busy),
    me,
    dial,
    answer,
    decline,
    cancel,
    hangUp,
    invite,
    withdraw,
    hold,
    enter,
    /** whether this page has the seat of a call; whether it had it before it was loaded anew */
    sits: (call_id: string) => seat.claimed.has(call_id),
    sat: (call_id: string) => satIn(call_id),
    setDuty,
    mute: (mid: '0' | '1', on: boolean) => seat.mute(mid, on).catch(say),
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
