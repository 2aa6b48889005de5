import { flushPromises } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import { call, hold, leg, liveCall } from '../../../tests/kit/calls'
import { HeldPage, pull, track } from '../../../tests/kit/seats'
import { Problem } from '../../wire/http'
import { satIn, SeatKeeper } from './keeper'

beforeEach(() => sessionStorage.clear())

function refused(code: string): () => never {
  return () => {
    throw new Problem({ title: code, status: 409, code })
  }
}

function kept() {
  const page = new HeldPage()
  const keeper = new SeatKeeper(page.around, page.means)
  /** the call is so now, and everybody has been told */
  const be = async (now: HeldPage['call']): Promise<void> => {
    page.call = now
    keeper.attend()
    await flushPromises()
  }
  return { page, keeper, be }
}

/** The clerk of a live call whose media flow. */
async function talking() {
  const all = kept()
  all.page.call = liveCall()
  await all.keeper.claim('call0001')
  await flushPromises()
  all.page.peer.flow('up')
  await flushPromises()
  all.page.asked.length = 0
  return all
}

describe('a seat is taken', () => {
  it('by who has dialled: connected while it rings, and silent until it is answered', async () => {
    const { page, keeper, be } = kept()
    page.call = call()
    await keeper.claim('call0001')
    await flushPromises()
    expect([satIn('call0001'), page.asked]).toEqual([true, ['call.connect', 'call.describe']])
    expect([keeper.way.media.value, page.peer.sent]).toEqual(['negotiating', []])
    page.peer.flow('up')
    expect(keeper.way.media.value).toBe('up')
    await be(liveCall())
    expect(page.peer.sent).toEqual(['0', '1'])
    expect(page.peers).toHaveLength(1)
  })

  it('by who answers with what was prepared while it rang', async () => {
    const { page, keeper, be } = kept()
    page.answers['call.prepare'] = () => ({ leg_id: 'leg00001', ...page.offer() })
    keeper.ringing({ call_id: 'call0001', ring_id: 'ring0001' })
    await flushPromises()
    const leg_id = keeper.begin('ring0001')
    expect(leg_id).toBe('leg00001')
    await keeper.supply.prepare()
    const claimed = keeper.claim('call0001', { leg_id: 'leg00001', seated: true })
    await be(liveCall())
    await claimed
    expect(page.asked).toEqual(['call.prepare', 'call.describe'])
    expect([page.peers.length, page.peer.begun, page.peer.sent]).toEqual([1, true, ['0', '1']])
  })

  it('after a reload with a new leg, muted as before', async () => {
    const { page, keeper } = kept()
    page.call = liveCall({ legs: [leg('leg00001', 'clerk', { muted: ['0'] }), leg('leg00002', 'approver')] })
    keeper.enter('call0001')
    expect(keeper.entering.has('call0001')).toBe(true)
    await flushPromises()
    expect(page.asked).toEqual(['call.join', 'call.connect', 'call.describe'])
    expect([keeper.claimed.has('call0001'), keeper.entering.size]).toEqual([true, 0])
    expect(page.peer.sent).toEqual(['1'])
  })

  it('anew when it was given up meanwhile', async () => {
    const { page, be } = await talking()
    await be(liveCall({ legs: [leg('leg00001', 'clerk', { state: 'lost' }), leg('leg00002', 'approver')] }))
    expect(page.asked).toEqual(['call.join', 'call.connect', 'call.describe'])
    expect([page.peers[0]?.closed, page.peers.length]).toEqual([true, 2])
  })

  it('again after a step that failed, ever more slowly', async () => {
    const { page, keeper } = kept()
    page.call = liveCall()
    page.answers['call.connect'] = refused('media_unavailable')
    void keeper.claim('call0001')
    await flushPromises()
    expect([page.asked, page.said.length]).toEqual([['call.connect'], 1])
    await page.time.pass(499)
    expect(page.asked).toHaveLength(1)
    await page.time.pass(1)
    expect(page.asked).toHaveLength(2)
    await page.time.pass(999)
    expect(page.asked).toHaveLength(2)
    delete page.answers['call.connect']
    await page.time.pass(1)
    expect(page.asked.slice(2)).toEqual(['call.connect', 'call.describe'])
  })
})

describe('a seat is given up', () => {
  it('to a newer page, and nothing is asked for it any more', async () => {
    const { page, keeper, be } = await talking()
    keeper.giveUp('call0001')
    await flushPromises()
    expect([page.peer.closed, keeper.way.media.value, satIn('call0001')]).toEqual([true, 'none', false])
    await be(liveCall())
    expect(page.asked).toEqual([])
  })

  it('to a leg that came after its own', async () => {
    const { keeper, be } = await talking()
    await be(liveCall({ legs: [leg('leg00001', 'clerk'), leg('leg00003', 'clerk')] }))
    expect(keeper.replaced.has('call0001')).toBe(true)
  })

  it('with the call, and its devices are closed', async () => {
    const { page, keeper, be } = await talking()
    const camera = keeper.supply.devices.value?.camera
    await be(liveCall({ state: 'ended', reason: 'hung_up' }))
    expect([page.peer.closed, camera?.readyState, keeper.claimed.size]).toEqual([true, 'ended', 0])
    expect(keeper.way.media.value).toBe('none')
  })

  it('with the page: no timer of it goes on', async () => {
    const { page, keeper } = await talking()
    keeper.close()
    const before = page.log.length
    await page.time.pass(60_000)
    expect([page.log.length, page.asked, page.peer.closed]).toEqual([before, [], true])
  })
})

describe('what leaves the page', () => {
  it('is nothing on hold, before the page is drawn so', async () => {
    const { page, keeper } = await talking()
    expect(page.peer.sent).toEqual(['0', '1'])
    keeper.heed(liveCall({ holds: [hold('approver')] }))
    expect(page.peer.sent).toEqual([])
  })

  it('is not what is muted, and that is said', async () => {
    const { page, keeper } = await talking()
    await keeper.mute('1', true)
    expect(page.peer.sent).toEqual(['0'])
    expect(page.commands.at(-1)).toMatchObject({ type: 'call.mute', leg_id: 'leg00001', mid: '1', on: true })
  })

  it('is no camera that is gone, and that it lacks is said', async () => {
    const { page, keeper } = await talking()
    pull(keeper.supply.devices.value?.camera as MediaStreamTrack)
    await flushPromises()
    expect(page.peer.sent).toEqual(['0'])
    expect(page.commands.at(-1)).toMatchObject({ type: 'call.lack', mid: '1', on: true })
  })

  it('comes from a camera that is opened anew when it hangs, and not while its pictures are left out', async () => {
    const { page, keeper } = await talking()
    const camera = keeper.supply.devices.value?.camera
    page.peer.figures_now.given = { track_id: camera?.id, frames: 48 }
    page.place.next = [{ track: track('video') }]
    keeper.carry('sound')
    await page.time.pass(20_000)
    expect(page.place.next).toHaveLength(1)
    keeper.carry('whole')
    await page.time.pass(10_000)
    expect([page.place.next.length, camera?.readyState]).toEqual([0, 'ended'])
  })
})

describe('a way that breaks', () => {
  it('is made anew over a new path, and then with a new leg', async () => {
    const { page, keeper } = await talking()
    page.peer.flow('weak')
    expect(page.log).toContain('doubt')
    await page.time.pass(1_100)
    expect(page.asked).toEqual(['call.connect', 'call.describe'])
    expect([page.peer.renewed, keeper.way.media.value]).toEqual([1, 'broken'])
    await page.time.pass(5_100)
    expect(page.asked.slice(2)).toEqual(['call.join', 'call.connect', 'call.describe'])
    expect(page.peers[0]?.closed).toBe(true)
    page.peer.flow('up')
    expect([keeper.way.media.value, keeper.way.told.value]).toEqual(['up', null])
  })

  it('to a worker that was replaced is a new connection of the same leg', async () => {
    const { page } = await talking()
    page.peer.fitting = false
    page.move()
    await flushPromises()
    expect(page.asked).toEqual(['call.connect', 'call.describe'])
    expect([page.peers[0]?.closed, page.peers.length]).toEqual([true, 2])
  })

  it('with a place that was given up meanwhile begins anew', async () => {
    const { page } = await talking()
    let once = true
    page.answers['call.connect'] = () => {
      if (once) {
        once = false
        return refused('not_in_call')()
      }
      return page.offer()
    }
    page.move()
    await flushPromises()
    expect(page.asked).toEqual(['call.connect', 'call.join', 'call.connect', 'call.describe'])
    // nothing is held against the way
    expect(page.peer.given[1]).toBe(false)
  })

  it('and is well again leaves undone what was ordered for it', async () => {
    const { page } = await talking()
    let offered = (): void => undefined
    page.answers['call.connect'] = () => new Promise((resolve) => (offered = () => resolve(page.offer())))
    page.move()
    await flushPromises()
    page.peer.flow('up')
    offered()
    await flushPromises()
    expect([page.asked, page.peer.renewed]).toEqual([['call.connect'], 0])
  })

  it('is not climbed any further once packets come again', async () => {
    const { page } = await talking()
    page.peer.flow('weak')
    page.peer.flow('up')
    await page.time.pass(3_000)
    expect(page.asked).toEqual([])
  })

  it('is waited for on the same rung while the worker is just being started', async () => {
    const { page, keeper } = await talking()
    page.answers['call.connect'] = refused('media_unavailable')
    keeper.unheard('leg00001')
    await flushPromises()
    delete page.answers['call.connect']
    await page.time.pass(500)
    expect(page.asked).toEqual(['call.connect', 'call.connect', 'call.describe'])
  })
})

describe('a room of more than two', () => {
  it('gets lines for all, once for each who comes, and a face in layers', async () => {
    const { page, be } = await talking()
    const third = leg('leg00003', 'guest', { seat: 'third' })
    page.peer.groups = 1
    const three = liveCall({ legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver'), third] })
    await be(three)
    await be(three)
    expect(page.asked).toEqual(['call.connect', 'call.describe'])
    expect(page.log.at(-1)).toBe('layer true')
  })

  it('takes an offer when the worker has more', async () => {
    const { page, keeper } = await talking()
    keeper.renegotiate('leg00009')
    keeper.renegotiate('leg00001')
    await flushPromises()
    expect(page.asked).toEqual(['call.connect', 'call.describe'])
  })
})
