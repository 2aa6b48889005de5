/**
 * When a camera gives no pictures any more though its track lives: a driver that hangs ends nothing, and the others see
 * a picture that stands still. Pure but for what it remembers.
 */
import type { StatsEntry } from './quality'

/** without a new picture for so long a camera hangs: even in the dark it gives some a second */
export const HANGS_MS = 5_000
/** a page that slept, or a machine that is overrun, was not looked at meanwhile */
const SLEPT_MS = 4_000
/** a camera that was opened anew and hangs again so soon is not opened a second time */
const AGAIN_MS = 60_000

/** How many pictures a track has given so far. */
export interface Pictures {
  track_id: string
  frames: number
}

/** The pictures of this track by one `getStats`: of its source, or what was sent of them; null when neither is told. */
export function pictures(entries: readonly StatsEntry[], track_id: string | undefined): Pictures | null {
  const source = entries.find(
    (one) => one['type'] === 'media-source' && one['kind'] === 'video' && one['trackIdentifier'] === track_id,
  )
  if (!source || track_id === undefined) return null
  if (typeof source['frames'] === 'number') return { track_id, frames: source['frames'] }
  const sent = entries.filter(
    (one) =>
      one['type'] === 'outbound-rtp' &&
      one['mediaSourceId'] === source['id'] &&
      typeof one['framesSent'] === 'number',
  )
  if (!sent.length) return null
  return { track_id, frames: sent.reduce((sum, one) => sum + Number(one['framesSent']), 0) }
}

/** Looks at one camera, and says once of each that hangs whether to open it anew or to tell that it is missing. */
export class Stall {
  private before: Pictures | null = null
  private grown_at_ms = 0
  private looked_at_ms = 0
  private opened_at_ms = -Infinity

  /** Null: no picture is expected of it now. */
  look(now: Pictures | null, at_ms: number): 'open' | 'tell' | null {
    const { before } = this
    const slept = at_ms - this.looked_at_ms > SLEPT_MS
    this.before = now
    this.looked_at_ms = at_ms
    // a count that is smaller began anew: that is news as well
    const same = now && before?.track_id === now.track_id && before.frames === now.frames
    if (!same || slept) this.grown_at_ms = at_ms
    if (at_ms - this.grown_at_ms < HANGS_MS) return null
    this.before = null
    const again = at_ms - this.opened_at_ms < AGAIN_MS
    this.opened_at_ms = at_ms
    return again ? 'tell' : 'open'
  }
}
