/**
 * Runs the eleven steps of the device check, one after another, on the real devices and the real way: what cannot be
 * tried because of an earlier step is skipped and says so. The question whether a tone was heard waits for its answer
 * while the others go on. Draws nothing.
 */
import { reactive, ref, shallowRef } from 'vue'
import { listCameras, openOne, type DeviceTrouble } from '../call/seat/devices'
import { findDocumentCamera, openDocumentCamera } from '../call/seat/documentCamera'
import { Ear } from '../call/seat/ear'
import type { Mid } from '../call/seat/media'
import { Problem } from '../wire/http'
import { wire } from '../wire/socket'
import { Rehearsal, relayed } from './rehearsal'
import { fresh, narrow, type Outcome, type StepName } from './steps'

/** A peak above this was a voice or a knock, not a line without a microphone. */
const HEARD = 0.01
const LISTENS_MS = 6_000
const PATH_WITHIN_MS = 8_000
const RELAY_WITHIN_MS = 6_000
const PACKETS_WITHIN_MS = 6_000
/**
 * so long the browser has to find out what the line carries, and so long again to make the picture whole on
 * one that is well
 */
const WEIGHED_AFTER_MS = 2_000
const WHOLE_WITHIN_MS = 6_000
const LOOK_EVERY_MS = 200
const ENOUGH = 20

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

/** Asks again until the answer is there or the time is over. */
async function within<T>(ms: number, ask: () => Promise<T | null>): Promise<T | null> {
  const until = performance.now() + ms
  for (;;) {
    const answer = await ask()
    if (answer !== null || performance.now() >= until) return answer
    await pause(LOOK_EVERY_MS)
  }
}

/** Whether a picture moves before the eyes: the size of its first frame, or null. */
async function seen(track: MediaStreamTrack): Promise<{ width: number; height: number } | null> {
  const video = document.createElement('video')
  video.muted = true
  video.srcObject = new MediaStream([track])
  try {
    await video.play()
    return await within(4_000, async () =>
      video.videoWidth && video.currentTime > 0
        ? { width: video.videoWidth, height: video.videoHeight }
        : null,
    )
  } catch {
    return null
  } finally {
    video.srcObject = null
  }
}

export class CheckRun {
  readonly steps = reactive(fresh())
  readonly running = ref(false)
  /** the picture of the camera that is looked at, and how loud the microphone is, 0 to 1 */
  readonly picture = shallowRef<MediaStreamTrack | null>(null)
  readonly paper = shallowRef<MediaStreamTrack | null>(null)
  readonly peak = ref(0)
  readonly at = shallowRef<Date | null>(null)
  /** the cameras that there are, once one was allowed: which of them shows papers is chosen here */
  readonly cameras = shallowRef<MediaDeviceInfo[]>([])

  private microphone: MediaStreamTrack | null = null
  private ear: Ear | null = null
  private rehearsal: Rehearsal | null = null
  private tone: { stop: () => void } | null = null
  private answer: ((heard: boolean) => void) | null = null
  private stopped = false

  async run(): Promise<void> {
    if (this.running.value) return
    this.close()
    this.stopped = false
    this.steps.splice(0, this.steps.length, ...fresh())
    this.running.value = true
    try {
      await this.step('camera', () => this.camera())
      await this.step('microphone', () => this.voice())
      const asked = this.step('speaker', () => this.speaker())
      await this.step('document_camera', () => this.documents())
      await this.step('socket', () => this.socket())
      await this.step('direct', () => this.direct())
      await this.step('relay', () => this.relay())
      await this.step('publish_audio', () => this.publish('0', this.microphone, 'no_microphone'))
      await this.step('publish_video', () => this.publish('1', this.picture.value, 'no_camera'))
      await this.step('receive', () => this.receive())
      await this.step('reconnect', () => this.reconnect())
      await asked
      this.at.value = new Date()
    } finally {
      this.rehearsal?.close()
      this.rehearsal = null
      this.running.value = false
    }
  }

  /** Says whether the tone was heard. */
  heard(yes: boolean): void {
    this.answer?.(yes)
  }

  /** Lets go of every device and connection. */
  close(): void {
    this.stopped = true
    this.answer?.(false)
    this.tone?.stop()
    this.ear?.close()
    this.rehearsal?.close()
    for (const track of [this.picture.value, this.paper.value, this.microphone]) track?.stop()
    this.picture.value = this.paper.value = this.microphone = this.ear = this.rehearsal = this.tone = null
    this.peak.value = 0
  }

  private async step(name: StepName, work: () => Promise<Outcome>): Promise<void> {
    const step = this.steps.find((one) => one.name === name)
    if (!step) return
    step.state = 'running'
    const from = performance.now()
    let outcome: Outcome
    try {
      outcome = this.stopped ? { state: 'skipped', reason: 'stopped' } : await work()
    } catch (reason) {
      const code = Problem.of(reason).code
      outcome = {
        state: 'failed',
        reason: code === 'throttled' ? 'throttled' : 'no_server',
        figures: { code },
      }
    }
    step.state = outcome.state
    step.reason = outcome.reason ?? null
    step.figures = { ...outcome.figures, took_ms: Math.round(performance.now() - from) }
  }

  /** A device that is pulled out, also when its step is over, works no longer. */
  private mind(name: StepName, track: MediaStreamTrack, shown?: { value: MediaStreamTrack | null }): void {
    track.addEventListener('ended', () => {
      const step = this.steps.find((one) => one.name === name)
      if (this.stopped || !step || (shown ?? { value: this.microphone }).value !== track) return
      if (shown) shown.value = null
      else this.microphone = null
      this.peak.value = this.microphone ? this.peak.value : 0
      step.state = 'failed'
      step.reason = 'unplugged'
    })
  }

  private async camera(): Promise<Outcome> {
    const { track, trouble } = await openOne('camera')
    if (!track) return { state: 'failed', reason: trouble as DeviceTrouble }
    this.picture.value = track
    this.mind('camera', track, this.picture)
    const size = await seen(track)
    return size ? { state: 'ok', figures: size } : { state: 'failed', reason: 'no_picture' }
  }

  private async voice(): Promise<Outcome> {
    const { track, trouble } = await openOne('microphone')
    if (!track) return { state: 'failed', reason: trouble as DeviceTrouble }
    this.microphone = track
    this.mind('microphone', track)
    let loudest = 0
    this.ear = new Ear(track, (peak) => {
      this.peak.value = peak
      loudest = Math.max(loudest, peak)
    })
    const spoke = await within(LISTENS_MS, async () => (loudest > HEARD ? true : null))
    return spoke
      ? { state: 'ok', figures: { peak: Math.round(loudest * 1000) / 1000 } }
      : { state: 'failed', reason: 'silent', figures: { peak: Math.round(loudest * 100_000) / 100_000 } }
  }

  private async speaker(): Promise<Outcome> {
    const context = new AudioContext()
    const gain = context.createGain()
    gain.gain.value = 0.2
    gain.connect(context.destination)
    const tone = context.createOscillator()
    tone.frequency.value = 660
    tone.connect(gain)
    // on and off, so that it is told from a hum
    for (let second = 0; second < 60; second += 1) {
      gain.gain.setValueAtTime(0.2, context.currentTime + second)
      gain.gain.setValueAtTime(0, context.currentTime + second + 0.6)
    }
    tone.start()
    this.tone = {
      stop: () => {
        tone.stop()
        void context.close()
      },
    }
    const heard = await new Promise<boolean>((resolve) => (this.answer = resolve))
    this.answer = null
    this.tone?.stop()
    this.tone = null
    if (this.stopped) return { state: 'skipped', reason: 'stopped' }
    return heard ? { state: 'ok' } : { state: 'failed', reason: 'not_heard' }
  }

  private async documents(): Promise<Outcome> {
    const cameras = await listCameras()
    this.cameras.value = cameras
    const figures = { cameras: cameras.length }
    // a browser that gives no camera does not tell how many there are
    if (!this.picture.value && cameras.length < 2) return { state: 'skipped', reason: 'camera_first' }
    if (cameras.length < 2) return { state: 'skipped', reason: 'one_camera', figures }
    const { track, trouble } = await openDocumentCamera(await findDocumentCamera(this.picture.value))
    if (!track) return { state: 'failed', reason: trouble as DeviceTrouble, figures }
    this.paper.value = track
    this.mind('document_camera', track, this.paper)
    const size = await seen(track)
    return size
      ? { state: 'ok', figures: { ...figures, ...size } }
      : { state: 'failed', reason: 'no_picture', figures }
  }

  private async socket(): Promise<Outcome> {
    const live = wire()
    const there = await within(5_000, async () => (live.connection.value === 'connected' ? true : null))
    if (!there) return { state: 'failed', reason: 'no_socket' }
    const tracks = new Map<Mid, MediaStreamTrack>()
    if (this.microphone) tracks.set('0', this.microphone)
    if (this.picture.value) tracks.set('1', this.picture.value)
    this.rehearsal = await Rehearsal.open((command) => live.ask(command), tracks)
    return { state: 'ok', figures: { answer_ms: this.rehearsal.asked_ms } }
  }

  private async direct(): Promise<Outcome> {
    const way = this.rehearsal
    if (!way) return { state: 'skipped', reason: 'no_server' }
    await way.connect()
    const up = await within(PATH_WITHIN_MS, async () => {
      const [out, back] = [await way.sent(), await way.received()]
      return out.round_trip_s !== null && back.round_trip_s !== null ? out : null
    })
    if (!up) return { state: 'failed', reason: 'no_path' }
    const figures = {
      candidate: up.candidate,
      protocol: up.protocol,
      round_trip_ms: Math.round((up.round_trip_s ?? 0) * 1000),
    }
    return up.candidate === 'relay' || up.protocol === 'tcp'
      ? { state: 'failed', reason: 'no_path', figures }
      : { state: 'ok', figures }
  }

  private async relay(): Promise<Outcome> {
    const servers = this.rehearsal?.ice_servers ?? []
    if (!servers.some((one) => [one.urls].flat().some((url) => url.startsWith('turn'))))
      return { state: 'skipped', reason: 'no_relay' }
    const took = await relayed(servers, RELAY_WITHIN_MS)
    return took === null
      ? { state: 'failed', reason: 'relay_closed' }
      : { state: 'ok', figures: { answer_ms: took } }
  }

  private up(): boolean {
    const [direct, relay] = [
      this.steps.find((one) => one.name === 'direct'),
      this.steps.find((one) => one.name === 'relay'),
    ]
    return (
      this.rehearsal !== null &&
      (direct?.state === 'ok' || direct?.figures['candidate'] !== undefined || relay?.state === 'ok')
    )
  }

  private async publish(
    mid: Mid,
    track: MediaStreamTrack | null,
    missing: 'no_microphone' | 'no_camera',
  ): Promise<Outcome> {
    const way = this.rehearsal
    if (!track) return { state: 'skipped', reason: missing }
    if (!way || !this.up()) return { state: 'skipped', reason: 'no_way' }
    const packets = await within(PACKETS_WITHIN_MS, async () => {
      const now = await way.arrived(mid)
      return now >= ENOUGH ? now : null
    })
    if (packets === null) return { state: 'failed', reason: 'not_sent' }
    return mid === '1' ? this.weighed(way, packets) : { state: 'ok', figures: { packets } }
  }

  /** Whether the line carries more than a small picture. */
  private async weighed(way: Rehearsal, packets: number): Promise<Outcome> {
    await pause(WEIGHED_AFTER_MS)
    const whole = await within(WHOLE_WITHIN_MS, async () =>
      (await way.sent()).limited_by === 'bandwidth' ? null : true,
    )
    const sent = await way.sent()
    if (whole || !narrow(sent)) return { state: 'ok', figures: { packets } }
    return {
      state: 'failed',
      reason: 'narrow',
      figures: { packets, width: sent.picture_width, height: sent.picture_height },
    }
  }

  private async receive(): Promise<Outcome> {
    const way = this.rehearsal
    if (!way || !this.up() || !(this.microphone ?? this.picture.value))
      return { state: 'skipped', reason: 'no_way' }
    const got = await within(PACKETS_WITHIN_MS, async () => {
      const now = await way.received()
      return now.packets_in >= ENOUGH && (!this.picture.value || now.frames_decoded > 2) ? now : null
    })
    if (!got) return { state: 'failed', reason: 'not_back' }
    return {
      state: 'ok',
      figures: {
        packets: got.packets_in,
        pictures: got.frames_decoded,
        lost: got.lost_in,
        round_trip_ms: Math.round((got.round_trip_s ?? 0) * 1000),
      },
    }
  }

  private async reconnect(): Promise<Outcome> {
    const way = this.rehearsal
    if (!way || !this.up() || !(this.microphone ?? this.picture.value))
      return { state: 'skipped', reason: 'no_way' }
    const before = (await way.received()).packets_in
    const from = performance.now()
    await way.restart()
    const again = await within(PATH_WITHIN_MS, async () =>
      (await way.received()).packets_in >= before + ENOUGH ? true : null,
    )
    return again
      ? { state: 'ok', figures: { again_ms: Math.round(performance.now() - from) } }
      : { state: 'failed', reason: 'not_again' }
  }
}
