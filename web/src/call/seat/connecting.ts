/**
 * The connection of the leg that this page holds: takes the worker's offers and answers them, first, over a new path,
 * with new credentials, in a new leg. One at a time; who calls keeps the order.
 */
import { shallowRef } from 'vue'
import { Problem } from '../../wire/http'
import { groupsFor, holdOf, legOf, seatedLegs } from '../rules/standing'
import { goodUntil, type HeldSeat, type MediaOffer, type Surroundings } from './held'
import { Heartbeat } from './heartbeat'
import { LinesTold } from './linesTold'
import type { Arrived } from './media'
import type { Means } from './means'
import type { Supply } from './supply'
import type { MediaWay } from './way'
import type { CallView } from '../../wire/messages'

const OWN = ['0', '1'] as const

/** The seat whose connection it is. */
export interface Connected {
  around: Surroundings
  means: Means
  way: MediaWay
  supply: Supply
  muted: Readonly<Record<'0' | '1', boolean>>
  /** the running call of which this page has the seat */
  seated: () => string | null
  /** a leg begins: what its line could carry before says nothing any more */
  begins: () => void
  /** the connection is closed: what was measured of it is over */
  closed: () => void
  /** to be done after what is being done */
  later: (step: () => Promise<void>) => void
}

export class Connecting {
  /** tracks of the other seats, by m-line */
  readonly remote = shallowRef<Arrived>(new Map())
  held: HeldSeat | null = null

  constructor(private readonly seat: Connected) {}

  /** The first connection of a leg. */
  async connect(call_id: string, leg_id: string, offered?: MediaOffer): Promise<void> {
    this.release()
    this.seat.begins()
    this.seat.way.notice({ type: 'begun' })
    this.seat.way.media.value = 'asking'
    const [, offer] = await Promise.all([
      this.seat.supply.prepare(),
      offered ?? this.ask(call_id, leg_id, false),
    ])
    await this.open(call_id, leg_id, offer)
  }

  /** A new leg in the place of one that was lost, or that another page of this person had. */
  async rejoin(call_id: string): Promise<void> {
    const { leg_id } = await this.seat.around.ask<{ leg_id: string }>({ type: 'call.join', call_id })
    await this.connect(call_id, leg_id)
  }

  /** A connection that was negotiated before it was answered, and that has its seat now. */
  async adopt(held: HeldSeat, begun: Promise<void>): Promise<void> {
    this.release()
    this.seat.way.notice({ type: 'begun' })
    this.seat.way.media.value = 'negotiating'
    this.held = held
    this.remote.value = held.media.arrived
    try {
      await begun
    } catch (reason) {
      this.release()
      throw reason
    }
    // whatever came before it was held
    if (held.media.state) this.seat.way.notice({ type: held.media.state })
    await this.tellLines()
  }

  /** Same seat, same keys, new path: what a change of network needs. Another worker than before needs a new connection. */
  async restart(order: number): Promise<void> {
    const { held, seat } = this
    if (!held) return this.renew()
    const { call_id, leg_id } = held
    let offer: MediaOffer
    try {
      offer = await this.ask(call_id, leg_id, true)
    } catch (reason) {
      const given_up =
        seat.way.counts(order) &&
        this.held === held &&
        reason instanceof Problem &&
        reason.code === 'not_in_call'
      if (!given_up) throw reason
      // our place is gone, which says nothing against the way: it begins anew, with all that it carries
      seat.way.notice({ type: 'begun' })
      seat.later(async () => {
        if (this.held === held) await this.rejoin(call_id)
      })
      return
    }
    if (!seat.way.counts(order) || this.held !== held) return
    if (!held.media.fits(offer.sdp)) {
      await seat.supply.prepare()
      return this.open(call_id, leg_id, offer)
    }
    held.media.renew(offer.ice_servers)
    await this.describe(held, offer)
    held.doubted = false
  }

  /** New leg, new connection. */
  async renew(): Promise<void> {
    const call_id = this.seat.seated()
    if (call_id === null) return
    const { leg_id } = await this.seat.around.ask<{ leg_id: string }>({ type: 'call.join', call_id })
    // from here on the leg is this page's, whatever the ladder says meanwhile: it must be held, or it would look like another page's
    this.release()
    const [, offer] = await Promise.all([this.seat.supply.prepare(), this.ask(call_id, leg_id, false)])
    await this.open(call_id, leg_id, offer)
  }

  /** New credentials for the relay while the old ones are still good, and a new path with them. */
  async extend(held: HeldSeat): Promise<void> {
    held.good_until_ms = null
    const offer = await this.ask(held.call_id, held.leg_id, true)
    if (this.held !== held || !held.media.fits(offer.sdp)) return
    held.media.renew(offer.ice_servers)
    await this.describe(held, offer)
  }

  /** Lines for as many as there are, and a face in layers among three and more. */
  async fit(held: HeldSeat, call: CallView): Promise<void> {
    if (this.seat.way.media.value !== 'up') return
    const there = seatedLegs(call).filter((leg) => leg.media)
    const crowded = there.length > 2
    const wanting = (crowded && !held.media.layers) || groupsFor(there) > held.media.groups
    const room = there.map((leg) => leg.id).join()
    // a worker that has no more lines to offer is asked once for each who comes
    if (wanting && held.asked_in !== room) {
      held.asked_in = room
      await this.extend(held)
    }
    await held.media.layer(crowded)
  }

  /** Closes the connection; the seat and its rung stay. */
  release(): void {
    this.held?.media.close()
    this.held = null
    this.remote.value = new Map()
    this.seat.closed()
  }

  /** Sends what there is to send by now. */
  async send(): Promise<void> {
    const { held } = this
    if (held) await held.media.send(this.outgoing(this.seat.around.find(held.call_id)))
  }

  /** A call is about to be drawn as it is now: what this page sends in it does not wait for that. */
  heed(call: CallView): void {
    if (this.held?.call_id !== call.id || call.state !== 'live') return
    // what fails here is tried again, and told, when the call is looked at
    this.held.media.send(this.outgoing(call)).catch(() => undefined)
  }

  /**
   * Tells which of this page's lines carry nothing: those that are muted, and those whose device cannot be
   * had, each by its own word.
   */
  async tellLines(): Promise<void> {
    const { held, seat } = this
    const call = held && seat.around.find(held.call_id)
    if (!held || !call || over(call, seat.around.me())) return
    // a new leg begins with what the one before had muted, and may not be known yet
    const leg = call.legs.find((one) => one.id === held.leg_id) ?? legOf(call, seat.around.me())
    for (const mid of OWN) {
      held.lines.begin(mid, leg?.muted.includes(mid) ?? false, leg?.lacking.includes(mid) ?? false)
      if (this.held === held) await held.lines.close(mid, seat.muted[mid])
      if (this.held === held) await held.lines.lack(mid, seat.supply.lacks(mid))
    }
  }

  /** A connection with this offer that sends these tracks; not held yet. */
  make(call_id: string, leg_id: string, offer: MediaOffer, tracks: Supply['tracks']): HeldSeat {
    const { around, means, way } = this.seat
    const media = means.connect(offer.ice_servers, way.relay, tracks, {
      tracks: (arrived) => {
        if (this.held === held) this.remote.value = arrived
      },
      state: (now) => {
        if (this.held === held && !(now === 'broken' && held.doubted)) way.notice({ type: now })
      },
    })
    const held: HeldSeat = {
      call_id,
      leg_id,
      media,
      heart: new Heartbeat(),
      lines: new LinesTold({
        mute: (mid, on) => around.ask({ type: 'call.mute', call_id, leg_id, mid, on }),
        lack: (mid, on) => around.ask({ type: 'call.lack', call_id, leg_id, mid, on }),
      }),
      good_until_ms: goodUntil(offer.ice_servers, means.time.server()),
      asked_in: '',
      doubted: false,
    }
    return held
  }

  private ask(call_id: string, leg_id: string, restart: boolean): Promise<MediaOffer> {
    return this.seat.around.ask<MediaOffer & Record<string, unknown>>({
      type: 'call.connect',
      call_id,
      leg_id,
      ...(restart ? { restart } : {}),
    })
  }

  private async open(call_id: string, leg_id: string, offer: MediaOffer): Promise<void> {
    this.release()
    const { around, way } = this.seat
    const held = this.make(call_id, leg_id, offer, this.outgoing(around.find(call_id)))
    this.held = held
    if (way.media.value === 'asking') way.media.value = 'negotiating'
    try {
      await this.describe(held, offer)
    } catch (reason) {
      this.release()
      throw reason
    }
    await this.tellLines()
  }

  private async describe(held: HeldSeat, offer: MediaOffer): Promise<void> {
    const { around, means, way } = this.seat
    held.good_until_ms = goodUntil(offer.ice_servers, means.time.server())
    const sdp = await held.media.answer(offer.sdp, way.load)
    await around.ask({ type: 'call.describe', call_id: held.call_id, leg_id: held.leg_id, sdp })
  }

  /** What leaves this page: nothing before an answer or on hold, and nothing that is muted; the devices stay open. */
  private outgoing(call: CallView | undefined): Supply['tracks'] {
    const silent =
      !call || holdOf(call) || (call.state === 'open' && call.caller.id === this.seat.around.me())
    return silent ? new Map() : this.seat.supply.tracks
  }
}

/** A call that ended, or that this person has left while it goes on. */
export function over(call: CallView, me: string): boolean {
  return call.state === 'ended' || legOf(call, me)?.state === 'left'
}
