/** What a sample of a connection says, in words: name and value of each figure. */
import type { Sample } from './quality'

export type Say = (key: string, values?: Record<string, unknown>) => string

const percent = (share: number): string => (share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)

/** A second's worth, as people know it from files. */
const kilobytes = (kbps: number): number => Math.round(kbps / 8)

export function figuresOf(now: Sample, t: Say): [string, string][] {
  return [
    [t('call.quality.loss_in'), t('call.quality.percent', { n: percent(now.loss_in) })],
    [t('call.quality.loss_out'), t('call.quality.percent', { n: percent(now.loss_out) })],
    [
      t('call.quality.round_trip'),
      now.round_trip_ms === null ? '–' : t('call.quality.ms', { n: now.round_trip_ms }),
    ],
    [t('call.quality.rate_in'), t('call.quality.speed', { n: kilobytes(now.in_kbps) })],
    [t('call.quality.rate_out'), t('call.quality.speed', { n: kilobytes(now.out_kbps) })],
    [t('call.quality.way'), t(`check.ways.${now.candidate}`)],
  ]
}
