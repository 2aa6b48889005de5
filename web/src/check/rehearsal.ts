/**
 * The way of a call without one: a room of one's own on the worker, with a connection that sends what camera and
 * microphone bring, and another that gets it back.
 */
import { SeatMedia, type Gauge, type IceServer, type Mid } from '../call/seat/media'
import type { Unsent } from '../wire/socket'

type Ask = <R = Record<string, unknown>>(command: Unsent) => Promise<R>

export class Rehearsal {
  /** how long the server took to answer, in milliseconds */
  readonly asked_ms: number

  private constructor(
    private readonly ask: Ask,
    readonly id: string,
    readonly ice_servers: IceServer[],
    private readonly offers: { send: string; receive: string },
    private readonly sending: SeatMedia,
    private readonly receiving: SeatMedia,
    asked_ms: number,
  ) {
    this.asked_ms = asked_ms
  }

  static async open(ask: Ask, tracks: ReadonlyMap<Mid, MediaStreamTrack>): Promise<Rehearsal> {
    const from = performance.now()
    const opened = await ask<{
      rehearsal_id: string
      send: string
      receive: string
      ice_servers: IceServer[]
    }>({ type: 'rehearsal.open' })
    const nothing = { tracks: () => undefined, state: () => undefined }
    const [sending, receiving] = [
      new SeatMedia(opened.ice_servers, false, tracks, nothing),
      new SeatMedia(opened.ice_servers, false, new Map(), nothing),
    ]
    return new Rehearsal(
      ask,
      opened.rehearsal_id,
      opened.ice_servers,
      opened,
      sending,
      receiving,
      Math.round(performance.now() - from),
    )
  }

  /** Brings both connections up. */
  async connect(): Promise<void> {
    for (const [party, media] of [
      ['send', this.sending],
      ['receive', this.receiving],
    ] as const) {
      const sdp = await media.answer(this.offers[party], 'whole')
      await this.ask({ type: 'rehearsal.describe', rehearsal_id: this.id, party, sdp })
    }
  }

  /** What the worker got on an m-line. */
  async arrived(mid: Mid): Promise<number> {
    const { packets } = await this.ask<{ packets: Record<string, number> }>({
      type: 'rehearsal.look',
      rehearsal_id: this.id,
    })
    return packets[mid] ?? 0
  }

  sent(): Promise<Gauge> {
    return this.sending.gauge()
  }

  received(): Promise<Gauge> {
    return this.receiving.gauge()
  }

  /** New ICE for the sending connection, as after a change of network. */
  async restart(): Promise<void> {
    const { sdp } = await this.ask<{ sdp: string }>({ type: 'rehearsal.restart', rehearsal_id: this.id })
    await this.ask({
      type: 'rehearsal.describe',
      rehearsal_id: this.id,
      party: 'send',
      sdp: await this.sending.answer(sdp, 'whole'),
    })
  }

  close(): void {
    this.sending.close()
    this.receiving.close()
    this.ask({ type: 'rehearsal.close', rehearsal_id: this.id }).catch(() => undefined)
  }
}

/** Whether a relay gives this page an address: resolves with how long that took, or null. */
export async function relayed(ice_servers: IceServer[], within_ms: number): Promise<number | null> {
  const connection = new RTCPeerConnection({ iceServers: ice_servers, iceTransportPolicy: 'relay' })
  const from = performance.now()
  try {
    return await new Promise<number | null>((resolve) => {
      setTimeout(() => resolve(null), within_ms)
      connection.addEventListener(
        'icecandidate',
        ({ candidate }) => candidate?.type === 'relay' && resolve(Math.round(performance.now() - from)),
      )
      connection.createDataChannel('')
      connection.createOffer().then(
        (offer) => connection.setLocalDescription(offer),
        () => resolve(null),
      )
    })
  } finally {
    connection.close()
  }
}
