// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { call, liveCall } from '../../../../tests/kit/calls'
import { aloud, paneOf, say } from '../../../../tests/kit/pane'
import { useTalkKey } from './useTalkKey'

function talking(first: Parameters<typeof paneOf>[0], muted: boolean) {
  const { desk, here, within } = paneOf(first)
  desk.muted['0'] = muted
  const mute = (mid: '0' | '1', on: boolean): Promise<void> => {
    desk.muted[mid] = on
    return Promise.resolve()
  }
  return { ...within(() => useTalkKey(here, { muted: desk.muted, mute }, say)), desk }
}

describe('the key for talking', () => {
  it('opens the microphone while it is held, and says so once', async () => {
    const { desk, down, up } = talking(liveCall(), true)
    down()
    expect(desk.muted['0']).toBe(false)
    expect(await aloud()).toBe('call.talk.on')
    up()
    expect(desk.muted['0']).toBe(true)
  })

  it('does nothing for who is heard already, nor outside a call', () => {
    const [open, ringing] = [talking(liveCall(), false), talking(call(), true)]
    for (const one of [open, ringing]) one.down()
    for (const one of [open, ringing]) one.up()
    expect([open.desk.muted['0'], ringing.desk.muted['0']]).toEqual([false, true])
  })

  it('leaves any other switch to be said', async () => {
    const { desk } = talking(liveCall(), false)
    desk.muted['1'] = true
    expect(await aloud()).toBe('call.said.camera_off')
  })
})
