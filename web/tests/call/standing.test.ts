import { describe, expect, it } from 'vitest'
import { legOf, partOf, spell, standing } from '../../src/call/standing'
import { call, leg, liveCall, ring, type CallView } from './calls'

const well = { connection: 'connected', media: 'up', replaced: false, was_up: true } as const
const stand = (view: CallView | null, page: Partial<Parameters<typeof standing>[2]> = {}) => standing(view, 'clerk', { ...well, ...page })

describe('what a call looks like from one seat', () => {
  it.each([
    ['no call', null, {}, 'idle', 'none'],
    ['ringing', call(), { media: 'none' }, 'ringing', 'ringing'],
    ['nobody rings yet', call({ rings: [] }), { media: 'none' }, 'waiting', 'waiting'],
    ['answered, before the media', liveCall(), { media: 'negotiating', was_up: false }, 'connecting', 'connecting'],
    ['media here, not there', liveCall({ legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver', { media: false })] }), {}, 'connecting', 'connecting'],
    ['in call', liveCall(), {}, 'active', 'active'],
    ['the socket broke', liveCall(), { connection: 'reconnecting' }, 'reconnecting', 'here_reconnecting'],
    ['the media broke', liveCall(), { media: 'broken' }, 'reconnecting', 'here_reconnecting'],
    ['the other is silent', liveCall({ legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver', { silent: true })] }), {}, 'reconnecting', 'there_silent'],
    ['taken by a newer page', liveCall(), { replaced: true }, 'hold', 'replaced'],
    ['hung up', liveCall({ state: 'ended', reason: 'hung_up' }), {}, 'idle', 'ended'],
    ['lost for good', liveCall({ state: 'ended', reason: 'lost' }), {}, 'lost', 'ended'],
  ] as const)('%s', (_name, view, page, form, phase) => {
    expect(stand(view as CallView | null, page)).toMatchObject({ form, phase })
  })

  it('counts a ring down to the last deadline', () => {
    const rings = [ring('ring0001', 'approver'), ring('ring0002', 'other', { deadline_at: '2026-11-24T06:00:45Z' })]
    expect(stand(call({ rings })).until).toBe('2026-11-24T06:00:45Z')
  })

  it('says until when the place of a lost seat is kept', () => {
    const gone = leg('leg00002', 'approver', { state: 'lost', held_until: '2026-11-24T06:02:10Z' })
    expect(stand(liveCall({ legs: [leg('leg00001', 'clerk'), gone] }))).toEqual({ form: 'reconnecting', phase: 'there_lost', until: '2026-11-24T06:02:10Z' })
  })

  it('looks at the newest leg of a seat', () => {
    const legs = [leg('leg00001', 'clerk', { state: 'left' }), leg('leg00002', 'approver', { state: 'left' }), leg('leg00003', 'approver'), leg('leg00004', 'clerk')]
    expect(legOf(liveCall({ legs }), 'clerk')?.id).toBe('leg00004')
    expect(stand(liveCall({ legs })).phase).toBe('active')
  })

  it('tells who sits in a call from who is only asked', () => {
    expect([partOf(call(), 'clerk'), partOf(call(), 'approver'), partOf(liveCall(), 'approver')]).toEqual([true, false, true])
  })
})

describe('spelling a duration', () => {
  it.each([[0, '00:00'], [59.9, '00:59'], [516, '08:36'], [3729, '1:02:09'], [-3, '00:00']])('%d s is %s', (seconds, words) => {
    expect(spell(seconds)).toBe(words)
  })
})
