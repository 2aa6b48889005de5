/**
 * A year of the working-day calendar as months of days, and days read from a file.
 *
 * Pure: dates are texts (YYYY-MM-DD), weekdays count from Monday.
 */

export interface Day {
  on: string
  number: number
  /** what is known; null: by weekday, provisionally */
  known: boolean | null
  works: boolean
}

export interface Month {
  month: number
  /** empty cells before the first day, Monday first */
  before: number
  days: Day[]
}

/** The twelve months of a year; `chosen` are days that somebody is about to change. */
export function monthsOf(
  year: number,
  known: ReadonlyMap<string, boolean>,
  chosen: ReadonlyMap<string, boolean>,
): Month[] {
  return Array.from({ length: 12 }, (_, index) => {
    const month = index + 1
    const count = new Date(Date.UTC(year, month, 0)).getUTCDate()
    const days = Array.from({ length: count }, (_, at) => {
      const number = at + 1
      const on = `${year}-${String(month).padStart(2, '0')}-${String(number).padStart(2, '0')}`
      const told = known.get(on) ?? null
      return { on, number, known: told, works: chosen.get(on) ?? told ?? weekday(on) < 5 }
    })
    return { month, before: weekday(days[0]?.on ?? `${year}-01-01`), days }
  })
}

/** 0 Monday to 6 Sunday. */
export function weekday(on: string): number {
  return (new Date(`${on}T00:00:00Z`).getUTCDay() + 6) % 7
}

const WORKS = /^(1|上班|工作日?|true)$/i
const RESTS = /^(0|休息?|放假|节假日|false)$/i

/** Days of a text with one day a line, `2027-01-01,休` or `20270104 上班`; null when a line is anything else. */
export function daysOf(text: string): Map<string, boolean> | null {
  const days = new Map<string, boolean>()
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    if (!line.trim()) continue
    const parts = /^\s*"?(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})"?[\s,;，、\t]+"?([^"\s,;，]+)"?\s*$/.exec(line)
    if (!parts) {
      // a first line of column names
      if (days.size === 0 && !/\d{4}/.test(line)) continue
      return null
    }
    const on = `${parts[1]}-${parts[2]}-${parts[3]}`
    const told = parts[4] ?? ''
    if (
      Number.isNaN(Date.parse(`${on}T00:00:00Z`)) ||
      new Date(`${on}T00:00:00Z`).toISOString().slice(0, 10) !== on
    )
      return null
    if (WORKS.test(told)) days.set(on, true)
    else if (RESTS.test(told)) days.set(on, false)
    else return null
  }
  return days.size ? days : null
}
