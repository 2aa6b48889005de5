// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { otherDecider, renewed } from './useCallLog'
import type { CallLogRow } from '../../wire/messages'
import { approver, at, third } from '../../../tests/kit/recorded'

const row = (call_id: string, second: number, state: CallLogRow['state'] = 'ended'): CallLogRow =>
  ({ call_id, opened_at: at(second), state }) as CallLogRow
const told = (rows: readonly CallLogRow[]): string[] => rows.map((one) => `${one.call_id} ${one.state}`)

describe('the log of calls', () => {
  it('follows a call that rings, runs and ends, and tells of new ones on top', () => {
    const listed = [row('b', 20, 'open'), row('a', 10), row('old', -900)]
    expect(told(renewed(listed, [row('c', 30, 'open'), row('b', 20, 'live'), row('a', 10)]))).toEqual([
      'c open',
      'b live',
      'a ended',
      'old ended',
    ])
    expect(told(renewed(listed, [row('b', 20), row('a', 10)]))).toEqual(['b ended', 'a ended', 'old ended'])
  })

  it('keeps what was listed, and its order', () => {
    const listed = [row('b', 20, 'live')]
    expect(told(renewed(listed, []))).toEqual(['b live'])
    expect(told(renewed(listed, [row('b', 20), row('a', 10)]))).toEqual(['b ended'])
    expect(told(renewed([], [row('a', 10)]))).toEqual(['a ended'])
  })

  it('names who decided where it was not who answered, after a referral', () => {
    expect(otherDecider({ approver, decided_by: third })).toBe(third)
    expect(otherDecider({ approver, decided_by: approver })).toBeNull()
    expect(otherDecider({ approver, decided_by: null })).toBeNull()
  })
})
