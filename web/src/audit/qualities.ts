/** How good each party's connection was, second by second: from what the pages told while they talked. Pure. */
import type { CallView, MarkView, QualitySample } from '../wire/messages'

export type Level = 'excellent' | 'good' | 'poor' | 'lost'

export interface Stretch {
  from_s: number
  to_s: number
  level: Level
  /** the worst of it */
  loss: number
  round_trip_ms: number | null
  relayed: boolean
}

/** A page tells every four seconds; what it told counts no longer than this. */
const COUNTS_FOR_S = 9

const worse = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.max(a, b))

/** The stretches of one level, by seat, in the order of time. */
export function qualitiesOf(marks: readonly MarkView[], call: CallView, zero_ms: number, end_s: number): Map<string, Stretch[]> {
  const seats = new Map(call.legs.map((leg) => [leg.id, leg.seat]))
  const found = new Map<string, Stretch[]>()
  const told = marks.filter((one) => one.kind === 'quality').sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
  for (const { at, body } of told) {
    const seat = seats.get(String(body['leg_id']))
    if (!seat) continue
    const sample = body['sample'] as QualitySample
    const level = body['quality'] as Level
    const from_s = (Date.parse(at) - zero_ms) / 1000
    const to_s = Math.min(from_s + COUNTS_FOR_S, end_s)
    const all = found.get(seat) ?? []
    found.set(seat, all)
    const last = all.at(-1)
    if (last && last.to_s > from_s) last.to_s = from_s
    const loss = Math.max(sample.loss_in, sample.loss_out)
    const relayed = sample.candidate === 'relay'
    if (last && last.level === level && last.relayed === relayed && from_s - last.to_s < 0.5) {
      last.to_s = to_s
      last.loss = Math.max(last.loss, loss)
      last.round_trip_ms = worse(last.round_trip_ms, sample.round_trip_ms)
    } else all.push({ from_s, to_s, level, loss, round_trip_ms: sample.round_trip_ms, relayed })
  }
  return found
}
