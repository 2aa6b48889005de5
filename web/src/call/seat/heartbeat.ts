/**
 * Whether packets still come in, seconds before the browser calls a way disconnected. Pure but for what it
 * remembers: it is given the counters of the connection twice a second and says what they mean.
 *
 * Where something came in steadily, QUIET_MS without anything is weak. Where little comes in (nobody speaks, no
 * camera), silence says nothing, and the browser's own checks decide.
 */
import type { Pulse } from './media'

export const LOOK_MS = 500
export const QUIET_MS = 1_600
const STEADY_LOOKS = 4
/** a page that slept was not looked at meanwhile */
const SLEPT_MS = 4_000

export class Heartbeat {
  private before: Pulse | null = null
  private grown_at_ms = 0
  private looked_at_ms = 0
  private looks: boolean[] = []

  look(pulse: Pulse, at_ms: number): 'up' | 'weak' | null {
    const before = this.before
    if (at_ms - this.looked_at_ms > SLEPT_MS) this.grown_at_ms = at_ms
    this.before = pulse
    this.looked_at_ms = at_ms
    if (!before) return null
    // paths that are given up take their counts with them: less is news as well as more
    const grown = pulse.bytes !== before.bytes
    if (grown || pulse.answers !== before.answers) {
      this.note(grown)
      this.grown_at_ms = at_ms
      return 'up'
    }
    if (!this.looks.every(Boolean) || this.looks.length < STEADY_LOOKS) {
      this.note(false)
      return null
    }
    if (at_ms - this.grown_at_ms < QUIET_MS) return null
    this.looks = []
    return 'weak'
  }

  private note(grown: boolean): void {
    this.looks = [...this.looks, grown].slice(-STEADY_LOOKS)
  }
}
