// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { call, liveCall, ring } from '../../../../tests/kit/calls'
import { aloud, paneOf, say } from '../../../../tests/kit/pane'
import { usePhase } from './usePhase'

describe('where a call stands', () => {
  it('is told with what is left of the ring, how long it has lasted and how it ended', async () => {
    const { be, here, now, within } = paneOf(
      call({ rings: [ring('ring0001', 'approver', { deadline_at: '2026-11-24T06:02:20Z' })] }),
    )
    const { word } = within(() => usePhase(here, now, say))
    expect(word.value).toBe('call.phase.ringing 20 00:00 ')
    await be(liveCall())
    expect(word.value).toBe('call.phase.active 0 01:50 ')
    expect(await aloud()).toBe('call.phase.active 0 01:50 ')
    await be(liveCall({ state: 'ended', reason: 'hung_up', ended_at: '2026-11-24T06:03:10Z' }))
    expect(word.value).toBe('call.reason.hung_up 03:00')
  })

  it('is said at once of a call about another case', async () => {
    const { here, now, within } = paneOf(liveCall({ case_id: 'another' }))
    within(() => usePhase(here, now, say))
    expect(await aloud()).toContain('call.elsewhere_says 分公司负责人变更登记 孙**')
  })
})
