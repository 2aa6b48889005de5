// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { call, hold, leg, liveCall, ring } from '../../../tests/kit/calls'
import { NOW_MS, paneOf } from '../../../tests/kit/pane'

const guest = (more = {}) => leg('leg00003', 'guest', { seat: 'third', ...more })

describe('the call about a case, as this page has it', () => {
  it('is that of this case alone; one about another case is told apart', async () => {
    const { be, here } = paneOf(liveCall())
    expect([here.call.value?.id, here.elsewhere.value, here.live.value]).toEqual(['call0001', null, true])
    await be(liveCall({ case_id: 'another' }))
    expect([here.call.value, here.elsewhere.value?.id, here.live.value]).toEqual([null, 'call0001', false])
    expect(here.state.value.phase).toBe('none')
    await be(liveCall({ case_id: 'another', state: 'ended' }))
    expect(here.elsewhere.value).toBeNull()
  })

  it('names whom one speaks with, and who sits beside him', async () => {
    const { be, here } = paneOf(liveCall())
    expect([here.other.value?.person.id, here.second.value, here.crowded.value]).toEqual([
      'approver',
      null,
      false,
    ])
    const legs = [leg('leg00001', 'clerk'), leg('leg00002', 'approver'), guest()]
    await be(liveCall({ legs }))
    expect(here.second.value?.person.id).toBe('guest')
    await be(liveCall({ legs: [...legs, leg('leg00004', 'one_more', { seat: 'fourth' })] }))
    expect([here.beside.value.length, here.crowded.value]).toEqual([2, true])
  })

  it('stands between the places of the case, and for a guest between his own and the other’s', () => {
    expect(paneOf(liveCall()).here.places.value).toMatchObject({ here: '济南市中', there: '青岛西海岸' })
    const legs = [leg('leg00001', 'clerk'), leg('leg00002', 'approver'), guest()]
    const third = paneOf(liveCall({ legs }), 'guest').here
    expect([third.seated.value, third.guest.value]).toEqual(['third', true])
    expect(third.places.value).toEqual({ here: 'guest', there: 'clerk' })
  })

  it('gives the part of the approver to who decides by now', () => {
    const legs = [leg('leg00001', 'clerk'), leg('leg00002', 'approver'), guest()]
    const { here, place } = paneOf(liveCall({ legs }))
    const parts = () => here.others.value.map(({ leg: one }) => [one.person.id, here.part(one)])
    expect(parts()).toEqual([
      ['approver', 'approver'],
      ['guest', 'other'],
    ])
    place.deciding = 'unit-guest'
    expect(parts()).toEqual([
      ['guest', 'approver'],
      ['approver', 'former'],
    ])
  })

  it('is on hold for as long as that, by whom it was put there', async () => {
    const { be, here, now } = paneOf(liveCall())
    expect([here.hold.value, here.held_for.value]).toEqual([null, ''])
    await be(liveCall({ holds: [hold('clerk')] }))
    expect([here.held_by_me.value, here.held_for.value]).toEqual([true, '01:00'])
    now.value = NOW_MS + 5_000
    expect(here.held_for.value).toBe('01:05')
  })

  it('shows the papers of a seat only while its line is open', async () => {
    const { be, desk, here } = paneOf(liveCall())
    const stream = {} as MediaStream
    desk.document_camera.value = stream
    expect(here.papers.value[0]).toBe(stream)
    await be(liveCall({ legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver', { muted: ['2'] })] }))
    expect(here.papers.value[0]).toBeNull()
  })

  it('is not live while it rings', () => {
    const { here } = paneOf(call({ rings: [ring('ring0001', 'approver')] }))
    expect([here.live.value, here.state.value.phase]).toEqual([false, 'ringing'])
  })
})
