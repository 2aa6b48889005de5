// @vitest-environment node
import { expect, it } from 'vitest'
import type { ReferralView } from '../../../wire/messages'
import { partOf, type SeatStanding } from './useSeat'

const here = (over: Partial<SeatStanding>): SeatStanding => ({
  third: false,
  sat: false,
  went: false,
  unit_id: 'unit-old',
  ...over,
})
const referred = { referrals: [{ by: { unit_id: 'unit-old' } } as ReferralView] }
const untouched = { referrals: [] }

it('is the approver while his unit decides, again too once the case came back', () => {
  expect(partOf(here({}), null)).toBe('approver')
  expect(partOf(here({ sat: true }), referred)).toBe('approver')
})

it('was the approver from the moment the case goes away, in the call and after it', () => {
  expect(partOf(here({ went: true }), untouched)).toBe('former')
  expect(partOf(here({ third: true, sat: true }), untouched)).toBe('former')
  // a page that was opened anew after the call
  expect(partOf(here({ third: true }), referred)).toBe('former')
})

it('is asked in who neither decided nor decides, though the case is referred before his eyes', () => {
  expect(partOf(here({ third: true, unit_id: 'unit-other' }), untouched)).toBe('third')
  expect(partOf(here({ third: true, went: true, unit_id: 'unit-other' }), referred)).toBe('third')
})
