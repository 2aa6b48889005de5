/**
 * What is prepared before a call: while it rings here all that an answer needs is negotiated, so that it has only to
 * connect. No device is opened for it, and not a packet leaves. What fails is left to the answer.
 */
import { offerIn, type Answered, type HeldSeat, type MediaOffer, type Surroundings } from './held'

/** A seat that an answer to this ring would take: its connection is negotiated, and not made. */
interface Negotiated {
  ring_id: string
  /** there once the worker has our answer to its offer */
  held: HeldSeat | null
  /** the person has answered, and it connects */
  begun: Promise<void> | null
}

export class Ahead {
  private prepared: Negotiated | null = null

  constructor(
    private readonly ask: Surroundings['ask'],
    private readonly make: (call_id: string, leg_id: string, offer: MediaOffer) => HeldSeat,
  ) {}

  /** What rings here now; null: nothing any more, or nothing for which it may be prepared. */
  ringing(ring: { call_id: string; ring_id: string } | null, free: boolean): void {
    if (this.prepared?.ring_id === ring?.ring_id) return
    this.forget()
    if (!ring || !free) return
    const prepared: Negotiated = { ring_id: ring.ring_id, held: null, begun: null }
    this.prepared = prepared
    void this.negotiate(prepared, ring.call_id).catch(() => undefined)
  }

  private async negotiate(prepared: Negotiated, call_id: string): Promise<void> {
    const told = await this.ask<{ leg_id?: string } & Partial<MediaOffer>>({
      type: 'call.prepare',
      call_id,
      ring_id: prepared.ring_id,
    })
    const offer = offerIn(told)
    if (!offer || !told.leg_id || this.prepared !== prepared) return
    const held = this.make(call_id, told.leg_id, offer)
    try {
      const sdp = await held.media.prepare(offer.sdp, 'whole')
      await this.ask({ type: 'call.describe', call_id, leg_id: held.leg_id, sdp })
      if (this.prepared === prepared) prepared.held = held
    } finally {
      if (prepared.held !== held) held.media.close()
    }
  }

  /** The person answers this ring: begins to connect what was negotiated, and says as which leg; undefined without. */
  begin(ring_id: string): string | undefined {
    const { prepared } = this
    if (prepared?.ring_id !== ring_id || !prepared.held) return undefined
    prepared.begun = prepared.held.media.begin()
    // told to whoever takes the seat
    prepared.begun.catch(() => undefined)
    return prepared.held.leg_id
  }

  /** What was begun for the seat that an answer got: the caller's from now on. Without it what was prepared is given up. */
  take({ leg_id, seated }: Answered): { held: HeldSeat; begun: Promise<void> } | null {
    const { held, begun } = this.prepared ?? {}
    if (!seated || !begun || !held || held.leg_id !== leg_id) {
      this.forget()
      return null
    }
    this.prepared = null
    return { held, begun }
  }

  forget(): void {
    this.prepared?.held?.media.close()
    this.prepared = null
  }
}
