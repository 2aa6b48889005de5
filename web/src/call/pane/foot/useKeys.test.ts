// @vitest-environment node
import { ref, shallowRef } from 'vue'
import { describe, expect, it } from 'vitest'
import { call, hold, leg, liveCall, ring } from '../../../../tests/kit/calls'
import { paneOf, say } from '../../../../tests/kit/pane'
import { useKeys } from './useKeys'

function foot(first: Parameters<typeof paneOf>[0], me = 'clerk') {
  const { be, desk, here, place, within } = paneOf(first, me)
  const done: string[] = []
  const does = (what: string) => (on?: unknown, more?: unknown) => {
    done.push([what, on, more].filter((one) => one !== undefined).join(' '))
    return Promise.resolve(true)
  }
  const lacks = ref({ '0': false, '1': false })
  const inviting = ref(false)
  const made = within(() =>
    useKeys({
      here,
      desk: {
        muted: desk.muted,
        lacks,
        own_paper: shallowRef(null),
        shares: ref(false),
        mute: does('mute'),
        showPaper: does('paper'),
        hold: does('hold'),
        cancel: does('cancel'),
      } as unknown as Parameters<typeof useKeys>[0]['desk'],
      t: say,
      seat: place.seat,
      paper_possible: ref(true),
      inviting,
      sharing: { press: does('share') },
      leaving: {
        ask: () => {
          done.push('hang up?')
          return true
        },
      },
      retry: does('retry') as unknown as () => Promise<void>,
    }),
  )
  const ids = () => made.keys.value.map((one) => one.id)
  return { ...made, be, desk, done, ids, inviting, lacks }
}

describe('the keys of a call', () => {
  it('are few while it rings, and who has dialled may take it back', async () => {
    const { be, ids } = foot(call())
    expect(ids()).toEqual(['microphone', 'camera', 'cancel'])
    await be(liveCall())
    expect(ids()).toEqual(['microphone', 'camera', 'paper', 'hold', 'invite', 'hang_up'])
  })

  it('give the approver the screen, and a guest neither hold nor invitation', () => {
    expect(foot(liveCall(), 'approver').ids()).toContain('screen')
    const legs = [
      leg('leg00001', 'clerk'),
      leg('leg00002', 'approver'),
      leg('leg00003', 'guest', { seat: 'third' }),
    ]
    const guest = foot(liveCall({ legs }), 'guest')
    expect(guest.ids()).toEqual(['microphone', 'camera', 'paper', 'hang_up'])
    expect(guest.keys.value.at(-1)?.word).toBe('call.leave')
  })

  it('leave on hold only to who put it there the key that ends it', () => {
    expect(foot(liveCall({ holds: [hold('clerk')] })).ids()).toEqual([
      'microphone',
      'camera',
      'hold',
      'invite',
      'hang_up',
    ])
    expect(foot(liveCall({ holds: [hold('approver')] })).ids()).not.toContain('hold')
  })

  it('say when an invitation is under way', () => {
    const rings = [ring('ring0002', 'guest', { invite_id: 'invite1' })]
    const word = (pane: ReturnType<typeof foot>) => pane.keys.value.find((one) => one.id === 'invite')?.word
    expect([word(foot(liveCall())), word(foot(liveCall({ rings })))]).toEqual([
      'call.invite.key',
      'call.invite.under_way',
    ])
  })

  it('switch, and without a device try to get it', () => {
    const { desk, done, keys, lacks, press, silent } = foot(liveCall())
    press('microphone')
    desk.muted['1'] = true
    press('camera')
    expect([silent.value['1'], keys.value[1]?.word]).toEqual([true, 'call.camera_off'])
    lacks.value = { '0': true, '1': false }
    press('microphone')
    press('hang_up')
    expect(done).toEqual(['mute 0 true', 'mute 1 false', 'retry', 'hang up?'])
    expect(keys.value[0]).toMatchObject({ word: 'call.microphone_none', icon: 'mic-off', on: true })
  })
})
