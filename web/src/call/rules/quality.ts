/**
 * How good a connection is, and what helps: judged from what the browser has counted at two moments. Pure.
 *
 *     excellent ⇄ good ⇄ poor          worse after two samples in a row, better after three; lost at once
 */

import { CHOPPY, UNEVEN_MS } from '../../rules/sound'
import type { CallQuality } from '../../wire/messages'

/** What a connection has counted since it began; times in seconds. */
export interface Gauge {
  at_ms: number
  packets_in: number
  lost_in: number
  bytes_in: number
  bytes_out: number
  packets_out: number
  /** the share of our packets that the other end missed lately, 0 to 1; null while it tells nothing */
  loss_out: number | null
  jitter_s: number
  round_trip_s: number | null
  frames_decoded: number
  freezes: number
  freeze_s: number
  audio_samples: number
  concealed_samples: number
  picture_sent: boolean
  /** as it is sent, in pixels; 0 while none is. Of several the widest */
  picture_width: number
  picture_height: number
  limited_by: 'none' | 'bandwidth' | 'cpu' | 'other'
  candidate: 'host' | 'srflx' | 'prflx' | 'relay' | 'unknown'
  protocol: 'udp' | 'tcp' | 'unknown'
}

/** One stretch of a few seconds; on the wire as it is. */
export interface Sample {
  loss_in: number
  loss_out: number
  round_trip_ms: number | null
  jitter_ms: number
  in_kbps: number
  out_kbps: number
  freezes: number
  freeze_ms: number
  concealed: number
  limited_by: Gauge['limited_by']
  candidate: Gauge['candidate']
  protocol: Gauge['protocol']
}

export type QualityLevel = CallQuality['quality']
/** What helps, as a key of `call.quality.advice`: with `uplink` one click does it. */
export type Advice = 'uplink' | 'downlink' | 'delay' | 'computer'

export interface QualityVerdict {
  level: QualityLevel
  advice: Advice | null
}

/** An entry of `getStats` (W3C webrtc-stats). */
export type StatsEntry = Record<string, unknown>
const number = (entry: StatsEntry, name: string): number =>
  typeof entry[name] === 'number' ? entry[name] : 0

/** So long a report of the other side stands: of sound one comes every 2.5 to 7.5 s, of a stream that rests none. */
const STANDS_MS = 8_000

/**
 * The greatest share of a stream of ours that the other side missed, by its reports that still stand, 0 to 1; null
 * when none does. The entries of one `getStats`: what is of the browser's own says what time it is.
 */
export function missed(entries: readonly StatsEntry[]): number | null {
  const now = entries.reduce((latest, one) => Math.max(latest, number(one, 'timestamp')), 0)
  return entries.reduce<number | null>((most, one) => {
    const counts =
      one['type'] === 'remote-inbound-rtp' &&
      typeof one['fractionLost'] === 'number' &&
      now - number(one, 'timestamp') <= STANDS_MS
    return counts ? Math.max(most ?? 0, number(one, 'fractionLost')) : most
  }, null)
}

/** The counters of a connection, out of what `getStats` tells (W3C webrtc-stats). */
export function gauge(report: Iterable<StatsEntry>, at_ms: number): Gauge {
  const found: Gauge = {
    at_ms,
    packets_in: 0,
    lost_in: 0,
    bytes_in: 0,
    bytes_out: 0,
    packets_out: 0,
    loss_out: null,
    jitter_s: 0,
    round_trip_s: null,
    frames_decoded: 0,
    freezes: 0,
    freeze_s: 0,
    audio_samples: 0,
    concealed_samples: 0,
    picture_sent: false,
    picture_width: 0,
    picture_height: 0,
    limited_by: 'none',
    candidate: 'unknown',
    protocol: 'unknown',
  }
  const entries = [...report]
  found.loss_out = missed(entries)
  const by_id = new Map(entries.map((one) => [one['id'], one]))
  // the transport names the pair in use; Firefox marks the pair itself
  const named = entries.find((one) => one['type'] === 'transport')?.['selectedCandidatePairId']
  const pair =
    by_id.get(named) ??
    entries.find(
      (one) => one['type'] === 'candidate-pair' && one['nominated'] && one['state'] === 'succeeded',
    )
  for (const one of entries) {
    if (one['type'] === 'inbound-rtp') {
      found.packets_in += number(one, 'packetsReceived')
      found.lost_in += Math.max(0, number(one, 'packetsLost'))
      found.bytes_in += number(one, 'bytesReceived')
      found.frames_decoded += number(one, 'framesDecoded')
      found.freezes += number(one, 'freezeCount')
      found.freeze_s += number(one, 'totalFreezesDuration')
      if (one['kind'] === 'audio') {
        found.jitter_s = Math.max(found.jitter_s, number(one, 'jitter'))
        found.audio_samples += number(one, 'totalSamplesReceived')
        // what stands for silence was not lost
        found.concealed_samples += Math.max(
          0,
          number(one, 'concealedSamples') - number(one, 'silentConcealedSamples'),
        )
      }
    } else if (one['type'] === 'outbound-rtp') {
      found.packets_out += number(one, 'packetsSent')
      found.bytes_out += number(one, 'bytesSent')
      if (one['kind'] === 'video' && number(one, 'framesEncoded')) {
        found.picture_sent = true
        if (number(one, 'frameWidth') > found.picture_width)
          [found.picture_width, found.picture_height] = [
            number(one, 'frameWidth'),
            number(one, 'frameHeight'),
          ]
        const why = one['qualityLimitationReason']
        if (why === 'bandwidth' || why === 'cpu' || why === 'other') found.limited_by = why
      }
    }
  }
  if (pair) {
    if (typeof pair['currentRoundTripTime'] === 'number') found.round_trip_s = pair['currentRoundTripTime']
    const local = by_id.get(pair['localCandidateId'])
    const kind = local?.['candidateType']
    if (kind === 'host' || kind === 'srflx' || kind === 'prflx' || kind === 'relay') found.candidate = kind
    const protocol = local?.['relayProtocol'] ?? local?.['protocol']
    if (protocol === 'udp' || protocol === 'tcp') found.protocol = protocol
    else if (protocol === 'tls') found.protocol = 'tcp'
  }
  return found
}

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits

/** What happened between two moments of one connection; null when no time lies between them. */
export function sample(before: Gauge, now: Gauge): Sample | null {
  const seconds = (now.at_ms - before.at_ms) / 1000
  if (seconds <= 0) return null
  // counters of a stream that was replaced begin again
  const more = (
    name:
      | 'packets_in'
      | 'lost_in'
      | 'bytes_in'
      | 'bytes_out'
      | 'freezes'
      | 'freeze_s'
      | 'audio_samples'
      | 'concealed_samples',
  ): number => Math.max(0, now[name] - before[name])
  const [fresh, lost] = [more('packets_in'), more('lost_in')]
  const samples = more('audio_samples')
  return {
    loss_in: round(fresh + lost ? lost / (fresh + lost) : 0, 4),
    loss_out: round(now.loss_out ?? 0, 4),
    round_trip_ms: now.round_trip_s === null ? null : Math.round(now.round_trip_s * 1000),
    jitter_ms: Math.round(now.jitter_s * 1000),
    in_kbps: Math.round((more('bytes_in') * 8) / seconds / 1000),
    out_kbps: Math.round((more('bytes_out') * 8) / seconds / 1000),
    freezes: more('freezes'),
    freeze_ms: Math.min(Math.round(seconds * 1000), Math.round(more('freeze_s') * 1000)),
    concealed: round(samples ? Math.min(1, more('concealed_samples') / samples) : 0, 4),
    limited_by: now.limited_by,
    candidate: now.candidate,
    protocol: now.protocol,
  }
}

/**
 * The sample as it is judged while nobody else is there: what is lost, made small or lacking then says
 * nothing of this line.
 */
export function whenAlone(one: Sample): Sample {
  const quiet = { loss_in: 0, loss_out: 0, jitter_ms: 0, freezes: 0, freeze_ms: 0, concealed: 0 }
  return { ...one, ...quiet, limited_by: one.limited_by === 'bandwidth' ? 'none' : one.limited_by }
}

/** Below this rate a picture is hardly one: the line is too narrow for it. */
const NARROW_KBPS = 120

/** A line for which a picture is made smaller, or slower, than the camera gives it is at best a good one. */
function levelOf(one: Sample): QualityLevel {
  const delay = one.round_trip_ms ?? 0
  const loss = Math.max(one.loss_in, one.loss_out)
  const narrow = one.limited_by === 'bandwidth' && one.out_kbps < NARROW_KBPS
  if (loss > 0.08 || delay > 500 || one.concealed > 0.1 || one.freeze_ms > 1000 || narrow) return 'poor'
  if (
    loss > 0.02 ||
    delay > 250 ||
    one.concealed > CHOPPY ||
    one.jitter_ms > UNEVEN_MS ||
    one.freezes > 0 ||
    one.limited_by === 'cpu' ||
    one.limited_by === 'bandwidth'
  )
    return 'good'
  return 'excellent'
}

const WORSE_AFTER = 2
const BETTER_AFTER = 3
const ORDER: Record<QualityLevel, number> = { lost: 0, poor: 1, good: 2, excellent: 3 }

/** The level after these samples, oldest first. One bad moment is passed over, and so is one good one. */
export function level(samples: readonly Sample[]): QualityLevel {
  let now: QualityLevel | null = null
  let run = 0
  let towards: QualityLevel = 'excellent'
  for (const one of samples) {
    const seen = levelOf(one)
    if (now === null) {
      now = seen
      continue
    }
    if (seen === now) {
      run = 0
      continue
    }
    const worse = ORDER[seen] < ORDER[now]
    // a run goes on while it stays on one side; it leads no further than its mildest sample
    if (run && ORDER[towards] < ORDER[now] === worse) {
      run += 1
      if (worse ? ORDER[seen] > ORDER[towards] : ORDER[seen] < ORDER[towards]) towards = seen
    } else {
      run = 1
      towards = seen
    }
    if (run >= (worse ? WORSE_AFTER : BETTER_AFTER)) {
      now = towards
      run = 0
    }
  }
  return now ?? 'excellent'
}

const ADVISED_AFTER = 4

/** What is wrong with most of the last samples; only said of a connection that is poor for a while. */
export function advise(samples: readonly Sample[], picture_sent: boolean): Advice | null {
  const last = samples.slice(-ADVISED_AFTER)
  if (last.length < ADVISED_AFTER || level(samples) !== 'poor') return null
  const most = (wrong: (one: Sample) => boolean): boolean => last.filter(wrong).length >= last.length - 1
  if (most((one) => one.loss_out > 0.08 || (one.limited_by === 'bandwidth' && one.out_kbps < NARROW_KBPS)))
    return picture_sent ? 'uplink' : 'delay'
  if (most((one) => one.loss_in > 0.08 || one.concealed > 0.1 || one.freeze_ms > 1000)) return 'downlink'
  if (most((one) => one.limited_by === 'cpu')) return 'computer'
  if (most((one) => (one.round_trip_ms ?? 0) > 500)) return 'delay'
  return null
}

/** All in one: `up` says whether the connection stands at all. */
export function judge(
  samples: readonly Sample[],
  at: { up: boolean; picture_sent: boolean },
): QualityVerdict {
  if (!at.up) return { level: 'lost', advice: null }
  return { level: level(samples), advice: advise(samples, at.picture_sent) }
}

export const BARS: Record<QualityLevel, 0 | 1 | 2 | 3 | 4> = { lost: 0, poor: 1, good: 3, excellent: 4 }
