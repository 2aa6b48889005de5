// @vitest-environment node
import { expect, it } from 'vitest'
import { proposal, value } from '../../../../tests/kit/cases'
import { standingOf } from './proposals'

const before = { ...value('2026-11-10', 3), at: '2000-01-01T00:00:00Z' }
const after = { ...value('2026-11-20', 9), at: '2099-01-01T00:00:00Z' }

it('is told by its own state while the case is open', () => {
  const told = (['open', 'adopted', 'declined', 'outdated'] as const).map((state) =>
    standingOf(proposal({ id: 'p1', state }), before, false),
  )
  expect(told).toEqual(['waiting', 'adopted', 'declined', 'outdated'])
})

it('is undecided where the decision of the case came before an answer, and only there', () => {
  const told = (state: 'open' | 'adopted' | 'declined' | 'outdated', field = before) =>
    standingOf(proposal({ id: 'p1', state }), field, true)
  expect([told('open'), told('adopted'), told('declined')]).toEqual(['undecided', 'adopted', 'declined'])
  // made old by the decision alone, or by what was changed after it was proposed
  expect([told('outdated'), told('outdated', after)]).toEqual(['undecided', 'outdated'])
  expect(standingOf(proposal({ id: 'p1', state: 'outdated' }), undefined, true)).toBe('undecided')
})
