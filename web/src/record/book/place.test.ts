// @vitest-environment node
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import type { Hint } from '../../wire/socket'
import { usePlace } from './place'

let scope: EffectScope
const told: Hint[] = []
beforeEach(() => {
  vi.useFakeTimers()
  told.length = 0
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

function place(held = false) {
  return scope.run(() => usePlace({ hint: (one: Hint) => told.push(one) } as never, 'case-1', () => held))!
}
const last = (type: Hint['type']): Hint | undefined => told.findLast((one) => one.type === type)

it('is told once and again before the others forget it, and taken back when the page goes', () => {
  const { tellFocus, look } = place()
  tellFocus('name')
  tellFocus('name')
  look('m', 2, false)
  look('m', 2, false)
  expect(told).toHaveLength(2)
  vi.advanceTimersByTime(5_000)
  expect(told).toHaveLength(4)
  scope.stop()
  expect(last('case.focus')).toMatchObject({ field: null })
  expect(last('document.look')).toMatchObject({ material_id: null })
})

it('points at one field, and at none when that is settled or pointed at again', () => {
  const { my_point, point, settle } = place()
  point('name')
  point('phone')
  expect(my_point.value).toBe('phone')
  point('phone')
  expect(my_point.value).toBeNull()
  point('name')
  settle({ type: 'case.proposal_closed', proposal: { field: 'phone' } } as never)
  expect(my_point.value).toBe('name')
  settle({ type: 'case.proposal_closed', proposal: { field: 'name' } } as never)
  expect(last('case.point')).toMatchObject({ field: null })
})

it('points at nothing for those of another call', () => {
  const { my_point, point } = place(true)
  point('name')
  expect([my_point.value, told]).toEqual([null, []])
})

it('is looked at together during a call alone, and told anew with the next look', () => {
  const { parted, look, lookTogether } = place()
  look('m', 1, true)
  lookTogether(false)
  expect([parted.value, last('document.look')]).toMatchObject([1, { material_id: null }])
  told.length = 0
  vi.advanceTimersByTime(5_000)
  expect(told).toEqual([])
  lookTogether(true)
  expect(last('document.look')).toMatchObject({ material_id: 'm', page: 1, follow: false })
})
