/**
 * Devices to tracks: opens camera and microphone for as long as they are wanted, takes another in the place of one that
 * was pulled out or hangs, and opens what is shown beside the face. It knows no call.
 */
import { shallowRef } from 'vue'
import { Stall, type Pictures } from '../rules/stall'
import { closeDevices, type DeviceKind, type Devices } from './devices'
import { Attention, type Heard } from './ear'
import type { Mid } from './media'
import type { Means, Stop } from './means'

/** What became of a device in the middle of a call. */
export interface DeviceNotice {
  kind: DeviceKind | 'paper'
  what: 'replaced' | 'reopened' | 'gone' | 'back' | 'failed'
}

/** Whom the supply tells, and whom it asks. */
export interface Supplied {
  /** there is another track to send, or one less */
  send: () => Promise<void>
  /** a line of papers or of a screen carries something now, or nothing any more */
  close: (mid: '2' | '3', on: boolean) => Promise<void>
  /** which devices lack has changed */
  tellLines: () => Promise<void>
  /** whether others should hear this person now */
  talks: () => boolean
  muted: (mid: '0' | '1') => boolean
}

const UNHEARD: Heard = { silent: false, speaks_muted: false }
const KINDS = { '0': 'microphone', '1': 'camera' } as const

export class Supply {
  readonly devices = shallowRef<Devices | null>(null)
  /** what lies under the document camera and the screen that is shared, in full size: stills are taken from here */
  readonly paper = shallowRef<MediaStreamTrack | null>(null)
  readonly screen = shallowRef<MediaStreamTrack | null>(null)
  readonly heard = shallowRef<Heard>(UNHEARD)
  readonly notice = shallowRef<DeviceNotice | null>(null)
  /** camera and microphone as they were asked for; null while nobody wants them */
  opening: Promise<Devices> | null = null

  /** how often the document camera was asked for or put away: the last time counts */
  private paper_asked = 0
  private deafen: Stop | null = null
  private readonly stall = new Stall()
  private readonly unplug: Stop

  constructor(
    private readonly means: Pick<Means, 'time' | 'place'>,
    private readonly seat: Supplied,
  ) {
    this.unplug = means.place.onPlugged(() => void this.fillIn(false))
  }

  /** Opens camera and microphone, once for as long as they are wanted. */
  prepare(): Promise<Devices> {
    this.opening ??= this.means.place.both().then((found) => {
      this.devices.value = found
      this.mind('microphone', found.microphone)
      this.mind('camera', found.camera)
      return found
    })
    return this.opening
  }

  /** Closes all that is open. */
  rest(): void {
    closeDevices(this.devices.value)
    this.devices.value = null
    this.opening = null
    this.listen(null)
    this.notice.value = null
    this.paper_asked += 1
    for (const shown of [this.paper, this.screen]) {
      shown.value?.stop()
      shown.value = null
    }
  }

  close(): void {
    this.unplug()
    this.rest()
  }

  /** The tracks that there are, by the line on which they go out; without those that are muted, which stay open. */
  get tracks(): Map<Mid, MediaStreamTrack> {
    const found = new Map<Mid, MediaStreamTrack>()
    const own = this.devices.value
    if (!own) return found
    if (own.microphone && !this.seat.muted('0')) found.set('0', own.microphone)
    if (own.camera && !this.seat.muted('1')) found.set('1', own.camera)
    if (this.paper.value) found.set('2', this.paper.value)
    if (this.screen.value) found.set('3', this.screen.value)
    return found
  }

  /** Whether the device of this line was asked for and cannot be had. */
  lacks(mid: '0' | '1'): boolean {
    const found = this.devices.value
    return found !== null && !found[KINDS[mid]]
  }

  /**
   * Shows what lies under the document camera beside the face, or no longer. Asked again while it is shown, the camera
   * that is chosen by then takes its place: the picture before stays until there is another.
   */
  async showPaper(on: boolean): Promise<void> {
    const asked = ++this.paper_asked
    const find = () => this.means.place.paper(this.devices.value?.camera ?? null)
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
    if (on && !track) this.notice.value = { kind: 'paper', what: 'failed' }
    track?.addEventListener('ended', () => {
      if (this.paper.value !== track) return
      this.notice.value = { kind: 'paper', what: 'gone' }
      void this.showPaper(false)
    })
    await this.seat.send()
    await this.seat.close('2', this.paper.value === null)
  }

  /** Shares one window or screen that the person chooses; false when he chose none. */
  async shareScreen(on: boolean): Promise<boolean> {
    this.screen.value?.stop()
    this.screen.value = null
    const track = on ? await this.means.place.screen() : null
    if (track) {
      // the browser has a key of its own that ends it
      track.addEventListener('ended', () => this.screen.value === track && void this.shareScreen(false))
      this.screen.value = track
    }
    await this.seat.send()
    await this.seat.close('3', this.screen.value === null)
    return on === (this.screen.value !== null)
  }

  /** Tries once more to open what could not be had: somebody has allowed it meanwhile, or plugged it in. */
  retry(): Promise<void> {
    return this.fillIn(true)
  }

  /** Not every end comes with its event: a track that was stopped gives none. To be asked every few seconds. */
  look(): void {
    for (const kind of ['microphone', 'camera'] as const) {
      const track = this.devices.value?.[kind]
      if (track?.readyState === 'ended') this.lose(kind, track)
    }
  }

  /** A camera whose pictures nobody holds back must give some; null: they are held back. To be told every few seconds. */
  watch(given: Pictures | null): void {
    const camera = this.devices.value?.camera
    const hangs = this.stall.look(camera?.enabled ? given : null, this.means.time.now())
    if (hangs && camera && camera.id === given?.track_id) this.lose('camera', camera, hangs)
  }

  private mind(kind: DeviceKind, track: MediaStreamTrack | null): void {
    if (kind === 'microphone') this.listen(track)
    track?.addEventListener('ended', () => this.lose(kind, track))
  }

  private listen(microphone: MediaStreamTrack | null): void {
    this.deafen?.()
    this.deafen = null
    this.heard.value = UNHEARD
    if (!microphone) return
    const attention = new Attention()
    this.deafen = this.means.place.listen(microphone, (peak) => {
      const now = this.seat.talks()
        ? attention.take(peak, this.means.time.now(), this.seat.muted('0'))
        : UNHEARD
      const before = this.heard.value
      if (now.silent !== before.silent || now.speaks_muted !== before.speaks_muted) this.heard.value = now
    })
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
    this.notice.value = null
    void this.change()
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
    const opening = this.means.place.one(kind)
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
      this.notice.value = what && { kind, what }
    } else if (what === 'replaced') this.notice.value = { kind, what: 'gone' }
    await this.change()
  }

  /** Sends what there is by now, and says what lacks. */
  private async change(): Promise<void> {
    await this.seat.send()
    await this.seat.tellLines().catch(() => undefined) // told when the seat is taken anew
  }
}
