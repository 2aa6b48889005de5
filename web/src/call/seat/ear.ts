/**
 * Listens to the microphone of this page alone: how loud it is, whether it brings nothing at all, whether somebody
 * speaks into it while it is muted. Nothing of what it hears is kept or sent.
 */

/** Below this peak (about -80 dB) a microphone brings nothing: even a quiet room is louder. */
export const NOTHING = 0.0001
/** Above this peak somebody speaks. */
export const SPEECH = 0.03
export const SILENT_FOR_MS = 10_000
const SPEAKS_FOR_MS = 400
const GAP_MS = 250
const HINT_FOR_MS = 5_000

export interface Heard {
  /** an open microphone has brought nothing for ten seconds */
  silent: boolean
  /** somebody speaks, and nobody hears him */
  speaks_muted: boolean
}

/** Judges peaks (0 to 1) as they come. Pure but for what it remembers of them. */
export class Attention {
  private quiet_since: number | null = null
  private speaks_since: number | null = null
  private loud_at = 0
  private hint_until = 0

  take(peak: number, at_ms: number, muted: boolean): Heard {
    if (muted || peak > NOTHING) this.quiet_since = null
    else this.quiet_since ??= at_ms
    if (!muted) {
      this.speaks_since = null
      this.hint_until = 0
    } else if (peak > SPEECH) {
      this.speaks_since ??= at_ms
      this.loud_at = at_ms
      if (at_ms - this.speaks_since >= SPEAKS_FOR_MS) this.hint_until = at_ms + HINT_FOR_MS
    } else if (at_ms - this.loud_at > GAP_MS) this.speaks_since = null
    return {
      silent: this.quiet_since !== null && at_ms - this.quiet_since >= SILENT_FOR_MS,
      speaks_muted: at_ms < this.hint_until,
    }
  }
}

const EVERY_MS = 100

/** The peak of a track ten times a second, for as long as it is open; none while the browser lets no sound be read. */
export class Ear {
  private readonly context = new AudioContext()
  private readonly timer: ReturnType<typeof setInterval>

  constructor(track: MediaStreamTrack, hear: (peak: number) => void) {
    const analyser = this.context.createAnalyser()
    analyser.fftSize = 8192
    this.context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
    const wave = new Float32Array(analyser.fftSize)
    this.timer = setInterval(() => {
      // a page that nobody has touched since it was loaded may not read sound: that is no silence
      if (this.context.state !== 'running') return
      analyser.getFloatTimeDomainData(wave)
      let peak = 0
      for (const value of wave) peak = Math.max(peak, Math.abs(value))
      hear(peak)
    }, EVERY_MS)
  }

  close(): void {
    clearInterval(this.timer)
    void this.context.close()
  }
}
