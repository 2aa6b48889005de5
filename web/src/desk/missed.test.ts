// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { askedFor, askingOf, missedAt } from './missed'
import type { MissedCall } from '../wire/messages'
import { person } from '../../tests/kit/cases'

const call = (case_id: string, over: Partial<MissedCall> = {}): MissedCall => ({
  case_id,
  call_id: `call-${case_id}`,
  reason: 'missed',
  ask_again_at: null,
  caller: person('clerk'),
  window_id: 'window-3',
  target_unit_id: 'unit-xh',
  target_unit_name: '青岛西海岸',
  card: {} as MissedCall['card'],
  at: '2026-11-24T06:00:00Z',
  times: 1,
  asked_by: null,
  asked_at: null,
  ...over,
})

describe('missed calls', () => {
  // two windows of a unit may have one name
  const other = call('c2', { caller: person('clerk-2'), window_id: 'window-5' })
  const there = call('c3', {
    caller: { ...person('far'), unit_id: 'unit-yt' },
    window_id: null,
    target_unit_id: 'unit-jn',
  })
  const all = [call('c1'), other, there]

  it('are those of the window that dialled, and of the unit that decides', () => {
    expect(
      missedAt(all, 'window', { unit_id: 'unit-jn', window_id: 'window-3' }).map((one) => one.case_id),
    ).toEqual(['c1'])
    expect(
      missedAt(all, 'approver', { unit_id: 'unit-xh', window_id: null }).map((one) => one.case_id),
    ).toEqual(['c1', 'c2'])
    expect(
      missedAt(all, 'approver', { unit_id: 'unit-jn', window_id: null }).map((one) => one.case_id),
    ).toEqual(['c3'])
  })

  it('are asked for in the order in which people asked', () => {
    const asked = (id: string, at: string) => call(id, { asked_by: person('a'), asked_at: at })
    expect(
      askedFor([call('c1'), asked('c4', '2026-11-24T06:09:00Z'), asked('c5', '2026-11-24T06:01:00Z')]).map(
        (one) => one.case_id,
      ),
    ).toEqual(['c5', 'c4'])
    // to be asked again is another asking than the one that was read
    expect(askingOf(asked('c4', '2026-11-24T06:09:00Z'))).toBe(askingOf(asked('c4', '2026-11-24T06:09:00Z')))
    expect(askingOf(asked('c4', '2026-11-24T06:10:00Z'))).not.toBe(
      askingOf(asked('c4', '2026-11-24T06:09:00Z')),
    )
  })
})
