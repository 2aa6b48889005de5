/**
 * How good the connection of this seat is, by what the browser counts: what the page shows and tells of it, how fast
 * files may go beside it, and what is to be done when it loses too much.
 */
import { ref, shallowRef } from 'vue'
import { tell } from '../../wire/pace'
import type { Load } from '../rules/ladder'
import { judge, sample, whenAlone, type Gauge, type Sample } from '../rules/quality'
import { Sparing } from '../rules/sparing'
import type { Pictures } from '../rules/stall'
import { holdOf, seatedLegs } from '../rules/standing'
import type { HeldSeat, Quality } from './held'
import type { Figures } from './media'
import type { CallView } from '../../wire/messages'

const SAMPLES_KEPT = 12

/** What the gauging asks, and whom it tells. */
export interface Gauged {
  held: () => HeldSeat | null
  up: () => boolean
  /** whether anybody else is there, who receives what leaves this page and sends what comes to it */
  accompanied: (call_id: string) => boolean
  /** whether somebody at this page has left something out himself */
  chosen: () => boolean
  /** the server's time, in milliseconds since 1970 */
  server: () => number
  measured: (call_id: string, quality: Quality) => void
  /** the line calls for another load */
  carry: (load: Load) => void
  /** what the camera has given so far */
  given: (pictures: Pictures | null) => void
  /** the credentials for the relay in use are about to end */
  expiring: (held: HeldSeat) => void
  say: (reason: unknown) => void
}

export class Gauging {
  /** null until it is known */
  readonly quality = shallowRef<Quality | null>(null)
  /** the path in use leads over a relay */
  readonly relayed = ref(false)
  private readonly sparing = new Sparing()
  private before: Gauge | null = null
  private samples: Sample[] = []
  /** the shortest round trip of this connection */
  private shortest_s = Infinity

  constructor(private readonly seat: Gauged) {}

  /** To be asked every few seconds. */
  look(): void {
    const held = this.seat.held()
    if (!held || !this.seat.up()) return
    held.media.figures().then((seen) => this.seat.held() === held && this.judge(held, seen), this.seat.say)
    held.media.gauge().then((now) => this.seat.held() === held && this.gauge(held, now), this.seat.say)
  }

  /** The way is broken. */
  lose(): void {
    if (this.quality.value) this.quality.value = { ...this.quality.value, level: 'lost', advice: null }
    this.before = null
    this.samples = []
  }

  /** The connection is closed. */
  end(): void {
    this.before = null
    this.samples = []
    this.shortest_s = Infinity
    this.quality.value = null
    tell(null)
  }

  /** What the line could carry before says nothing any more. */
  forget(): void {
    this.sparing.forget()
  }

  private gauge(held: HeldSeat, now: Gauge): void {
    const fresh = this.before && sample(this.before, now)
    this.before = now
    if (!fresh) return
    const counts = this.seat.accompanied(held.call_id) ? fresh : whenAlone(fresh)
    this.samples = [...this.samples, counts].slice(-SAMPLES_KEPT)
    this.quality.value = {
      ...judge(this.samples, { up: this.seat.up(), picture_sent: now.picture_sent }),
      sample: fresh,
    }
    this.seat.measured(held.call_id, this.quality.value)
  }

  private judge(held: HeldSeat, seen: Figures): void {
    this.relayed.value = seen.relayed
    this.shortest_s = Math.min(this.shortest_s, seen.round_trip_s ?? Infinity)
    const shortest_s = Number.isFinite(this.shortest_s) ? this.shortest_s : 0
    tell({
      held_back: seen.held_back,
      loss: seen.loss_out,
      queued_s: Math.max(0, (seen.round_trip_s ?? 0) - shortest_s),
      shortest_s,
    })
    if (seen.relayed && held.good_until_ms !== null && this.seat.server() > held.good_until_ms)
      this.seat.expiring(held)
    this.seat.given(seen.given)
    // on a line that loses too much the pictures give way to the voices, and come back when it has been good for long
    const load = this.seat.chosen() ? null : this.sparing.look(seen.loss)
    if (load) this.seat.carry(load)
  }
}

/** Whether anybody else is there, who receives what leaves this page and sends what comes to it. */
export function accompanied(call: CallView | undefined, me: string): boolean {
  const seated = call && !holdOf(call) ? seatedLegs(call) : []
  return seated.some((leg) => leg.person.id !== me && leg.state === 'joined' && leg.media && !leg.silent)
}
