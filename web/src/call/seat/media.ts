/**
 * One seat's peer connection to the media worker. The worker always offers and this answers, one negotiation
 * at a time, so that two offers can never meet. The m-lines are fixed: 0 microphone, 1 face, 2 document
 * camera, 3 screen, out and from the first other seat; 4 to 7 the same from the second other seat, only in.
 * A track is put on one or taken off it without negotiating again.
 * Knows no call and no server: it is given offers and gives answers.
 */
import type { Load } from '../rules/ladder'
import { gauge, missed, type Gauge } from '../rules/quality'
import { Losses } from '../rules/sparing'
import { pictures, type Pictures } from '../rules/stall'

export type { Gauge }

export type Mid = '0' | '1' | '2' | '3'
/** tracks of the other seats by m-line */
export type Arrived = ReadonlyMap<string, MediaStreamTrack>

const SEAT_LINES = 4
const FACE: Mid = '1'
const LAYERED = 'k'

/** The m-line on which the other seat of this group (0: the first) brings what it sends on its own `mid`. */
export function midIn(group: number, mid: Mid): string {
  return (Number(mid) + group * SEAT_LINES).toString(36)
}

export interface IceServer {
  urls: string | string[]
  username?: string
  credential?: string
}

/** How the packets of a connection go. */
export type Flow = 'up' | 'weak' | 'broken'

const FLOWS: Partial<Record<RTCPeerConnectionState, Flow>> = {
  connected: 'up',
  disconnected: 'weak',
  failed: 'broken',
}

export interface Figures {
  /** share of packets lost, the greater of both ways, that is known since the last look, 0 to 1; null when nothing is */
  loss: number | null
  /** the share on the way out, by what the other side told lately */
  loss_out: number
  round_trip_s: number | null
  frames_decoded: number
  /** what the camera has given, while its pictures are to be sent */
  given: Pictures | null
  /** a picture of ours is made smaller for want of bandwidth */
  held_back: boolean
  /** the path in use leads over a relay */
  relayed: boolean
}

/** What has come in so far, over all paths: it stands still when the way is gone. */
export interface Pulse {
  bytes: number
  /** answers to the browser's own checks, which come even where nobody sends anything */
  answers: number
}

const OWN: readonly string[] = ['0', '1', '2', '3']
/** Own m-lines first, then those of each other seat: microphone, face, document camera, screen. */
const MIDS = '0123456789abcdefghij'

/**
 * Whether this m-line is carried: faces and screens give way first, documents last, sound never. A face in layers
 * goes with the faces; a line of which nothing is known is not used.
 */
export function carried(load: Load, mid: string): boolean {
  if (mid === LAYERED) return load === 'whole'
  if (!mid || !MIDS.includes(mid)) return false
  const line = MIDS.indexOf(mid) % SEAT_LINES
  return line === 0 || load === 'whole' || (load === 'paper' && line === 2)
}

export class SeatMedia {
  private readonly connection: RTCPeerConnection
  private readonly policy: RTCIceTransportPolicy
  private readonly remote = new Map<string, MediaStreamTrack>()
  private layered = false
  private readonly losses = new Losses()
  private turn: Promise<unknown> = Promise.resolve()
  private answered: RTCSessionDescriptionInit | null = null

  constructor(
    ice_servers: IceServer[],
    /** over the relay alone, where there is one */
    relay: boolean,
    private tracks: ReadonlyMap<Mid, MediaStreamTrack>,
    hear: {
      /** a track of the other side began or stopped to bring packets */
      tracks: (remote: Arrived) => void
      state: (state: Flow) => void
    },
  ) {
    const relays = ice_servers.some(({ urls }) => [urls].flat().some((url) => url.startsWith('turn')))
    this.policy = relay && relays ? 'relay' : 'all'
    this.connection = new RTCPeerConnection({
      bundlePolicy: 'max-bundle',
      iceServers: ice_servers,
      iceTransportPolicy: this.policy,
    })
    this.connection.addEventListener('track', ({ track, transceiver }) => {
      const mid = transceiver.mid ?? ''
      const tell = () => hear.tracks(this.arrived)
      this.remote.set(mid, track)
      track.addEventListener('mute', tell)
      track.addEventListener('unmute', tell)
      tell()
    })
    this.connection.addEventListener('connectionstatechange', () => {
      if (this.state) hear.state(this.state)
    })
  }

  /** null before there is a connection */
  get state(): Flow | null {
    return FLOWS[this.connection.connectionState] ?? null
  }

  /** The tracks of the other side so far. */
  get arrived(): Arrived {
    return new Map(this.remote)
  }

  /** Whether an offer comes from the worker that this connection is with; another one needs a connection of its own. */
  fits(sdp: string): boolean {
    const before = this.connection.remoteDescription?.sdp
    return before === undefined || fingerprint(before) === fingerprint(sdp)
  }

  /** From now on these relays, with credentials that are good for longer. */
  renew(ice_servers: IceServer[]): void {
    this.connection.setConfiguration({
      ...this.connection.getConfiguration(),
      iceServers: ice_servers,
      iceTransportPolicy: this.policy,
    })
  }

  /** Takes the worker's offer and returns the answer; the caller sends it and tells nobody else of it. */
  answer(sdp: string, load: Load): Promise<string> {
    const next = this.prepare(sdp, load).then(async () => {
      await this.begin()
      return this.connection.localDescription?.sdp ?? ''
    })
    // no track is part of an answer: they are put on while it travels
    this.turn = next.then(() => this.fit()).catch(() => undefined)
    return next
  }

  /** As `answer`, but makes no connection before `begin`. */
  prepare(sdp: string, load: Load): Promise<string> {
    const next = this.turn.then(async () => {
      await this.connection.setRemoteDescription({ type: 'offer', sdp })
      for (const transceiver of this.connection.getTransceivers()) {
        const mid = transceiver.mid ?? ''
        transceiver.direction = !carried(load, mid)
          ? 'inactive'
          : OWN.includes(mid)
            ? 'sendrecv'
            : mid === LAYERED
              ? 'sendonly'
              : 'recvonly'
      }
      this.answered = await this.connection.createAnswer()
      return this.answered.sdp ?? ''
    })
    this.turn = next.catch(() => undefined)
    return next
  }

  /** Connects as the prepared answer says. */
  begin(): Promise<void> {
    return this.connection.setLocalDescription(this.answered ?? undefined)
  }

  /** Sends these tracks and no other; a line without one sends no packet. Needs no negotiation. */
  send(tracks: ReadonlyMap<Mid, MediaStreamTrack>): Promise<void> {
    this.tracks = tracks
    const next = this.turn.then(() => this.fit())
    this.turn = next.catch(() => undefined)
    return next
  }

  private async fit(): Promise<void> {
    const put = async ({ mid, sender }: RTCRtpTransceiver): Promise<void> => {
      const own = mid === LAYERED ? FACE : (mid ?? '')
      // the face goes out on one of its two lines
      const idle = own === FACE && this.layered !== (mid === LAYERED)
      const track = !idle && OWN.includes(own) ? (this.tracks.get(own as Mid) ?? null) : null
      if (sender.track === track) return
      await sender.replaceTrack(track)
      if (track && FINE.includes(mid ?? '')) await keepFine(sender, track)
    }
    await Promise.all(this.connection.getTransceivers().map(put))
  }

  /** How many other seats this connection has lines for. */
  get groups(): number {
    return Math.floor(
      this.connection.getTransceivers().filter((one) => one.mid !== LAYERED).length / SEAT_LINES,
    )
  }

  /** Whether there is a line for a face in layers. */
  get layers(): boolean {
    return this.connection.getTransceivers().some((one) => one.mid === LAYERED)
  }

  /** Sends the face in layers, which a room of three and more needs, or in one piece; needs no negotiation. */
  layer(on: boolean): Promise<void> {
    const next = this.turn.then(async () => {
      this.layered = on && this.layers
      await this.fit()
    })
    this.turn = next.catch(() => undefined)
    return next
  }

  /** What has been counted so far. */
  async gauge(): Promise<Gauge> {
    return gauge((await this.connection.getStats()).values() as Iterable<Record<string, unknown>>, Date.now())
  }

  async figures(): Promise<Figures> {
    const report = await this.connection.getStats()
    const entries = [...(report.values() as Iterable<Record<string, unknown>>)]
    const figures: Figures = {
      loss: this.losses.look(entries),
      loss_out: missed(entries) ?? 0,
      round_trip_s: null,
      frames_decoded: 0,
      given: pictures(entries, this.tracks.get(FACE)?.id),
      held_back: false,
      relayed: false,
    }
    for (const entry of entries) {
      if (entry['type'] === 'inbound-rtp') {
        figures.frames_decoded += Number(entry['framesDecoded'] ?? 0)
      } else if (entry['type'] === 'outbound-rtp') {
        figures.held_back ||= entry['qualityLimitationReason'] === 'bandwidth'
      } else if (entry['type'] === 'candidate-pair' && entry['nominated'] && entry['state'] === 'succeeded') {
        if (typeof entry['currentRoundTripTime'] === 'number')
          figures.round_trip_s = entry['currentRoundTripTime']
        const local = report.get(entry['localCandidateId'] as string) as Record<string, unknown> | undefined
        figures.relayed ||= local?.['candidateType'] === 'relay'
      }
    }
    return figures
  }

  async pulse(): Promise<Pulse> {
    const pulse: Pulse = { bytes: 0, answers: 0 }
    const report = await this.connection.getStats()
    report.forEach((entry: Record<string, unknown>) => {
      if (entry['type'] !== 'candidate-pair') return
      pulse.bytes += Number(entry['bytesReceived'] ?? 0)
      pulse.answers += Number(entry['responsesReceived'] ?? 0)
    })
    return pulse
  }

  close(): void {
    this.connection.close()
  }
}

/** What is read and not watched keeps its size and gives up pictures a second; wider than this nobody reads it here. */
const FINE: readonly string[] = ['2', '3']
const FINE_WIDTH = 1920

async function keepFine(sender: RTCRtpSender, track: MediaStreamTrack): Promise<void> {
  const wanted = sender.getParameters() as RTCRtpSendParameters & { degradationPreference?: string }
  wanted.degradationPreference = 'maintain-resolution'
  for (const encoding of wanted.encodings)
    encoding.scaleResolutionDownBy = Math.max(1, (track.getSettings().width ?? 0) / FINE_WIDTH)
  // a browser that does not know the wish sends it as any other picture
  await sender.setParameters(wanted).catch(() => undefined)
}

function fingerprint(sdp: string): string {
  return /^a=fingerprint:(.*)$/m.exec(sdp)?.[1]?.trim() ?? ''
}
