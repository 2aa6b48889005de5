// @vitest-environment node
import { ref } from 'vue'
import { describe, expect, it } from 'vitest'
import { call, leg, liveCall, ring, snapshot, type CallView } from '../../../tests/kit/calls'
import type { AnyEvent, CallSnapshot } from '../../wire/messages'
import { useCalls } from './calls'

function known(me = 'clerk') {
  const log: string[] = []
  const there: { now: CallSnapshot | null } = { now: null }
  const calls = useCalls({
    me: ref(me),
    ask: async <R>(command: { type: string }) => {
      log.push(command.type)
      if (!there.now) throw new Error('not there')
      return there.now as R
    },
    heed: (view) => void log.push(`heed ${view.state}`),
    say: (reason) => void log.push(String(reason)),
  })
  return { calls, log, there }
}
const event = (view: CallView, version: number): AnyEvent =>
  ({
    type: 'call.changed',
    subject: `call:${view.id}`,
    version,
    at: '2026-11-24T06:00:11Z',
    call: view,
  }) as never
/** what this person may not see */
const hidden = (version: number): AnyEvent =>
  ({ type: 'skipped', subject: 'call:call0001', version, at: '2026-11-24T06:00:11Z' }) as never
const settled = () => new Promise((resolve) => setTimeout(resolve))

describe('the calls of a page', () => {
  it('move with the events of the server, each told to the seat before it is drawn', () => {
    const { calls, log } = known()
    calls.hear(event(call(), 1))
    expect(calls.current.value?.state).toBe('open')
    calls.hear(event(liveCall(), 2))
    expect([calls.current.value?.state, log]).toEqual(['live', ['heed open', 'heed live']])
    calls.hear({ ...event(liveCall(), 3), subject: 'case:case0001' } as AnyEvent)
    expect(log).toHaveLength(2)
  })

  it('are never older than what was known', () => {
    const { calls } = known()
    calls.keep(snapshot(liveCall(), 5))
    calls.keep(snapshot(call(), 4))
    expect(calls.find('call0001')?.state).toBe('live')
  })

  it('are asked for again after a gap, and that it was refused is told', async () => {
    const { calls, log, there } = known()
    calls.keep(snapshot(call(), 1))
    calls.hear(hidden(9))
    await settled()
    expect(log.slice(1)).toEqual(['call.open', 'Error: not there'])
    there.now = snapshot(liveCall(), 9)
    calls.hear(hidden(9))
    await settled()
    expect(calls.current.value?.state).toBe('live')
  })

  it('that ended while nobody listened are seen to end', async () => {
    const { calls, there } = known()
    calls.keep(snapshot(liveCall(), 3))
    there.now = snapshot(liveCall({ state: 'ended', reason: 'hung_up' }), 4)
    await calls.begin([])
    expect(calls.current.value?.state).toBe('ended')
  })

  it('remember which legs have had media', () => {
    const { calls } = known()
    calls.keep(
      snapshot(liveCall({ legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver', { media: false })] })),
    )
    expect([...calls.met]).toEqual(['leg00001'])
  })
})

describe('the call of a person', () => {
  it('is the one that runs, and else the last that ended until it was read', () => {
    const { calls } = known()
    const ended = (id: string, opened_at: string) =>
      snapshot(liveCall({ id, opened_at, state: 'ended', reason: 'hung_up' }))
    calls.keep(ended('call0002', '2026-11-24T08:00:00Z'))
    calls.keep(ended('call0003', '2026-11-24T07:00:00Z'))
    expect(calls.current.value?.id).toBe('call0002')
    calls.keep(snapshot(liveCall()))
    expect(calls.current.value?.id).toBe('call0001')
    calls.dismiss()
    expect(calls.current.value?.id).toBe('call0001')
    calls.keep(snapshot(liveCall({ state: 'ended', reason: 'hung_up' }), 4))
    for (const next of ['call0002', 'call0003', 'call0001']) {
      expect(calls.current.value?.id).toBe(next)
      calls.dismiss()
    }
    expect(calls.current.value).toBeNull()
  })

  it('rings where he is asked, and is missed by who let it pass', () => {
    const { calls } = known('approver')
    calls.keep(snapshot(call(), 1))
    expect([calls.rings.value.length, calls.missed_rings.value.length]).toEqual([1, 0])
    expect(calls.ringing('call0001')?.ring.id).toBe('ring0001')
    expect(calls.current.value).toBeNull()
    calls.keep(snapshot(call({ rings: [ring('ring0001', 'approver', { state: 'missed' })] }), 2))
    expect([calls.rings.value.length, calls.missed_rings.value.length]).toEqual([0, 1])
    expect(calls.ringing('call0009')).toBeNull()
  })

  it('is drawn as it became once what is put off for its answer may be drawn', () => {
    const { calls } = known('approver')
    calls.keep(snapshot(call(), 1))
    const draw = calls.putOff('call0001')
    calls.hear(event(liveCall(), 2))
    expect([calls.answers(), calls.current.value]).toEqual([true, null])
    draw()
    expect([calls.answers(), calls.current.value?.state]).toEqual([false, 'live'])
  })
})
