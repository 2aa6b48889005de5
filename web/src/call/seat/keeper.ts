/**
 * Keeps this page's one seat in a call supplied with media: opens camera and microphone, answers the worker's
 * offers, does what the ladder says when the way breaks, takes the seat again after a reload, and gives it up to
 * a newer page.
 *
 *     none → asking → negotiating → up ⇄ broken          (a lost leg: asking again, with a new leg)
 *
 * All steps run one after the other; one that fails is tried again, ever more slowly. It knows calls only as
 * they are shown to it, and draws nothing.
 */
import { reactive, ref, shallowRef } from 'vue'
import type { CallSnapshot } from '../../wire/messages'
import { tell } from '../../wire/pace'
import { Problem } from '../../wire/http'
import type { Unsent } from '../../wire/socket'
import { serverNow } from '../../rules/clock'
import { closeDevices, openDevices, openOne, type DeviceKind, type Devices } from './devices'
import { findDocumentCamera, openDocumentCamera } from './documentCamera'
import { Attention, Ear, type Heard } from './ear'
import { Heartbeat, LOOK_MS } from './heartbeat'
import { AT_REST, climb, told, type Act, type Load, type Noticed, type Told } from '../rules/ladder'
import { SeatMedia, type Arrived, type Figures, type IceServer, type Mid } from './media'
import { judge, sample, whenAlone, type Gauge, type Sample, type Verdict } from '../rules/quality'
import { Sparing } from '../rules/sparing'
import { Stall, type Pictures } from '../rules/stall'
import { groupsFor, holdOf, isGuest, legOf, seatedLegs, type MediaState } from '../rules/standing'

type CallView = CallSnapshot['call']

/** What the keeper needs of the page around it. */
export interface Surroundings {
  ask: <R = Record<string, unknown>>(command: Unsent) => Promise<R>
  connected: () => boolean
  /** media stand still: a connection to the server that is quiet as well is not trusted any longer */
  doubt: () => void
  me: () => string
  /** the call this person sits in */
  current: () => CallView | null
  find: (call_id: string) => CallView | undefined
  /** whether a person is just dialling or answering */
  busy: () => boolean
  say: (reason: unknown) => void
  /** how good the connection was in the last few seconds */
  measured: (call_id: string, quality: Quality) => void
  /** media flow (again): what was said about them is over */
  well: () => void
}

export type Quality = Verdict & { sample: Sample }

/** What became of a device in the middle of a call. */
export interface DeviceNotice {
  kind: DeviceKind | 'paper'
  what: 'replaced' | 'reopened' | 'gone' | 'back' | 'failed'
}

const UNHEARD: Heard = { silent: false, speaks_muted: false }

interface Held {
  call_id: string
  leg_id: string
  media: SeatMedia
  heart: Heartbeat
  /** until when the relay's credentials are good, in the server's time; null without any */
  good_until_ms: number | null
  /** the legs that were there when lines for more were last asked for */
  asked_in: string
  /** the shortest round trip seen */
  shortest_s: number
  /** what this page has told of its own lines: whether somebody has closed them, and whether their device is lacking */
  said: Map<Mid, boolean>
  lacking: Map<Mid, boolean>
  /** the ladder has ordered what to do about it: that the browser gives its way up is no news */
  doubted: boolean
}

export interface Offer {
  sdp: string
  ice_servers: IceServer[]
}

/** What an answer brings: its leg, and the worker's offer for it, or that the one of before holds. */
export type Answered = { leg_id?: string; seated?: boolean } & Partial<Offer>

/** The offer that an ack brought, if any. */
function offerIn({ sdp, ice_servers }: Partial<Offer>): Offer | undefined {
  return sdp !== undefined && ice_servers ? { sdp, ice_servers } : undefined
}

/** A seat that an answer to this ring would take: its connection is negotiated, and not made. */
interface Ahead {
  ring_id: string
  /** there once the worker has our answer to its offer */
  held: Held | null
  /** the person has answered, and it connects */
  begun: Promise<void> | null
}

/** before the relay's credentials end: so long, or a third of what they are good for */
const RENEWED_BEFORE_MS = 60_000
const PAUSE_MS = 500
const PAUSE_AT_MOST_MS = 8_000
const FIGURES_EVERY_MS = 2_000
const SAMPLES_KEPT = 12
const OWN = ['0', '1'] as const
const KINDS = { '0': 'microphone', '1': 'camera' } as const
/** Where a page keeps in which call it has the seat. */
const SEAT = 'yunjian.seat'

export class SeatKeeper {
  readonly devices = shallowRef<Devices | null>(null)
  /** tracks of the other seats, by m-line */
  readonly remote = shallowRef<Arrived>(new Map())
  readonly media = ref<MediaState>('none')
  readonly was_up = ref(false)
  /** the rung of the ladder on which the media stand, when that is to be told */
  readonly told = ref<Told | null>(null)
  /** the path in use leads over a relay */
  readonly relayed = ref(false)
  /** somebody at this page has left something out himself */
  readonly chosen = ref(false)
  /** null until it is known */
  readonly quality = shallowRef<Quality | null>(null)
  /** what lies under the document camera and the screen that is shared, in full size: stills are taken from here */
  readonly paper = shallowRef<MediaStreamTrack | null>(null)
  /** how often the document camera was asked for or put away: the last time counts */
  private paper_asked = 0
  readonly screen = shallowRef<MediaStreamTrack | null>(null)
  readonly heard = shallowRef<Heard>(UNHEARD)
  readonly device_notice = shallowRef<DeviceNotice | null>(null)
  readonly muted = reactive<Record<'0' | '1', boolean>>({ '0': false, '1': false })
  /** calls whose seat this page has taken, and calls whose seat was taken from it */
  readonly claimed = reactive(new Set<string>())
  readonly replaced = reactive(new Set<string>())
  /** calls whose seat this page is about to take */
  readonly entering = reactive(new Set<string>())

  private held: Held | null = null
  private ahead: Ahead | null = null
  private working: Promise<void> = Promise.resolve()
  private opening: Promise<Devices> | null = null
  private ladder = AT_REST
  private rung_ends: ReturnType<typeof setTimeout> | undefined
  /** counts what the ladder has ordered: what is overtaken before its turn is not done any more */
  private orders = 0
  private readonly sparing = new Sparing()
  private readonly stall = new Stall()
  private gauged: Gauge | null = null
  private samples: Sample[] = []
  private ear: Ear | null = null
  private again: ReturnType<typeof setTimeout> | undefined
  private pause_ms = PAUSE_MS
  private readonly figures = setInterval(() => this.measure(), FIGURES_EVERY_MS)
  private readonly beating = setInterval(() => this.feelPulse(), LOOK_MS)
  private readonly moved = () => this.notice({ type: 'moved' })
  private readonly plugged = () => void this.fillIn(false)

  constructor(private readonly around: Surroundings) {
    window.addEventListener('online', this.moved)
    navigator.mediaDevices?.addEventListener('devicechange', this.plugged)
  }

  /** Opens camera and microphone, once for as long as they are wanted. */
  prepare(): Promise<Devices> {
    this.opening ??= openDevices().then((found) => {
      this.devices.value = found
      this.mind('microphone', found.microphone)
      this.mind('camera', found.camera)
      return found
    })
    return this.opening
  }

  /** Closes camera and microphone when no call of this page runs or is about to. */
  rest(): void {
    if (this.around.busy() || [...this.claimed].some((call_id) => !this.over(call_id))) return
    closeDevices(this.devices.value)
    this.devices.value = null
    this.opening = null
    this.ear?.close()
    this.ear = null
    this.heard.value = UNHEARD
    this.device_notice.value = null
    this.paper_asked += 1
    for (const shown of [this.paper, this.screen]) {
      shown.value?.stop()
      shown.value = null
    }
  }

  /**
   * Shows what lies under the document camera beside the face, or no longer. Asked again while it is shown, the camera
   * that is chosen by then takes its place: the picture before stays until there is another.
   */
  async showPaper(on: boolean): Promise<void> {
    const asked = ++this.paper_asked
    const find = async (): Promise<MediaStreamTrack | null> =>
      (await openDocumentCamera(await findDocumentCamera(this.devices.value?.camera ?? null))).track
    let track = on ? await find() : null
    // a hub may carry only one of them at a time
    if (on && !track && this.paper.value) {
      this.paper.value.stop()
      track = await find()
    }
    if (asked !== this.paper_asked) {
      track?.stop()
      return
    }
    this.paper.value?.stop()
    this.paper.value = track
    if (on && !track) this.device_notice.value = { kind: 'paper', what: 'failed' }
    track?.addEventListener('ended', () => {
      if (this.paper.value !== track) return
      this.device_notice.value = { kind: 'paper', what: 'gone' }
      void this.showPaper(false)
    })
    await this.send()
    await this.closeLine('2', this.paper.value === null)
  }

  /** Says that a line carries nothing any more, which the other pages cannot tell from one that is late. */
  private async closeLine(mid: Mid, on: boolean): Promise<void> {
    const held = this.held
    if (!held || held.said.get(mid) === on) return
    held.said.set(mid, on)
    try {
      await this.around.ask({ type: 'call.mute', call_id: held.call_id, leg_id: held.leg_id, mid, on })
    } catch (reason) {
      held.said.delete(mid)
      throw reason
    }
  }

  /** Says that a line has no device, or has one again: nobody has closed it. */
  private async lackLine(mid: '0' | '1', on: boolean): Promise<void> {
    const held = this.held
    if (!held || held.lacking.get(mid) === on) return
    held.lacking.set(mid, on)
    try {
      await this.around.ask({ type: 'call.lack', call_id: held.call_id, leg_id: held.leg_id, mid, on })
    } catch (reason) {
      held.lacking.delete(mid)
      throw reason
    }
  }

  /** Shares one window or screen that the person chooses; false when he chose none. */
  async shareScreen(on: boolean): Promise<boolean> {
    this.screen.value?.stop()
    this.screen.value = null
    if (on) {
      const [track] = await navigator.mediaDevices
        .getDisplayMedia({
          video: { displaySurface: 'window', frameRate: { ideal: 10, max: 15 } },
          audio: false,
        })
        .then(
          (stream) => stream.getVideoTracks(),
          () => [],
        )
      if (track) {
        track.contentHint = 'detail'
        // the browser has a key of its own that ends it
        track.addEventListener('ended', () => this.screen.value === track && void this.shareScreen(false))
        this.screen.value = track
      }
    }
    await this.send()
    await this.closeLine('3', this.screen.value === null)
    return on === (this.screen.value !== null)
  }

  /** Another device takes the place of one that was pulled out; without one the call goes on. */
  private mind(kind: DeviceKind, track: MediaStreamTrack | null): void {
    if (kind === 'microphone') {
      this.ear?.close()
      this.ear = null
      this.heard.value = UNHEARD
      if (track) {
        const attention = new Attention()
        this.ear = new Ear(track, (peak) => {
          const call = this.around.current()
          const talks = this.media.value === 'up' && call?.state === 'live' && !holdOf(call)
          const now = talks ? attention.take(peak, Date.now(), this.muted['0']) : UNHEARD
          const before = this.heard.value
          if (now.silent !== before.silent || now.speaks_muted !== before.speaks_muted) this.heard.value = now
        })
      }
    }
    track?.addEventListener('ended', () => this.lose(kind, track))
  }

  /** A device that gives nothing more: tries to open one in its place, unless that was just done, and tells what lacks. */
  private lose(kind: DeviceKind, track: MediaStreamTrack, hangs: 'open' | 'tell' | null = null): void {
    const before = this.devices.value
    if (before?.[kind] !== track) return
    // what hangs would keep its device from being opened anew
    track.stop()
    this.devices.value = {
      ...before,
      [kind]: null,
      ...(hangs ? { trouble: { ...before.trouble, [kind]: 'hangs' } } : {}),
    }
    if (hangs !== 'tell') return void this.fill(kind, hangs ? 'reopened' : 'replaced')
    this.device_notice.value = null
    void this.change()
  }

  /** Tries once more to open what could not be had: somebody has allowed it meanwhile, or plugged it in. */
  retry(): Promise<void> {
    return this.fillIn(true)
  }

  /** Opens what lacks: all of it when a person asks, or else what may have been plugged in. */
  private async fillIn(asked: boolean): Promise<void> {
    for (const kind of ['microphone', 'camera'] as const) {
      const before = this.devices.value
      const trouble = before?.trouble[kind]
      if (before && !before[kind] && (asked || trouble === 'absent' || trouble === 'hangs'))
        await this.fill(kind, asked ? null : 'back')
    }
  }

  /** Opens one device that lacks; told is what became of it, unless a person asked and sees it. */
  private async fill(kind: DeviceKind, what: DeviceNotice['what'] | null): Promise<void> {
    const opening = openOne(kind)
    // who hangs may hang when he is opened, too: that he lacks is told meanwhile
    if (what === 'reopened') void this.change()
    const { track, trouble } = await opening
    const now = this.devices.value
    if (!now || now[kind]) {
      track?.stop()
      return
    }
    const rest = { ...now.trouble }
    delete rest[kind]
    // of one that was pulled out or hangs the browser may say that it cannot be read
    const unread = what === 'replaced' ? 'absent' : what === 'reopened' ? 'hangs' : 'busy'
    const lacks = trouble === 'busy' ? unread : trouble
    this.devices.value = { ...now, [kind]: track, trouble: lacks ? { ...rest, [kind]: lacks } : rest }
    if (track) {
      this.mind(kind, track)
      this.device_notice.value = what && { kind, what }
    } else if (what === 'replaced') this.device_notice.value = { kind, what: 'gone' }
    await this.change()
  }

  /** Sends what there is by now, and says what lacks. */
  private async change(): Promise<void> {
    await this.send()
    await this.tellLines().catch(() => undefined) // told when the seat is taken anew
  }

  /**
   * While it rings here all that an answer needs is negotiated, so that it has only to connect. No device is opened
   * for it, and not a packet leaves. What fails is left to the answer. Null: nothing rings any more.
   */
  ringing(ring: { call_id: string; ring_id: string } | null): void {
    if (this.ahead?.ring_id === ring?.ring_id) return
    this.forget()
    if (!ring || this.held) return
    const ahead: Ahead = { ring_id: ring.ring_id, held: null, begun: null }
    this.ahead = ahead
    void this.negotiate(ahead, ring.call_id).catch(() => undefined)
  }

  private async negotiate(ahead: Ahead, call_id: string): Promise<void> {
    const told = await this.around.ask<{ leg_id?: string } & Partial<Offer>>({
      type: 'call.prepare',
      call_id,
      ring_id: ahead.ring_id,
    })
    const offer = offerIn(told)
    if (!offer || !told.leg_id || this.ahead !== ahead) return
    const held = this.connection(call_id, told.leg_id, offer, null)
    try {
      const sdp = await held.media.prepare(offer.sdp, 'whole')
      await this.around.ask({ type: 'call.describe', call_id, leg_id: held.leg_id, sdp })
      if (this.ahead === ahead) ahead.held = held
    } finally {
      if (ahead.held !== held) held.media.close()
    }
  }

  /** The person answers this ring: begins to connect what was negotiated, and says as which leg; undefined without. */
  begin(ring_id: string): string | undefined {
    const { ahead } = this
    if (ahead?.ring_id !== ring_id || !ahead.held) return undefined
    ahead.begun = ahead.held.media.begin()
    // told to whoever takes the seat
    ahead.begun.catch(() => undefined)
    return ahead.held.leg_id
  }

  private forget(): void {
    this.ahead?.held?.media.close()
    this.ahead = null
  }

  /**
   * This page has dialled, or answered and got this: the seat is its own. Resolves when it has tried to connect,
   * and to send.
   */
  claim(call_id: string, got: Answered = {}): Promise<unknown> {
    this.claimed.add(call_id)
    sessionStorage.setItem(SEAT, call_id)
    const { leg_id, seated } = got
    const { ahead } = this
    const ready = seated && ahead?.begun && ahead.held?.leg_id === leg_id ? ahead : null
    if (ready) this.ahead = null
    else this.forget()
    // not waiting to be told what the answer has changed
    if (leg_id) {
      this.run(async () => {
        if (this.held) ready?.held?.media.close()
        else if (ready?.held) await this.adopt(ready.held, ready.begun)
        else await this.connect(call_id, leg_id, offerIn(got))
      })
    }
    // a person who is just being asked for his devices already sees and hears
    const tried = this.working.then(() => this.opening).then(() => this.send())
    // what he does not have is known once he was asked, and told beside what the answer has changed
    tried.then(() => this.tellLines()).catch(() => undefined)
    this.attend()
    return tried.catch(() => undefined)
  }

  /** Takes the seat of a running call to this page; an older page of the same person loses it. */
  enter(call_id: string): void {
    if (this.claimed.has(call_id)) return
    this.replaced.delete(call_id)
    this.entering.add(call_id)
    this.run(async () => {
      try {
        const call = this.around.find(call_id)
        if (this.claimed.has(call_id) || !call || call.state === 'ended') return
        const leg = legOf(call, this.around.me())
        // who had muted himself stays muted over a reload
        for (const mid of OWN) this.muted[mid] = leg?.muted.includes(mid) ?? false
        if (call.state === 'live') await this.rejoin(call_id)
        else await this.around.ask({ type: 'call.join', call_id })
        this.claimed.add(call_id)
        sessionStorage.setItem(SEAT, call_id)
      } finally {
        this.entering.delete(call_id)
      }
    })
  }

  /** A newer page of this person has the seat now. */
  giveUp(call_id: string): void {
    this.replaced.add(call_id)
    this.claimed.delete(call_id)
    if (satIn(call_id)) sessionStorage.removeItem(SEAT)
    this.attend()
  }

  async mute(mid: '0' | '1', on: boolean): Promise<void> {
    this.muted[mid] = on
    await this.send()
    await this.closeLine(mid, on)
  }

  /** Whether the device of this line was asked for and cannot be had. */
  lacks(mid: '0' | '1'): boolean {
    const found = this.devices.value
    return found !== null && !found[KINDS[mid]]
  }

  /** Carries less or all of it again, because somebody at this page wants it so. */
  carry(load: Load): void {
    this.chosen.value = load !== 'whole'
    this.sparing.forget()
    this.notice({ type: 'carry', load })
  }

  /** Looks at the call again: to be called whenever it, the connection or a claim has changed. */
  attend(): void {
    this.notice({ type: 'served', on: this.around.connected() })
    this.run(() => this.step())
  }

  /** A call is about to be drawn as it is now: what this page sends in it does not wait for that. */
  heed(call: CallView): void {
    if (this.held?.call_id !== call.id || call.state !== 'live') return
    // what fails here is tried again, and told, when the call is looked at
    this.held.media.send(this.outgoing(this.devices.value, call)).catch(() => undefined)
  }

  /** The worker has more, or another, to offer to this leg than it has been offered. */
  renegotiate(leg_id: string): void {
    this.run(async () => {
      if (this.held?.leg_id === leg_id) await this.extend(this.held)
    })
  }

  /** The server says that the worker of this leg is gone or hears nothing of it. */
  unheard(leg_id: string): void {
    if (this.held?.leg_id === leg_id) this.notice({ type: 'unheard' })
  }

  close(): void {
    this.forget()
    window.removeEventListener('online', this.moved)
    navigator.mediaDevices?.removeEventListener('devicechange', this.plugged)
    clearInterval(this.figures)
    clearInterval(this.beating)
    this.claimed.clear()
    this.drop()
    this.rest()
  }

  private run(step: () => Promise<void>): void {
    this.working = this.working.then(step).catch((reason: unknown) => {
      // what was begun for a call that is over meanwhile is nobody's trouble
      if (!(reason instanceof Problem && reason.code === 'call_ended')) this.around.say(reason)
      clearTimeout(this.again)
      this.again = setTimeout(() => this.attend(), this.pause_ms)
      this.pause_ms = Math.min(this.pause_ms * 2, PAUSE_AT_MOST_MS)
    })
  }

  private async step(): Promise<void> {
    const call = this.around.current()
    await this.send()
    // answered, and not told yet that the call is live
    if (!call && this.held && this.claimed.has(this.held.call_id) && !this.over(this.held.call_id)) return
    if (!call || call.state === 'ended' || this.replaced.has(call.id)) {
      this.drop()
      this.was_up.value = false
      this.pause_ms = PAUSE_MS
      for (const call_id of [...this.claimed]) if (this.over(call_id)) this.claimed.delete(call_id)
      this.rest()
      return
    }
    if (!this.claimed.has(call.id) || !this.around.connected()) return
    const leg = legOf(call, this.around.me())
    // who has dialled connects while it rings, and sends nothing yet
    if (call.state === 'open' && leg?.state !== 'joined') return
    const held = this.held
    if (held?.call_id !== call.id) {
      // between two connections of a seat it is the ladder's turn
      if (!held && this.ladder.rung !== 'none' && this.ladder.rung !== 'beginning') return
      if (leg?.state === 'joined') await this.connect(call.id, leg.id)
      else await this.rejoin(call.id)
    } else if (leg?.id === held.leg_id) {
      // our place was given up while we were away
      if (leg.state === 'lost') await this.rejoin(call.id)
      else await this.fit(held, call)
    } else if (call.legs.some((one) => one.id === held.leg_id)) {
      // every leg that this page takes is held before the next step: a later one is another page's
      this.giveUp(call.id)
    }
  }

  /** Lines for as many as there are, and a face in layers among three and more. */
  private async fit(held: Held, call: CallView): Promise<void> {
    if (this.media.value !== 'up') return
    const there = seatedLegs(call).filter((leg) => leg.media)
    const crowded = there.length > 2
    const wanting = (crowded && !held.media.layers) || groupsFor(there) > held.media.groups
    const room = there.map((leg) => leg.id).join()
    // a worker that has no more lines to offer is asked once for each who comes
    if (wanting && held.asked_in !== room) {
      held.asked_in = room
      await this.extend(held)
    }
    await held.media.layer(crowded)
  }

  /** A call that ended, or that this person has left as its guest. */
  private over(call_id: string): boolean {
    const call = this.around.find(call_id)
    if (!call || call.state === 'ended') return call !== undefined
    const leg = legOf(call, this.around.me())
    return isGuest(leg?.seat) && leg?.state === 'left'
  }

  private async rejoin(call_id: string): Promise<void> {
    const { leg_id } = await this.around.ask<{ leg_id: string }>({ type: 'call.join', call_id })
    await this.connect(call_id, leg_id)
  }

  /** The first connection of a leg. */
  private async connect(call_id: string, leg_id: string, offered?: Offer): Promise<void> {
    this.release()
    this.sparing.forget()
    this.notice({ type: 'begun' })
    this.media.value = 'asking'
    const [own, offer] = await Promise.all([
      this.prepare(),
      offered ?? this.around.ask<Offer & Record<string, unknown>>({ type: 'call.connect', call_id, leg_id }),
    ])
    await this.open(call_id, leg_id, own, offer)
  }

  /** A connection that was negotiated before it was answered, and that has its seat now. */
  private async adopt(held: Held, begun: Promise<void> | null): Promise<void> {
    this.release()
    this.notice({ type: 'begun' })
    this.media.value = 'negotiating'
    this.held = held
    this.remote.value = held.media.arrived
    try {
      await begun
    } catch (reason) {
      this.release()
      throw reason
    }
    // whatever came before it was held
    if (held.media.state) this.notice({ type: held.media.state })
    await this.tellLines()
  }

  private async open(call_id: string, leg_id: string, own: Devices, offer: Offer): Promise<void> {
    this.release()
    const held = this.connection(call_id, leg_id, offer, own)
    this.held = held
    if (this.media.value === 'asking') this.media.value = 'negotiating'
    try {
      await this.describe(held, offer)
    } catch (reason) {
      this.release()
      throw reason
    }
    await this.tellLines()
  }

  private connection(call_id: string, leg_id: string, offer: Offer, own: Devices | null): Held {
    const media = new SeatMedia(
      offer.ice_servers,
      this.ladder.relay,
      this.outgoing(own, this.around.find(call_id)),
      {
        tracks: (arrived) => {
          if (this.held === held) this.remote.value = arrived
        },
        state: (now) => {
          if (this.held === held && !(now === 'broken' && held.doubted)) this.notice({ type: now })
        },
      },
    )
    const held: Held = {
      call_id,
      leg_id,
      media,
      heart: new Heartbeat(),
      good_until_ms: goodUntil(offer.ice_servers),
      shortest_s: Infinity,
      asked_in: '',
      said: new Map(),
      lacking: new Map(),
      doubted: false,
    }
    return held
  }

  /** Tells which of this page's lines carry nothing: those that are muted, and those whose device cannot be had, each by its own word. */
  private async tellLines(): Promise<void> {
    const held = this.held
    const call = held && this.around.find(held.call_id)
    if (!held || !call || this.over(call.id)) return
    // a new leg begins with what the one before had muted, and may not be known yet
    const leg = call.legs.find((one) => one.id === held.leg_id) ?? legOf(call, this.around.me())
    for (const mid of OWN) {
      if (!held.said.has(mid)) held.said.set(mid, leg?.muted.includes(mid) ?? false)
      if (!held.lacking.has(mid)) held.lacking.set(mid, leg?.lacking.includes(mid) ?? false)
      if (this.held === held) await this.closeLine(mid, this.muted[mid])
      if (this.held === held) await this.lackLine(mid, this.lacks(mid))
    }
  }

  private async describe(held: Held, offer: Offer): Promise<void> {
    held.good_until_ms = goodUntil(offer.ice_servers)
    const sdp = await held.media.answer(offer.sdp, this.ladder.load)
    await this.around.ask({ type: 'call.describe', call_id: held.call_id, leg_id: held.leg_id, sdp })
  }

  // ------------------------------------------------------------ the ladder

  private notice(noticed: Noticed): void {
    const before = this.ladder
    const { ladder, act } = climb(before, noticed, performance.now())
    this.ladder = ladder
    if (ladder !== before) this.stand(before.rung)
    if (act) this.perform(act)
  }

  private stand(before: typeof this.ladder.rung): void {
    const { rung, until_ms } = this.ladder
    this.told.value = told(this.ladder)
    clearTimeout(this.rung_ends)
    if (until_ms !== null)
      this.rung_ends = setTimeout(
        () => this.notice({ type: 'time' }),
        Math.max(1, until_ms - performance.now() + 1),
      )
    if (rung === before) return
    if (rung === 'up') {
      // what was ordered to get here is not needed any more
      this.orders += 1
      if (this.held) this.held.doubted = false
      this.media.value = 'up'
      this.was_up.value = true
      this.pause_ms = PAUSE_MS
      this.measure()
      this.around.well()
    } else if (rung === 'waiting') {
      this.around.doubt()
    } else if (rung !== 'none' && rung !== 'beginning') {
      this.media.value = 'broken'
      if (this.quality.value) this.quality.value = { ...this.quality.value, level: 'lost', advice: null }
      this.gauged = null
      this.samples = []
    }
  }

  private perform(act: Act): void {
    const order = (this.orders += 1)
    if (this.held) this.held.doubted = true
    this.working = this.working
      .then(() =>
        order === this.orders ? (act === 'restart' ? this.restart(order) : this.renew()) : undefined,
      )
      .catch((reason: unknown) => {
        if (order !== this.orders) return
        // a worker that is just being started again is worth waiting for on the same rung
        if (reason instanceof Problem && reason.code === 'media_unavailable')
          setTimeout(() => order === this.orders && this.perform(act), PAUSE_MS)
        else this.notice({ type: 'failed' })
      })
  }

  /** Same seat, same keys, new path: what a change of network needs. Another worker than before needs a new connection. */
  private async restart(order: number): Promise<void> {
    const held = this.held
    if (!held) return this.renew()
    const { call_id, leg_id } = held
    let offer: Offer
    try {
      offer = await this.around.ask<Offer & Record<string, unknown>>({
        type: 'call.connect',
        call_id,
        leg_id,
        restart: true,
      })
    } catch (reason) {
      const given_up =
        order === this.orders &&
        this.held === held &&
        reason instanceof Problem &&
        reason.code === 'not_in_call'
      if (!given_up) throw reason
      // our place is gone, which says nothing against the way: it begins anew, with all that it carries
      this.notice({ type: 'begun' })
      this.run(async () => {
        if (this.held === held) await this.rejoin(call_id)
      })
      return
    }
    if (order !== this.orders || this.held !== held) return
    if (!held.media.fits(offer.sdp)) return this.open(call_id, leg_id, await this.prepare(), offer)
    held.media.renew(offer.ice_servers)
    await this.describe(held, offer)
    held.doubted = false
  }

  /** New leg, new connection. */
  private async renew(): Promise<void> {
    const call = this.around.current()
    if (!call || !this.claimed.has(call.id)) return
    const { leg_id } = await this.around.ask<{ leg_id: string }>({ type: 'call.join', call_id: call.id })
    // from here on the leg is this page's, whatever the ladder says meanwhile: it must be held, or it would look like another page's
    this.release()
    const [own, offer] = await Promise.all([
      this.prepare(),
      this.around.ask<Offer & Record<string, unknown>>({ type: 'call.connect', call_id: call.id, leg_id }),
    ])
    await this.open(call.id, leg_id, own, offer)
  }

  /** New credentials for the relay while the old ones are still good, and a new path with them. */
  private async extend(held: Held): Promise<void> {
    const { call_id, leg_id } = held
    held.good_until_ms = null
    const offer = await this.around.ask<Offer & Record<string, unknown>>({
      type: 'call.connect',
      call_id,
      leg_id,
      restart: true,
    })
    if (this.held !== held || !held.media.fits(offer.sdp)) return
    held.media.renew(offer.ice_servers)
    await this.describe(held, offer)
  }

  private feelPulse(): void {
    const held = this.held
    held?.media.pulse().then(
      (pulse) => {
        const felt = this.held === held ? held.heart.look(pulse, performance.now()) : null
        // a first connection is up when the browser has its keys, not when a check is answered
        if (felt && (felt === 'weak' || this.ladder.rung !== 'beginning')) this.notice({ type: felt })
      },
      () => undefined,
    )
  }

  /** Closes the connection; the seat and its rung stay. */
  private release(): void {
    this.held?.media.close()
    this.held = null
    this.remote.value = new Map()
    this.gauged = null
    this.samples = []
    this.quality.value = null
    tell(null)
  }

  private drop(): void {
    clearTimeout(this.again)
    this.orders += 1
    this.release()
    this.notice({ type: 'ended' })
    this.chosen.value = false
    this.sparing.forget()
    this.media.value = 'none'
  }

  /** What leaves this page: nothing before an answer or on hold, and nothing that is muted; the devices stay open. */
  private outgoing(own: Devices | null, call: CallView | undefined): Map<Mid, MediaStreamTrack> {
    const tracks = new Map<Mid, MediaStreamTrack>()
    if (!own || !call || holdOf(call)) return tracks
    if (call.state === 'open' && call.caller.id === this.around.me()) return tracks
    if (own.microphone && !this.muted['0']) tracks.set('0', own.microphone)
    if (own.camera && !this.muted['1']) tracks.set('1', own.camera)
    if (this.paper.value) tracks.set('2', this.paper.value)
    if (this.screen.value) tracks.set('3', this.screen.value)
    return tracks
  }

  private async send(): Promise<void> {
    if (this.held)
      await this.held.media.send(this.outgoing(this.devices.value, this.around.find(this.held.call_id)))
  }

  private measure(): void {
    for (const kind of ['microphone', 'camera'] as const) {
      const track = this.devices.value?.[kind]
      // not every end comes with its event: a track that was stopped gives none
      if (track?.readyState === 'ended') this.lose(kind, track)
    }
    const held = this.held
    if (!held || this.media.value !== 'up') return
    held.media.figures().then(
      (seen) => {
        if (this.held !== held) return
        this.judge(held, seen)
        this.watch(seen.given)
      },
      (reason: unknown) => this.around.say(reason),
    )
    held.media.gauge().then(
      (now) => {
        if (this.held === held) this.gauge(held, now)
      },
      (reason: unknown) => this.around.say(reason),
    )
  }

  /** A camera whose pictures nobody holds back must give some. */
  private watch(given: Pictures | null): void {
    const camera = this.devices.value?.camera
    const expected = camera?.enabled && this.ladder.load === 'whole' && this.media.value === 'up'
    const hangs = this.stall.look(expected ? given : null, performance.now())
    if (hangs && camera && camera.id === given?.track_id) this.lose('camera', camera, hangs)
  }

  private gauge(held: Held, now: Gauge): void {
    const fresh = this.gauged && sample(this.gauged, now)
    this.gauged = now
    if (!fresh) return
    this.samples = [...this.samples, this.accompanied(held.call_id) ? fresh : whenAlone(fresh)].slice(
      -SAMPLES_KEPT,
    )
    this.quality.value = {
      ...judge(this.samples, { up: this.media.value === 'up', picture_sent: now.picture_sent }),
      sample: fresh,
    }
    this.around.measured(held.call_id, this.quality.value)
  }

  /** Whether anybody else is there, who receives what leaves this page and sends what comes to it. */
  private accompanied(call_id: string): boolean {
    const call = this.around.find(call_id)
    return (
      !!call &&
      !holdOf(call) &&
      seatedLegs(call).some(
        (leg) => leg.person.id !== this.around.me() && leg.state === 'joined' && leg.media && !leg.silent,
      )
    )
  }

  private judge(held: Held, seen: Figures): void {
    this.relayed.value = seen.relayed
    held.shortest_s = Math.min(held.shortest_s, seen.round_trip_s ?? Infinity)
    const shortest_s = Number.isFinite(held.shortest_s) ? held.shortest_s : 0
    tell({
      held_back: seen.held_back,
      loss: seen.loss_out,
      queued_s: Math.max(0, (seen.round_trip_s ?? 0) - shortest_s),
      shortest_s,
    })
    if (seen.relayed && held.good_until_ms !== null && serverNow() > held.good_until_ms) {
      this.working = this.working
        .then(() => this.extend(held))
        .catch((reason: unknown) => this.around.say(reason))
    }
    if (!this.chosen.value) this.spare(seen.loss)
  }

  /** On a line that loses too much the pictures give way to the voices, and come back when it has been good for long. */
  private spare(loss: number | null): void {
    const load = this.sparing.look(loss)
    if (load) this.notice({ type: 'carry', load })
  }
}

/** Whether this page had the seat of this call, over a reload too. */
export function satIn(call_id: string): boolean {
  return sessionStorage.getItem(SEAT) === call_id
}

/** When the relay's credentials of an offer are to be renewed; their user name begins with the second in which they end. */
function goodUntil(servers: IceServer[]): number | null {
  const ends_s = servers.map(({ username }) => parseInt(username ?? '', 10)).find(Number.isFinite)
  if (ends_s === undefined) return null
  const left_ms = ends_s * 1_000 - serverNow()
  return ends_s * 1_000 - Math.min(RENEWED_BEFORE_MS, left_ms / 3)
}
