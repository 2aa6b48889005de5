// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { leg, liveCall } from '../../../../tests/kit/calls'
import { aloud, paneOf, say } from '../../../../tests/kit/pane'
import { useComings } from './useComings'

const two = [leg('leg00001', 'clerk'), leg('leg00002', 'approver')]
const guest = leg('leg00003', 'guest', { seat: 'third' })

function comings(first: Parameters<typeof paneOf>[0]) {
  const { be, desk, here, within } = paneOf(first)
  const came: string[] = []
  const gone = within(() => useComings({ here, desk, t: say, came: () => void came.push('came') }))
  return { be, came, desk, gone }
}

describe('who comes and goes', () => {
  it('is said, and who has left is named for a while', async () => {
    const { be, came, gone } = comings(liveCall({ legs: two }))
    await be(liveCall({ legs: [...two, guest] }))
    expect(came).toEqual(['came'])
    expect(await aloud()).toBe('call.third.joined guest unit of guest')
    await be(liveCall({ legs: two }))
    expect(gone.value).toBe('guest')
    expect(await aloud()).toBe('call.third.left guest')
    await be(liveCall({ legs: two, state: 'ended' }))
    expect(gone.value).toBeNull()
  })

  it('is told of the approver of before too, while it goes on with who decides', async () => {
    const { be, gone } = comings(liveCall({ legs: [...two, guest] }))
    const left = { ...leg('leg00002', 'approver'), state: 'left' as const }
    await be(liveCall({ legs: [leg('leg00001', 'clerk'), left, guest] }))
    expect(gone.value).toBe('approver')
  })

  it('is told of a speaker only where more than two are', async () => {
    const { be, desk } = comings(liveCall({ legs: two }))
    desk.speaking.value = new Set(['leg00002'])
    expect(await aloud()).not.toContain('speaking')
    await be(liveCall({ legs: [...two, guest] }))
    await aloud()
    desk.speaking.value = new Set(['leg00003'])
    expect(await aloud()).toBe('call.speaking.now guest unit of guest')
  })
})
