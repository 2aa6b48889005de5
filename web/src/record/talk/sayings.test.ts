// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { rowsOf, sayingsOf, unread } from './sayings'
import type { Saying } from '../../wire/messages'
import { by, caseView, person } from '../../../tests/kit/cases'

const far = person('person-02', '周明远')
const said = (id: string, over: Partial<Saying> = {}): Saying => ({
  id,
  lane: 'shared',
  text: id,
  by: far,
  on_behalf_of: null,
  call_id: 'call-0001',
  at: '2026-11-24T06:00:00Z',
  ...over,
})

describe('the messages of a case', () => {
  it('keep to their lane', () => {
    const view = caseView({ sayings: [said('a'), said('b', { lane: 'staff' }), said('c')] })
    expect(sayingsOf(view, 'shared').map((one) => one.id)).toEqual(['a', 'c'])
    expect(sayingsOf(view, 'staff').map((one) => one.id)).toEqual(['b'])
  })

  it('are parted by day and by call', () => {
    const rows = rowsOf(
      [
        said('a', { call_id: null }),
        said('b', { call_id: null }),
        said('c', { call_id: 'call-0000' }),
        said('d'),
        said('e', { at: '2026-11-26T06:00:00Z' }),
      ],
      'call-0001',
    )
    expect(rows.map((row) => (row.kind === 'rule' ? row.where : row.id))).toEqual([
      'no_call',
      'a',
      'b',
      'earlier_call',
      'c',
      'this_call',
      'd',
      'this_call',
      'e',
    ])
  })

  it('are unread until seen, except my own; what the applicant wrote at my window is news to me', () => {
    const all = [said('a'), said('b', { by }), said('c', { by, on_behalf_of: 'applicant' }), said('d')]
    expect(unread(all, null, by.id)).toBe(3)
    expect(unread(all, 'a', by.id)).toBe(2)
    expect(unread(all, 'd', by.id)).toBe(0)
    expect(unread([], null, by.id)).toBe(0)
  })
})
