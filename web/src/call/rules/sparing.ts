/**
 * When pictures give way to the voices by themselves: on a line that loses too much, look after look, and back
 * when it has been good for long. Pure but for what it remembers.
 *
 * Only what is known anew counts. A report of the other side is one piece of news, however long no other follows
 * it (on sound alone it comes every five seconds); a way that brings nothing at all is the ladder's to judge.
 */
import type { Load } from './ladder'
import type { StatsEntry } from './quality'

/** what the line must be for so many looks in a row */
const LOST_TOO_MUCH = 0.25
const LOST_LITTLE = 0.02
const BAD_LOOKS = 4
const GOOD_LOOKS = 10
/** so many looks a report stands while no other comes: of sound one comes every 2.5 to 7.5 s */
const STANDS_LOOKS = 4

/** What was lost on the lines of one connection. */
export class Losses {
  private received = 0
  private lost = 0
  /** when the other side's last report on each stream came, and how many looks ago that was seen */
  private readonly told = new Map<string, { at: number; looks: number }>()

  /**
   * The greatest share lost, either way, of what is known since the last look, 0 to 1; null when that is not
   * enough to say.
   */
  look(entries: Iterable<StatsEntry>): number | null {
    let [received, lost, standing] = [0, 0, 0]
    let out: number | null = null
    for (const entry of entries) {
      if (entry['type'] === 'inbound-rtp') {
        received += Number(entry['packetsReceived'] ?? 0)
        lost += Math.max(0, Number(entry['packetsLost'] ?? 0))
      } else if (entry['type'] === 'remote-inbound-rtp' && typeof entry['fractionLost'] === 'number') {
        const looks = this.age(String(entry['id']), Number(entry['timestamp']))
        if (looks === 0) out = Math.max(out ?? 0, entry['fractionLost'])
        if (looks <= STANDS_LOOKS) standing = Math.max(standing, entry['fractionLost'])
      }
    }
    // what counts as lost may still arrive
    const [fresh, gone] = [received - this.received, Math.max(0, lost - this.lost)]
    this.received = received
    this.lost = lost
    const in_ = fresh > 0 ? gone / (fresh + gone) : null
    if (out !== null) return Math.max(in_ ?? 0, out)
    // that packets come in says nothing good of a way out of which the last that was told is bad
    return standing < LOST_LITTLE || (in_ ?? 0) > LOST_TOO_MUCH ? in_ : null
  }

  /** How many looks ago this report was new. */
  private age(id: string, at: number): number {
    const before = this.told.get(id)
    const looks = before?.at === at ? before.looks + 1 : 0
    this.told.set(id, { at, looks })
    return looks
  }
}

/** Looks in a row at a line, and what they allow. */
export class Sparing {
  /** negative: at a bad one, positive: at a good one */
  private looks = 0
  /** looks that say nothing: nobody speaks, and no picture is sent */
  private unknown = 0

  forget(): void {
    this.looks = 0
    this.unknown = 0
  }

  /** The load that the line calls for by now; null: what it carries. */
  look(lost: number | null): Load | null {
    this.unknown = lost === null ? this.unknown + 1 : 0
    // what is left out says nothing of the line, and a silence could last
    if (lost === null) return this.unknown >= GOOD_LOOKS ? 'whole' : null
    if (lost > LOST_TOO_MUCH) this.looks = Math.min(this.looks, 0) - 1
    else this.looks = lost < LOST_LITTLE ? Math.max(this.looks, 0) + 1 : 0
    return this.looks <= -BAD_LOOKS ? 'sound' : this.looks >= GOOD_LOOKS ? 'whole' : null
  }
}
