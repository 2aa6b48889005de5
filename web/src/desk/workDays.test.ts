// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { daysOf, monthsOf, weekday } from '../admin/workDays'

describe('a year of working days', () => {
  it('takes what is known, then what is chosen, and the weekday of all else', () => {
    const months = monthsOf(
      2026,
      new Map([
        ['2026-02-14', true],
        ['2026-10-01', false],
      ]),
      new Map([['2026-10-08', false]]),
    )
    const day = (on: string) => months.flatMap((one) => one.days).find((one) => one.on === on)
    expect(months).toHaveLength(12)
    expect(months[1]?.days).toHaveLength(28)
    expect(day('2026-02-14')).toMatchObject({ known: true, works: true })
    expect(day('2026-10-01')).toMatchObject({ known: false, works: false })
    expect(day('2026-10-08')).toMatchObject({ known: null, works: false })
    expect(day('2026-10-09')).toMatchObject({ known: null, works: true })
    expect(day('2026-10-10')?.works).toBe(false)
  })

  it('begins each month on its weekday', () => {
    expect(weekday('2026-11-23')).toBe(0)
    expect(monthsOf(2026, new Map(), new Map())[10]?.before).toBe(6)
  })
})

describe('days from a file', () => {
  it('reads the ways in which people write them', () => {
    expect(daysOf('日期,状态\n2027-01-01,休\n20270104 上班\n2027/02/07,1\n"2027-05-01","放假"\n')).toEqual(
      new Map([
        ['2027-01-01', false],
        ['2027-01-04', true],
        ['2027-02-07', true],
        ['2027-05-01', false],
      ]),
    )
  })

  it.each(['', '日期,状态', '2027-02-30,休', '2027-01-01,也许', '2027-01-01', '2027-01-01,休\n乱写'])(
    'refuses %j',
    (text) => {
      expect(daysOf(text)).toBeNull()
    },
  )
})
