// @vitest-environment node
import { expect, test } from 'vitest'
import { likely } from './referral'
import type { UnitRow } from '../../../wire/messages'

const unit = (id: string, takes: boolean, on_duty: number): UnitRow => ({
  id,
  name: id,
  place: id,
  region_code: '370000',
  level: '4',
  review_body: '',
  court: '',
  windows: [],
  takes,
  on_duty,
})

test('who takes the item and is on duty is offered first, the window of the case last of those alike', () => {
  const units = [
    unit('window', false, 0),
    unit('far', false, 0),
    unit('duty', false, 2),
    unit('takes', true, 0),
    unit('both', true, 1),
  ]
  expect(likely(units, 'window').map((one) => one.id)).toEqual(['both', 'takes', 'duty', 'far', 'window'])
})
