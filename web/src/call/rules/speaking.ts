/**
 * Who speaks now, from how loud each voice arrives at this page; and when that is worth a word to people who do not see it.
 * Nothing of what is heard is kept or sent.
 */

/** Above this peak a voice that has come over the network is heard. */
const LOUD = 0.02
/** A voice counts after so long above the threshold, and no longer after so long below it. */
const SPEAKS_AFTER_MS = 200
const QUIET_AFTER_MS = 1_000
const EVERY_MS = 100
/** One change of speaker is told in so long, so that a lively talk does not drown what a screen reader has to say. */
export const TOLD_EVERY_MS = 8_000

/** Judges peaks (0 to 1) of several voices as they come. Pure but for what it remembers of them. */
export class Talking {
  private readonly loud = new Map<string, { since: number; at: number }>()
  private now: ReadonlySet<string> = new Set()

  /** Who speaks at this moment: the same set while it is the same people. */
  take(peaks: ReadonlyMap<string, number>, at_ms: number): ReadonlySet<string> {
    for (const name of this.loud.keys()) if (!peaks.has(name)) this.loud.delete(name)
    for (const [name, peak] of peaks) {
      const before = this.loud.get(name)
      if (peak > LOUD) this.loud.set(name, { since: before?.since ?? at_ms, at: at_ms })
      else if (before && at_ms - before.at > QUIET_AFTER_MS) this.loud.delete(name)
    }
    const speak = [...this.loud]
      .filter(([name, { since, at }]) => this.now.has(name) || at - since >= SPEAKS_AFTER_MS)
      .map(([name]) => name)
    if (speak.length !== this.now.size || speak.some((name) => !this.now.has(name))) this.now = new Set(speak)
    return this.now
  }
}

/** Decides which change of speaker is told: one at a time, another than the last, and seldom. */
export class Teller {
  private last: string | null = null
  private told_at = -Infinity

  take(speaking: ReadonlySet<string>, at_ms: number): string | null {
    const [only] = speaking
    if (speaking.size !== 1 || !only || only === this.last || at_ms - this.told_at < TOLD_EVERY_MS)
      return null
    this.last = only
    this.told_at = at_ms
    return only
  }
}

/** Measures several voices ten times a second, in one audio graph. */
export class Voices {
  private context: AudioContext | null = null
  private readonly heard = new Map<
    string,
    { track: MediaStreamTrack; source: MediaStreamAudioSourceNode; analyser: AnalyserNode }
  >()
  private readonly wave = new Float32Array(4_096)
  private readonly timer: ReturnType<typeof setInterval>

  constructor(hear: (peaks: ReadonlyMap<string, number>) => void) {
    this.timer = setInterval(() => {
      if (this.heard.size) hear(this.measure())
    }, EVERY_MS)
  }

  /** Listens to these voices and no other. */
  listen(tracks: ReadonlyMap<string, MediaStreamTrack>): void {
    for (const [name, one] of this.heard) {
      if (tracks.get(name) === one.track) continue
      one.source.disconnect()
      this.heard.delete(name)
    }
    for (const [name, track] of tracks) {
      if (this.heard.has(name)) continue
      const context = (this.context ??= new AudioContext())
      const source = context.createMediaStreamSource(new MediaStream([track]))
      const analyser = context.createAnalyser()
      analyser.fftSize = this.wave.length
      source.connect(analyser)
      this.heard.set(name, { track, source, analyser })
    }
  }

  private measure(): ReadonlyMap<string, number> {
    const peaks = new Map<string, number>()
    // a page that nobody has touched since it was loaded may not read sound
    if (this.context?.state !== 'running') return peaks
    for (const [name, { analyser }] of this.heard) {
      analyser.getFloatTimeDomainData(this.wave)
      let peak = 0
      for (const value of this.wave) peak = Math.max(peak, Math.abs(value))
      peaks.set(name, peak)
    }
    return peaks
  }

  close(): void {
    clearInterval(this.timer)
    this.heard.clear()
    void this.context?.close()
  }
}
