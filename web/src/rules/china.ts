/**
 * The time of the office: days and times are told and counted in China's one zone, whatever zone this
 * computer is set to, so that they match the papers, the marks on the copies and the ledger. Pure.
 */

export const ZONE = 'Asia/Shanghai'

/** The day in China at this moment, as YYYY-MM-DD: what is promised, due or counted is so there. */
export function chinaDay(at: Date): string {
  return new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 10)
}

/** The moment at which this day (YYYY-MM-DD) begins in China. */
export function dayStart(on: string): string {
  return `${on}T00:00:00+08:00`
}
