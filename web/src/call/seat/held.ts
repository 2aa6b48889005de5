/** A seat as this page holds it, and what its parts need of the page around them. */
import type { CallView } from '../../wire/messages'
import type { Unsent } from '../../wire/socket'
import type { QualityVerdict, Sample } from '../rules/quality'
import type { Heartbeat } from './heartbeat'
import type { LinesTold } from './linesTold'
import type { IceServer } from './media'
import type { Peer } from './means'

/** What the keeper needs of the page around it. */
export interface Surroundings {
  ask: <R = Record<string, unknown>>(command: Unsent) => Promise<R>
  connected: () => boolean
  /** media stand still: a connection to the server that is quiet as well is not trusted any longer */
  doubt: () => void
  me: () => string
  /** the call this person sits in */
  current: () => CallView | null
  find: (call_id: string) => CallView | undefined
  /** whether a person is just dialling or answering */
  busy: () => boolean
  say: (reason: unknown) => void
  /** how good the connection was in the last few seconds */
  measured: (call_id: string, quality: Quality) => void
  /** media flow (again): what was said about them is over */
  well: () => void
}

export type Quality = QualityVerdict & { sample: Sample }

export interface HeldSeat {
  call_id: string
  leg_id: string
  media: Peer
  heart: Heartbeat
  lines: LinesTold
  /** until when the relay's credentials are good, in the server's time; null without any */
  good_until_ms: number | null
  /** the legs that were there when lines for more were last asked for */
  asked_in: string
  /** the ladder has ordered what to do about it: that the browser gives its way up is no news */
  doubted: boolean
}

export interface MediaOffer {
  sdp: string
  ice_servers: IceServer[]
}

/** What an answer brings: its leg, and the worker's offer for it, or that the one of before holds. */
export type Answered = { leg_id?: string; seated?: boolean } & Partial<MediaOffer>

/** The offer that an ack brought, if any. */
export function offerIn({ sdp, ice_servers }: Partial<MediaOffer>): MediaOffer | undefined {
  return sdp !== undefined && ice_servers ? { sdp, ice_servers } : undefined
}

/** before the relay's credentials end: so long, or a third of what they are good for */
const RENEWED_BEFORE_MS = 60_000

/** When the relay's credentials of an offer are to be renewed; their user name begins with the second in which they end. */
export function goodUntil(servers: readonly IceServer[], now_ms: number): number | null {
  const ends_s = servers.map(({ username }) => parseInt(username ?? '', 10)).find(Number.isFinite)
  if (ends_s === undefined) return null
  const left_ms = ends_s * 1_000 - now_ms
  return ends_s * 1_000 - Math.min(RENEWED_BEFORE_MS, left_ms / 3)
}
