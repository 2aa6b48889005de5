// @vitest-environment node
import { expect, it, vi } from 'vitest'
import { field } from '../../../tests/kit/cases'
import { localProblem } from '../../wire/http'
import { placesOf } from '../rules/form/fields'
import { useFormRows } from './useFormRows'

const owners = field({
  name: 'owners',
  kind: 'group',
  columns: [field({ name: 'name' }), field({ name: 'share' })],
})

function made() {
  const held = { owners: 'r1,r2' }
  const values = (path: string) => (held as Record<string, string>)[path] ?? ''
  const hands = {
    addRow: vi.fn(async () => void (held.owners += ',r3')),
    removeRow: vi.fn(() => Promise.resolve()),
    moveRow: vi.fn(() => Promise.reject(localProblem('unsent'))),
  }
  const go = vi.fn()
  const problem = vi.fn()
  const rows = useFormRows({
    values: () => values,
    places: () => placesOf([owners], values),
    hands: () => hands,
    go,
    problem,
  })
  return { rows, go, problem }
}

it('knows each row with its own fields', () => {
  const told = made().rows.rowsIn(owners)
  expect(told.map((row) => [row.id, row.places.map((one) => one.path)])).toEqual([
    ['r1', ['owners.r1.name', 'owners.r1.share']],
    ['r2', ['owners.r2.name', 'owners.r2.share']],
  ])
})

it('leads into the first field of a new row', async () => {
  const { rows, go } = made()
  await rows.add(owners)
  expect(go.mock.calls).toEqual([['owners.r3.name']])
})

it('is busy while rows are changed, and tells why they were not', async () => {
  const { rows, problem } = made()
  const moved = rows.move('owners', 'r2', -1)
  expect(rows.changing.value).toBe('owners')
  await moved
  expect([rows.changing.value, problem.mock.calls.length]).toEqual([null, 1])
})
