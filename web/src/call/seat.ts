/**
 * Keeps this page's one seat in a call supplied with media: opens camera and microphone, answers the worker's
 * offers, restarts what breaks, takes the seat again after a reload, and gives it up to a newer page.
 *
 *     none → asking → negotiating → up ⇄ broken          (a lost worker or leg: asking again, with a new leg)
 *
 * All steps run one after the other; one that fails is tried again, ever more slowly. It knows calls only as
 * they are shown to it, and draws nothing.
 */
import { reactive, ref, shallowRef } from 'vue'
import type { CallSnapshot } from '../wire/messages'
import type { Unsent } from '../wire/socket'
import { closeDevices, openDevices, type Devices } from './devices'
import { level, SeatMedia, type IceServer, type Level, type Mid, type SecondMid } from './media'
import { legOf, type MediaState } from './standing'

type CallView = CallSnapshot['call']

/** What the keeper needs of the page around it. */
export interface Surroundings {
  ask: <R = Record<string, unknown>>(command: Unsent) => Promise<R>
  connected: () => boolean
  me: () => string
  /** the call this person sits in */
  current: () => CallView | null
  find: (call_id: string) => CallView | undefined
  /** whether a person is just dialling or answering */
  busy: () => boolean
  say: (reason: unknown) => void
  /** media flow (again): what was said about them is over */
  well: () => void
}

interface Held {
  call_id: string
  leg_id: string
  media: SeatMedia
  /** the way to the worker is weak or gone, and nothing was done about it yet */
  ailing: boolean
}

/** how long a way may be weak before its ICE is restarted, and how long a new one may take to come up */
const WEAK_FOR_MS = 2_000
const UP_WITHIN_MS = 8_000
const PAUSE_MS = 500
const PAUSE_AT_MOST_MS = 8_000
const FIGURES_EVERY_MS = 2_000
const OWN = ['0', '1'] as const

export class SeatKeeper {
  readonly devices = shallowRef<Devices | null>(null)
  /** tracks of the other seats, by m-line */
  readonly remote = shallowRef<ReadonlyMap<Mid | SecondMid, MediaStreamTrack>>(new Map())
  readonly media = ref<MediaState>('none')
  readonly was_up = ref(false)
  /** 0 until it is known */
  readonly quality = ref<Level>(0)
  readonly muted = reactive<Record<'0' | '1', boolean>>({ '0': false, '1': false })
  /** calls whose seat this page has taken, and calls whose seat was taken from it */
  readonly claimed = reactive(new Set<string>())
  readonly replaced = reactive(new Set<string>())

  private held: Held | null = null
  private working: Promise<void> = Promise.resolve()
  private opening: Promise<Devices> | null = null
  private patience: ReturnType<typeof setTimeout> | undefined
  private again: ReturnType<typeof setTimeout> | undefined
  private pause_ms = PAUSE_MS
  private readonly figures = setInterval(() => this.measure(), FIGURES_EVERY_MS)

  constructor(private readonly around: Surroundings) {}

  /** Opens camera and microphone, once for as long as they are wanted. */
  prepare(): Promise<Devices> {
    this.opening ??= openDevices().then((found) => (this.devices.value = found))
    return this.opening
  }

  /** Closes camera and microphone when no call of this page runs or is about to. */
  rest(): void {
    if (this.around.busy() || [...this.claimed].some((call_id) => !this.over(call_id))) return
    closeDevices(this.devices.value)
    this.devices.value = null
    this.opening = null
  }

  /** This page has dialled or answered: the seat is its own. */
  claim(call_id: string): void {
    this.claimed.add(call_id)
    this.attend()
  }

  /** Takes the seat of a running call to this page; an older page of the same person loses it. */
  enter(call_id: string): void {
    if (this.claimed.has(call_id)) return
    this.replaced.delete(call_id)
    this.run(async () => {
      const call = this.around.find(call_id)
      if (this.claimed.has(call_id) || !call || call.state === 'ended') return
      const leg = legOf(call, this.around.me())
      // who had muted himself stays muted over a reload
      for (const mid of OWN) this.muted[mid] = leg?.muted.includes(mid) ?? false
      if (call.state === 'live') await this.rejoin(call_id)
      else await this.around.ask({ type: 'call.join', call_id })
      this.claimed.add(call_id)
    })
  }

  /** A newer page of this person has the seat now. */
  giveUp(call_id: string): void {
    this.replaced.add(call_id)
    this.claimed.delete(call_id)
    this.attend()
  }

  async mute(mid: '0' | '1', on: boolean): Promise<void> {
    this.muted[mid] = on
    this.voice()
    const held = this.held
    if (held) await this.around.ask({ type: 'call.mute', call_id: held.call_id, leg_id: held.leg_id, mid, on })
  }

  /** Looks at the call again: to be called whenever it, the connection or a claim has changed. */
  attend(): void {
    this.run(() => this.step())
  }

  /** The server saw the worker of this leg go, which a browser notices only seconds later. */
  workerGone(leg_id: string): void {
    if (this.held?.leg_id === leg_id) this.rebuild()
  }

  close(): void {
    clearInterval(this.figures)
    this.claimed.clear()
    this.drop()
    this.rest()
  }

  private run(step: () => Promise<void>): void {
    this.working = this.working.then(step).catch((reason: unknown) => {
      this.around.say(reason)
      clearTimeout(this.again)
      this.again = setTimeout(() => this.attend(), this.pause_ms)
      this.pause_ms = Math.min(this.pause_ms * 2, PAUSE_AT_MOST_MS)
    })
  }

  private async step(): Promise<void> {
    const call = this.around.current()
    if (!call || call.state === 'ended' || this.replaced.has(call.id)) {
      this.drop()
      this.was_up.value = false
      this.pause_ms = PAUSE_MS
      for (const call_id of [...this.claimed]) if (this.over(call_id)) this.claimed.delete(call_id)
      this.rest()
      return
    }
    if (!this.claimed.has(call.id) || call.state !== 'live' || !this.around.connected()) return
    const leg = legOf(call, this.around.me())
    const held = this.held
    if (held?.call_id !== call.id) {
      if (leg?.state === 'joined') await this.connect(call.id, leg.id)
      else await this.rejoin(call.id)
    } else if (leg?.id === held.leg_id) {
      // our place was given up while we were away
      if (leg.state === 'lost') await this.rejoin(call.id)
      else if (held.ailing) this.restart()
    } else if (call.legs.some((one) => one.id === held.leg_id)) {
      // every leg that this page takes is held before the next step: a later one is another page's
      this.giveUp(call.id)
    }
  }

  /** A call that ended, or that this person has left as its third party. */
  private over(call_id: string): boolean {
    const call = this.around.find(call_id)
    if (!call || call.state === 'ended') return call !== undefined
    const leg = legOf(call, this.around.me())
    return leg?.seat === 'third' && leg.state === 'left'
  }

  private async rejoin(call_id: string): Promise<void> {
    const { leg_id } = await this.around.ask<{ leg_id: string }>({ type: 'call.join', call_id })
    await this.connect(call_id, leg_id)
  }

  private async connect(call_id: string, leg_id: string): Promise<void> {
    this.drop()
    this.media.value = 'asking'
    const [own, offer] = await Promise.all([
      this.prepare(),
      this.around.ask<{ sdp: string; ice_servers: IceServer[] }>({ type: 'call.connect', call_id, leg_id }),
    ])
    this.voice()
    const tracks = new Map<Mid, MediaStreamTrack>()
    if (own.microphone) tracks.set('0', own.microphone)
    if (own.camera) tracks.set('1', own.camera)
    const media = new SeatMedia(offer.ice_servers, tracks, {
      tracks: (arrived) => {
        if (this.held === held) this.remote.value = arrived
      },
      state: (now) => {
        if (this.held === held) this.feel(held, now)
      },
    })
    const held: Held = { call_id, leg_id, media, ailing: false }
    this.held = held
    this.media.value = 'negotiating'
    try {
      await this.describe(held, offer.sdp)
    } catch (reason) {
      this.drop()
      throw reason
    }
    const told = this.around.find(call_id)?.legs.find((leg) => leg.id === leg_id)?.muted
    for (const mid of OWN) {
      if (this.muted[mid] && !told?.includes(mid)) await this.around.ask({ type: 'call.mute', call_id, leg_id, mid, on: true })
    }
  }

  private async describe(held: Held, offer: string): Promise<void> {
    const sdp = await held.media.answer(offer)
    await this.around.ask({ type: 'call.describe', call_id: held.call_id, leg_id: held.leg_id, sdp })
    if (this.held !== held || this.media.value === 'up') return
    clearTimeout(this.patience)
    this.patience = setTimeout(() => this.held === held && this.media.value !== 'up' && this.rebuild(), UP_WITHIN_MS)
  }

  private feel(held: Held, now: 'up' | 'weak' | 'broken'): void {
    clearTimeout(this.patience)
    held.ailing = now !== 'up'
    if (now === 'up') {
      this.media.value = 'up'
      this.was_up.value = true
      this.pause_ms = PAUSE_MS
      this.measure()
      this.around.well()
    } else if (now === 'weak') {
      this.patience = setTimeout(() => this.restart(), WEAK_FOR_MS)
    } else {
      this.restart()
    }
  }

  /** Same seat, new ICE: what a change of network needs. Without a connection to the server it waits for one. */
  private restart(): void {
    const held = this.held
    if (!held?.ailing || !this.around.connected()) return
    held.ailing = false
    this.media.value = 'broken'
    this.working = this.working
      .then(async () => {
        if (this.held !== held) return
        const { call_id, leg_id } = held
        const offer = await this.around.ask<{ sdp: string }>({ type: 'call.connect', call_id, leg_id, restart: true })
        await this.describe(held, offer.sdp)
      })
      .catch(() => this.rebuild())
  }

  /** New leg, new connection: what a lost worker needs. */
  private rebuild(): void {
    const call_id = this.held?.call_id
    if (call_id === undefined) return
    this.drop()
    this.media.value = 'broken'
    this.run(async () => {
      if (this.claimed.has(call_id)) await this.rejoin(call_id)
    })
  }

  private drop(): void {
    clearTimeout(this.patience)
    clearTimeout(this.again)
    this.held?.media.close()
    this.held = null
    this.remote.value = new Map()
    this.media.value = 'none'
    this.quality.value = 0
  }

  private voice(): void {
    const { microphone, camera } = this.devices.value ?? {}
    if (microphone) microphone.enabled = !this.muted['0']
    if (camera) camera.enabled = !this.muted['1']
  }

  private measure(): void {
    const held = this.held
    if (!held || this.media.value !== 'up') return
    held.media.figures().then(
      (seen) => {
        if (this.held === held) this.quality.value = level(seen)
      },
      (reason: unknown) => this.around.say(reason),
    )
  }
}
