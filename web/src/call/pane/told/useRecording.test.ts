// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { hold, leg, liveCall } from '../../../../tests/kit/calls'
import { aloud, NOW_MS, paneOf, say } from '../../../../tests/kit/pane'
import { useRecording } from './useRecording'

const recorded = (...on: boolean[]) =>
  liveCall({
    legs: ['clerk', 'approver'].map((who, n) => leg(`leg0000${n + 1}`, who, { recording: on[n] ?? true })),
  })

function recording(first: Parameters<typeof paneOf>[0]) {
  const { be, here, now, within } = paneOf(first)
  return { ...within(() => useRecording(here, now, say)), be, now }
}

describe('the sign of recording', () => {
  it('says that it is recorded, is about to be, or rests on hold', async () => {
    const { be, recording: said } = recording(recorded(true))
    expect(said.value).toEqual({ on: true, word: 'call.recording.on' })
    await be(recorded(false, false))
    expect(said.value).toEqual({ on: false, word: 'call.recording.starting' })
    await be(liveCall({ holds: [hold('clerk')] }))
    expect(said.value).toEqual({ on: false, word: 'call.recording.held' })
    await be(liveCall({ state: 'ended' }))
    expect(said.value).toBeNull()
  })

  it('names of whom nothing is recorded any more, aloud too, and that it goes on', async () => {
    const { be, now, recording: said } = recording(recorded(true, true))
    void said.value
    await be(recorded(true, false))
    now.value = NOW_MS + 10_000
    expect(said.value).toMatchObject({ on: true, broken: true, word: 'call.recording.interrupted approver' })
    expect(await aloud()).toBe('call.recording.interrupted approver')
    await be(recorded(true, true))
    expect(await aloud()).toBe('call.recording.again')
  })

  it('says why nothing is recorded until that was read, and anew for another reason', async () => {
    const { be, read, recording: said, refusal, tell } = recording(liveCall({ recording_consented: false }))
    expect([refusal.value, said.value?.word]).toEqual(['refused', 'call.recording.off'])
    tell()
    expect(await aloud()).toBe('call.recording.refused')
    read()
    expect(refusal.value).toBeNull()
    await be(liveCall({ consent_withdrawn_at: '2026-11-24T06:01:30Z' }))
    expect([refusal.value, said.value?.word]).toEqual(['withdrawn', 'call.recording.stopped'])
  })

  it('tells a consent that was taken back in the call', async () => {
    const { be } = recording(liveCall())
    await be(liveCall({ consent_withdrawn_at: '2026-11-24T06:01:30Z' }))
    expect(await aloud()).toBe('call.recording.withdrawn')
  })
})
