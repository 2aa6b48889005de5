/**
 * How good each party's connection was, second by second: what the pages told while they talked, and what the media
 * worker counted of the same legs. Pure.
 */
import type {
  CallQuality,
  CallView,
  MarkView,
  QualitySample,
  Silence,
  WorkerSample,
} from '../../wire/messages'

export interface Stretch {
  from_s: number
  to_s: number
  level: CallQuality['quality']
  /** the worst of it */
  loss: number
  round_trip_ms: number | null
  /** the greatest share of sound that was made up for what did not come, and the greatest jitter */
  concealed: number
  jitter_ms: number
  /** how often and how long pictures stood still, added up */
  freezes: number
  freeze_ms: number
  /** why this page sent smaller or slower pictures than its camera gives */
  limited_by: ('bandwidth' | 'cpu')[]
  relayed: boolean
}

/** A page tells every four seconds; what it told counts no longer than this. */
const COUNTS_FOR_S = 9

const LIMITS = ['bandwidth', 'cpu'] as const

const worse = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b)

/** The stretches of one level, by seat, in the order of time. */
export function qualitiesOf(
  marks: readonly MarkView[],
  call: CallView,
  zero_ms: number,
  end_s: number,
): Map<string, Stretch[]> {
  const legs = new Map(call.legs.map((leg) => [leg.id, leg]))
  const found = new Map<string, Stretch[]>()
  const told = marks
    .filter((one) => one.kind === 'quality')
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
  for (const { at, body } of told) {
    const leg = legs.get(String(body['leg_id']))
    if (!leg) continue
    const { seat } = leg
    const sample = body['sample'] as QualitySample
    const level = body['quality'] as CallQuality['quality']
    const at_s = (Date.parse(at) - zero_ms) / 1000
    // nor any longer than he was there
    const left_s = leg.ended_at ? (Date.parse(leg.ended_at) - zero_ms) / 1000 : end_s
    const [from_s, to_s] = [Math.max(0, at_s), Math.min(at_s + COUNTS_FOR_S, left_s, end_s)]
    if (to_s <= from_s) continue
    const all = found.get(seat) ?? []
    found.set(seat, all)
    const last = all.at(-1)
    if (last && last.to_s > from_s) last.to_s = from_s
    const loss = Math.max(sample.loss_in, sample.loss_out)
    const relayed = sample.candidate === 'relay'
    const limited_by = LIMITS.filter((one) => one === sample.limited_by)
    if (last && last.level === level && last.relayed === relayed && from_s - last.to_s < 0.5) {
      last.to_s = to_s
      last.loss = Math.max(last.loss, loss)
      last.round_trip_ms = worse(last.round_trip_ms, sample.round_trip_ms)
      last.concealed = Math.max(last.concealed, sample.concealed)
      last.jitter_ms = Math.max(last.jitter_ms, sample.jitter_ms)
      last.freezes += sample.freezes
      last.freeze_ms += sample.freeze_ms
      last.limited_by = LIMITS.filter((one) => last.limited_by.includes(one) || limited_by.includes(one))
    } else {
      const { round_trip_ms, concealed, jitter_ms, freezes, freeze_ms } = sample
      all.push({
        from_s,
        to_s,
        level,
        loss,
        round_trip_ms,
        concealed,
        jitter_ms,
        freezes,
        freeze_ms,
        limited_by,
        relayed,
      })
    }
  }
  return found
}

/** The same with what the server knows besides: while it heard nothing of a page, that page's line was broken. */
export function withSilences(
  lines: ReadonlyMap<string, Stretch[]>,
  silences: readonly Silence[],
  call: CallView,
  zero_ms: number,
  end_s: number,
): Map<string, Stretch[]> {
  const found = new Map(lines)
  const second = (at: string): number => (Date.parse(at) - zero_ms) / 1000
  for (const one of silences) {
    const leg = call.legs.find((other) => other.id === one.leg_id)
    if (!leg) continue
    const until = [end_s, ...[one.to_at, leg.ended_at].map((at) => (at ? second(at) : end_s))]
    const [from_s, to_s] = [Math.max(0, second(one.from_at)), Math.min(...until)]
    if (to_s <= from_s) continue
    const apart = (found.get(leg.seat) ?? []).flatMap((line) => [
      ...(line.from_s < from_s ? [{ ...line, to_s: Math.min(line.to_s, from_s) }] : []),
      ...(line.to_s > to_s ? [{ ...line, from_s: Math.max(line.from_s, to_s) }] : []),
    ])
    const broken: Stretch = {
      from_s,
      to_s,
      level: 'lost',
      loss: 0,
      round_trip_ms: null,
      concealed: 0,
      jitter_ms: 0,
      freezes: 0,
      freeze_ms: 0,
      limited_by: [],
      relayed: false,
    }
    found.set(
      leg.seat,
      [...apart, broken].sort((a, b) => a.from_s - b.from_s),
    )
  }
  return found
}

/** `quiet`: nothing came, as on hold; whether that was meant the worker cannot tell. */
export type Counted = 'excellent' | 'good' | 'poor' | 'quiet'

/** What the worker counted of one party in a stretch; of its rates the highest. */
export interface WorkerStretch {
  from_s: number
  to_s: number
  level: Counted
  packets_in: number
  packets_out: number
  lost_in: number
  nacks_in: number
  nacks_out: number
  plis_in: number
  plis_out: number
  in_kbps: number
  out_kbps: number
}

const SUMS = ['packets_in', 'packets_out', 'lost_in', 'nacks_in', 'nacks_out', 'plis_in', 'plis_out'] as const
/** the marks that the page's own samples have (web/src/call/rules/quality.ts) */
const POOR = 0.08
const GOOD = 0.02
/** a sample begins where the one before ended, but for what the worker's answer takes */
const JOINS_S = 1.5

const share = (part: number, whole: number): number => (whole > 0 ? Math.min(1, part / whole) : 0)

function levelOf(one: WorkerSample): Counted {
  if (!one.packets_in) return 'quiet'
  const loss = Math.max(
    share(one.lost_in, one.packets_in + one.lost_in),
    share(one.nacks_in, one.packets_out),
  )
  return loss > POOR ? 'poor' : loss > GOOD ? 'good' : 'excellent'
}

/**
 * The stretches of one level as the worker counted them, by seat, in the order of time. A sample tells of the
 * seconds before it.
 */
export function countedOf(
  marks: readonly MarkView[],
  call: CallView,
  zero_ms: number,
  end_s: number,
): Map<string, WorkerStretch[]> {
  const seats = new Map(call.legs.map((leg) => [leg.id, leg.seat]))
  const found = new Map<string, WorkerStretch[]>()
  const told = marks
    .filter((one) => one.kind === 'worker')
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
  for (const { at, body } of told) {
    const seat = seats.get(String(body['leg_id']))
    if (!seat) continue
    const { seconds, ...counts } = body['sample'] as WorkerSample
    const level = levelOf({ seconds, ...counts })
    const to_s = Math.min((Date.parse(at) - zero_ms) / 1000, end_s)
    const all = found.get(seat) ?? []
    found.set(seat, all)
    const last = all.at(-1)
    // what was counted before the answer is none of the meeting
    const from_s = Math.max((Date.parse(at) - zero_ms) / 1000 - seconds, last?.to_s ?? 0)
    if (to_s <= from_s) continue
    if (last && last.level === level && from_s - last.to_s < JOINS_S) {
      last.to_s = to_s
      for (const name of SUMS) last[name] += counts[name]
      last.in_kbps = Math.max(last.in_kbps, counts.in_kbps)
      last.out_kbps = Math.max(last.out_kbps, counts.out_kbps)
    } else all.push({ from_s, to_s, level, ...counts })
  }
  return found
}
