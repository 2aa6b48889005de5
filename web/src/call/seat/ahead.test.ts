// @vitest-environment node
import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { HeldPage } from '../../../tests/kit/seats'
import { Ahead } from './ahead'
import type { HeldSeat } from './held'

const RING = { call_id: 'call0001', ring_id: 'ring0001' }

function ringing() {
  const page = new HeldPage()
  page.answers['call.prepare'] = () => ({ leg_id: 'ahead1', ...page.offer() })
  const ahead = new Ahead(page.around.ask, (call_id, leg_id, { ice_servers }) => {
    const nobody = { tracks: () => undefined, state: () => undefined }
    const media = page.means.connect(ice_servers, false, new Map(), nobody)
    return { call_id, leg_id, media } as HeldSeat
  })
  return { page, ahead }
}

describe('while it rings', () => {
  it('all that an answer needs is negotiated, and connects when it is answered', async () => {
    const { page, ahead } = ringing()
    ahead.ringing(RING, true)
    ahead.ringing(RING, true)
    expect(ahead.begin('ring0001')).toBeUndefined()
    await flushPromises()
    expect(page.asked).toEqual(['call.prepare', 'call.describe'])
    expect(page.commands[1]).toMatchObject({ leg_id: 'ahead1', sdp: 'answer to offer1, whole' })
    expect(page.peer.begun).toBe(false)
    expect(ahead.begin('ring0001')).toBe('ahead1')
    expect(page.peer.begun).toBe(true)
    expect(ahead.take({ leg_id: 'ahead1', seated: true })?.held.leg_id).toBe('ahead1')
    ahead.forget()
    expect(page.peer.closed).toBe(false)
  })

  it('nothing is prepared by a page that sits already, or for a ring that is over', async () => {
    const { page, ahead } = ringing()
    ahead.ringing(RING, false)
    await flushPromises()
    expect(page.asked).toEqual([])
    ahead.ringing({ ...RING, ring_id: 'ring0002' }, true)
    ahead.ringing(null, true)
    await flushPromises()
    expect([page.asked, page.peers]).toEqual([['call.prepare'], []])
  })

  it('what was prepared is given up with the ring', async () => {
    const { page, ahead } = ringing()
    ahead.ringing(RING, true)
    await flushPromises()
    ahead.ringing(null, true)
    expect(page.peer.closed).toBe(true)
    expect(ahead.begin('ring0001')).toBeUndefined()
  })

  it('what was refused is left to the answer, and closed', async () => {
    const { page, ahead } = ringing()
    page.answers['call.describe'] = () => {
      throw new Error('refused')
    }
    ahead.ringing(RING, true)
    await flushPromises()
    expect([page.peer.closed, ahead.begin('ring0001')]).toEqual([true, undefined])
  })

  it('a worker that offers nothing is no trouble', async () => {
    const { page, ahead } = ringing()
    page.answers['call.prepare'] = () => ({})
    ahead.ringing(RING, true)
    await flushPromises()
    expect([page.asked, page.peers]).toEqual([['call.prepare'], []])
  })

  it.each([
    ['another leg', { leg_id: 'other1', seated: true }],
    ['a seat that is to be connected anew', { leg_id: 'ahead1' }],
    ['no leg', {}],
  ])('an answer that got %s closes what was prepared', async (_, got) => {
    const { page, ahead } = ringing()
    ahead.ringing(RING, true)
    await flushPromises()
    ahead.begin('ring0001')
    expect(ahead.take(got)).toBeNull()
    expect(page.peer.closed).toBe(true)
  })
})
