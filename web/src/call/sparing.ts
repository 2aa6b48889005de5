/**
 * When pictures give way to the voices by themselves: on a line that loses too much, look after look, and back
 * when it has been good for long. Pure but for what it remembers.
 *
 * Only what is known anew counts. A way that brings nothing at all is not judged here but by the ladder, and a
 * report of the other side is one piece of news, however long no other follows it.
 */
import type { Load } from './ladder'

/** what the line must be for so many looks in a row */
const LOST_TOO_MUCH = 0.25
const LOST_LITTLE = 0.02
const BAD_LOOKS = 4
const GOOD_LOOKS = 10

/** An entry of `getStats` (W3C webrtc-stats). */
type Entry = Record<string, unknown>

/** What was lost on the lines of one connection. */
export class Losses {
  private received = 0
  private lost = 0
  /** when the other side's last report on each stream came */
  private readonly told = new Map<string, number>()

  /** The greatest share lost, either way, of what is known since the last look, 0 to 1; null when nothing is. */
  look(entries: Iterable<Entry>): number | null {
    let [received, lost] = [0, 0]
    let worst: number | null = null
    for (const entry of entries) {
      if (entry['type'] === 'inbound-rtp') {
        received += Number(entry['packetsReceived'] ?? 0)
        lost += Math.max(0, Number(entry['packetsLost'] ?? 0))
      } else if (entry['type'] === 'remote-inbound-rtp' && typeof entry['fractionLost'] === 'number') {
        const [id, at] = [String(entry['id']), Number(entry['timestamp'])]
        if (this.told.get(id) !== at) worst = Math.max(worst ?? 0, entry['fractionLost'])
        this.told.set(id, at)
      }
    }
    // what counts as lost may still arrive
    const [fresh, gone] = [received - this.received, Math.max(0, lost - this.lost)]
    this.received = received
    this.lost = lost
    return fresh > 0 ? Math.max(worst ?? 0, gone / (fresh + gone)) : worst
  }
}

/** Looks in a row at a line, and what they allow. */
export class Sparing {
  /** negative: at a bad one, positive: at a good one */
  private looks = 0

  forget(): void {
    this.looks = 0
  }

  /** The load that the line calls for by now; null: what it carries. */
  look(lost: number | null): Load | null {
    if (lost === null) return null
    if (lost > LOST_TOO_MUCH) this.looks = Math.min(this.looks, 0) - 1
    else this.looks = lost < LOST_LITTLE ? Math.max(this.looks, 0) + 1 : 0
    return this.looks <= -BAD_LOOKS ? 'sound' : this.looks >= GOOD_LOOKS ? 'whole' : null
  }
}
