// @vitest-environment node
import { reactive, shallowRef } from 'vue'
import { describe, expect, it } from 'vitest'
import { leg, liveCall } from '../../../../tests/kit/calls'
import { paneOf, say } from '../../../../tests/kit/pane'
import { ownState, useParties } from './useParties'

describe('how each party is connected', () => {
  it('is known of one’s own line at once', () => {
    expect([
      ownState('lost', 'up', 'active'),
      ownState('connecting', 'up', 'active'),
      ownState('connected', 'broken', 'here_reconnecting'),
      ownState('connected', 'negotiating', 'connecting'),
      ownState('connected', 'up', 'active'),
    ]).toEqual(['lost', 'silent', 'silent', 'connecting', 'connected'])
  })

  it('is told of everybody, with the figures of whom one looks at while he is there', async () => {
    const { be, desk, here, within } = paneOf(liveCall())
    const sample = { loss_in: 0, loss_out: 0, round_trip_ms: 20, in_kbps: 8, out_kbps: 8, candidate: 'host' }
    const more = {
      met: reactive(new Set<string>()),
      qualities: shallowRef(new Map([['leg00002', { level: 'good', sample, at_ms: 0 }]])),
    }
    const { figures, look, parties } = within(() =>
      useParties(here, { ...desk, ...more } as unknown as Parameters<typeof useParties>[1], say),
    )
    expect(parties.value.map((one) => [one.id, one.state, one.kind])).toEqual([
      ['me', 'connected', 'good'],
      ['leg00002', 'connected', 'good'],
    ])
    expect(figures.value).toBeNull()
    look('leg00002')
    expect(figures.value?.length).toBeGreaterThan(3)
    await be(liveCall({ legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver', { silent: true })] }))
    expect(parties.value[1]?.state).toBe('silent')
    await be(liveCall({ state: 'ended' }))
    expect([parties.value, figures.value]).toEqual([[], null])
  })
})
