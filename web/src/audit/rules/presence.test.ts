// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { approver, at, callView, clerk, leg, playback, third } from '../../../tests/kit/recorded'
import { absence, endOf, seatedOf, unseenOf, wordOf } from './presence'

describe('who was there', () => {
  it('is shown by seats, with the applicant for as long as the window was there', () => {
    const call = callView({
      legs: [
        leg('leg-1', 'window', clerk, -10, 300, { state: 'lost' }),
        leg('leg-2', 'window', clerk, 310, 1200, { previous_leg_id: 'leg-1' }),
        leg('leg-3', 'approver', approver, 0, 1200),
        leg('leg-4', 'third', third, 500, 600),
      ],
    })
    expect(absence({ reason: 'lost', mid: '1' }, true)).toBe('gap')
    expect(absence({ reason: 'away', mid: '' }, true)).toBe('gap')
    expect(absence({ reason: 'lost', mid: '1' }, false)).toBe('unseen')
    expect(absence({ reason: 'muted', mid: '1' }, true)).toBe('unseen')
    expect(absence({ reason: 'unwritten', mid: '1' }, false)).toBe('broken')
    const seated = seatedOf(
      call,
      [
        playback('playback-1', 'window', 2, {
          gaps: [{ from_s: 10, to_s: 12, reason: 'loss' }, { nonsense: true }],
        }),
      ],
      1200,
    )
    expect(seated.map((one) => one.seat)).toEqual(['approver', 'window', 'third', 'applicant'])
    expect(seated[1]?.spans).toEqual([
      { from_s: 0, to_s: 300 },
      { from_s: 310, to_s: 1200 },
    ])
    expect(seated[1]?.gaps).toEqual([{ from_s: 12, to_s: 14, reason: 'loss' }])
    expect(seated[2]).toMatchObject({ who: '孙蕾', side: 'far', spans: [{ from_s: 500, to_s: 600 }] })
    expect(seated[3]).toMatchObject({ side: 'guest', spans: seated[1]?.spans })
    // nobody was in a call that nobody answered
    expect(seatedOf({ ...call, answered_at: null }, [], 1200).flatMap((one) => one.spans)).toEqual([])
    // a supervisor who joined in the open is called one
    const joined = {
      ...call,
      legs: [...call.legs, leg('leg-5', 'third', approver, 700, 800, { barged: true })],
    }
    expect(seatedOf(joined, [], 1200)[2]).toMatchObject({ who: '孙蕾', supervisors: approver.name })
    expect([
      wordOf(joined, 'third', third.id),
      wordOf(joined, 'third', approver.id),
      wordOf(null, 'third', third.id),
    ]).toEqual(['third', 'supervisor', 'third'])
  })

  it('ends with the call or with its last picture', () => {
    expect(endOf(callView(), [], 0)).toBe(1200)
    expect(endOf(callView(), [playback('playback-1', 'window', 10)], 0)).toBe(1205)
  })

  it('was not seen while his camera gave no picture, as long as he was there', () => {
    const call = callView()
    const lacking = (leg_id: string, mid: string, from: number, to: number | null) => ({
      leg_id,
      mid,
      from_at: at(from),
      to_at: to === null ? null : at(to),
    })
    const unseen = unseenOf(
      call,
      [
        lacking('leg-0002', '1', 100, 120),
        lacking('leg-0002', '0', 100, 130),
        lacking('leg-0001', '1', -5, null),
        lacking('leg-0002', '1', 1190, null),
        lacking('unknown', '1', 1, 2),
      ],
      1200,
    )
    expect(unseen.map((one) => [one.seat, one.person_id, one.from_s, one.to_s])).toEqual([
      ['approver', approver.id, 100, 120],
      ['window', clerk.id, 0, 1200],
      ['approver', approver.id, 1190, 1198],
    ])
    const [seated] = seatedOf(call, [], 1200, unseen)
    expect(seated?.gaps).toEqual([
      { from_s: 100, to_s: 120, reason: 'unseen' },
      { from_s: 1190, to_s: 1198, reason: 'unseen' },
    ])
  })
})
