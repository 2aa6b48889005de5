// @vitest-environment node
import { afterEach, describe, expect, it } from 'vitest'
import { i18n } from '../i18n'
import { chinaDay, dayStart } from './china'

const own = process.env.TZ
afterEach(() => {
  process.env.TZ = own
})

describe('the time of the office', () => {
  it.each(['Asia/Shanghai', 'UTC', 'America/Los_Angeles', 'Pacific/Kiritimati'])(
    'is that of China on a computer set to %s',
    (zone) => {
      process.env.TZ = zone
      expect(new Intl.DateTimeFormat().resolvedOptions().timeZone).toBe(zone)
      const { d } = i18n.global
      expect(chinaDay(new Date('2026-11-28T15:59:59Z'))).toBe('2026-11-28')
      expect(chinaDay(new Date('2026-11-28T16:00:00Z'))).toBe('2026-11-29')
      expect(d('2026-11-28T20:05:00Z', 'moment')).toBe('2026/11/29 04:05')
      expect(d('2026-11-28T20:05:00Z', 'time')).toBe('04:05')
      expect(d(dayStart('2026-12-04'), 'date')).toBe('2026/12/04')
      expect(d(dayStart('2026-11-29'), 'day')).toBe('11月29日星期日')
    },
  )
})
