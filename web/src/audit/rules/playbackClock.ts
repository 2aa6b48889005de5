/**
 * One clock for several pictures of one call: all play to it, none of them is it.
 *
 * Seconds are those of the call, 0 at its answer. The clock stands while it is held (a picture has to fetch or to seek).
 * `steer` says how one picture comes back into step: a little faster or slower, or by a jump when it is far off. Pure:
 * time is given.
 */
export const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2] as const
export type Rate = (typeof RATES)[number]

/** Two pictures may be this far from the clock (seconds) before anything is done. */
const CLOSE_S = 0.015
/** Beyond this a picture jumps; below, it runs faster or slower until it is there. */
const FAR_S = 0.3
/** At most this much faster or slower: pitch is kept by the browser, and nobody hears it. */
const BEND = 0.12
/** How soon a drift shall be gone, in seconds. */
const WITHIN_S = 1

export class PlaybackClock {
  private from_s = 0
  private since_ms: number | null = null
  private wanted = false
  private speed: Rate = 1
  private readonly holds = new Set<string>()

  constructor(
    private readonly now_ms: () => number,
    /** the last second there is */
    public end_s = Infinity,
  ) {}

  get playing(): boolean {
    return this.wanted
  }

  /** it plays, but waits for a picture */
  get held(): boolean {
    return this.holds.size > 0
  }

  get rate(): Rate {
    return this.speed
  }

  get position_s(): number {
    if (this.since_ms === null) return this.from_s
    const at = this.from_s + ((this.now_ms() - this.since_ms) / 1000) * this.speed
    return this.from_s < this.end_s ? Math.min(at, this.end_s) : at
  }

  play(): void {
    if (this.wanted) return
    // from what lies before or after the call there is nothing to play
    if (this.from_s < 0 || this.from_s >= this.end_s) this.from_s = 0
    this.wanted = true
    this.turn()
  }

  pause(): void {
    this.wanted = false
    this.turn()
  }

  seek(second: number): void {
    this.from_s = second
    if (this.since_ms !== null) this.since_ms = this.now_ms()
    if (this.wanted && (second < 0 || second >= this.end_s)) this.pause()
  }

  setRate(rate: Rate): void {
    this.from_s = this.position_s
    if (this.since_ms !== null) this.since_ms = this.now_ms()
    this.speed = rate
  }

  /** `who` is not ready (or is again): the clock stands as long as anybody is not. */
  hold(who: string, on: boolean): void {
    if (on === this.holds.has(who)) return
    if (on) this.holds.add(who)
    else this.holds.delete(who)
    this.turn()
  }

  /** Stops at the end; true when it did just now. */
  stopAtEnd(): boolean {
    if (!this.wanted || this.position_s < this.end_s) return false
    this.pause()
    return true
  }

  private turn(): void {
    const runs = this.wanted && this.holds.size === 0
    if (runs === (this.since_ms !== null)) return
    this.from_s = this.position_s
    this.since_ms = runs ? this.now_ms() : null
  }
}

export type Steering = { jump: true } | { jump: false; rate: number }

/** What a picture that is `drift_s` ahead (negative: behind) shall do now, at a wanted `rate`. */
export function steer(drift_s: number, rate: number): Steering {
  if (Math.abs(drift_s) > FAR_S) return { jump: true }
  if (Math.abs(drift_s) <= CLOSE_S) return { jump: false, rate }
  const bend = Math.max(-BEND, Math.min(BEND, -drift_s / WITHIN_S / rate))
  return { jump: false, rate: rate * (1 + bend) }
}

/** Where in its own file a picture stands at a second of the call; null: it has nothing there. */
export function inFile(second: number, starts_s: number, length_s: number): number | null {
  const at = second - starts_s
  return at >= 0 && at <= length_s ? at : null
}
