// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { leg, liveCall } from '../../../../tests/kit/calls'
import { paneOf } from '../../../../tests/kit/pane'
import { useHangUp } from './useHangUp'

const three = () =>
  liveCall({
    legs: [
      leg('leg00001', 'clerk'),
      leg('leg00002', 'approver'),
      leg('leg00003', 'guest', { seat: 'third' }),
    ],
  })

function hanging(me: string, { pending = [] as string[], refused = false } = {}) {
  const { be, here, within } = paneOf(three(), me)
  const done: string[] = []
  const leaving = within(() =>
    useHangUp({
      here,
      desk: {
        hangUp: () => {
          done.push('hung up')
          return Promise.resolve(!refused)
        },
      },
      pending: () => pending,
      left: () => void done.push('left'),
    }),
  )
  return { ...leaving, be, done }
}

describe('hanging up', () => {
  it('asks about what would be left half done, and hangs up only when told so', async () => {
    const { ask, done, hangUp, stay, unfinished } = hanging('clerk', { pending: ['一项'] })
    expect([ask(), unfinished.value, done]).toEqual([false, ['一项'], []])
    stay()
    expect(unfinished.value).toEqual([])
    ask()
    await hangUp()
    expect([unfinished.value, done]).toEqual([[], ['hung up']])
  })

  it('lets a guest go with the news that he is out, and not before', async () => {
    const { ask, be, done } = hanging('guest')
    expect(ask()).toBe(true)
    await Promise.resolve()
    expect(done).toEqual(['hung up'])
    await be(null)
    expect(done).toEqual(['hung up', 'left'])
  })

  it('keeps who was refused, and takes nobody away who ended the call for all', async () => {
    const [guest, clerk] = [hanging('guest', { refused: true }), hanging('clerk')]
    await guest.hangUp()
    await guest.be(null)
    await clerk.hangUp()
    await clerk.be(null)
    expect([guest.done, clerk.done]).toEqual([['hung up'], ['hung up']])
  })
})
