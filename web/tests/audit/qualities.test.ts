import { describe, expect, it } from 'vitest'
import { qualitiesOf } from '../../src/audit/qualities'
import type { MarkView } from '../../src/wire/messages'
import { at, callView, ZERO } from './calls'

const [first] = callView().legs
if (!first) throw new Error('the call has legs')

function told(second: number, quality: string, more: Record<string, unknown> = {}, leg_id = first!.id): MarkView {
  const sample = { loss_in: 0, loss_out: 0, round_trip_ms: 30, jitter_ms: 1, in_kbps: 1, out_kbps: 1, freezes: 0, freeze_ms: 0, concealed: 0, limited_by: 'none', candidate: 'host', protocol: 'udp', ...more }
  return { at: at(second), kind: 'quality', by: first!.person, body: { leg_id, quality, sample } }
}
const line = (...marks: MarkView[]) => qualitiesOf(marks, callView(), ZERO, 100).get(first!.seat) ?? []

describe('the line of a party', () => {
  it('is one stretch while its level is the same, with the worst of it', () => {
    expect(line(told(0, 'good'), told(4, 'good', { loss_out: 0.03, round_trip_ms: 80 }), told(8, 'good'))).toEqual([
      { from_s: 0, to_s: 17, level: 'good', loss: 0.03, round_trip_ms: 80, relayed: false },
    ])
  })

  it('changes with its level and with its way', () => {
    const found = line(told(0, 'good'), told(4, 'poor'), told(8, 'poor', { candidate: 'relay' }))
    expect(found.map((one) => [one.from_s, one.to_s, one.level, one.relayed])).toEqual([[0, 4, 'good', false], [4, 8, 'poor', false], [8, 17, 'poor', true]])
  })

  it('is not known where nothing was told, nor behind the end', () => {
    const found = line(told(0, 'good'), told(30, 'good'), told(96, 'good'))
    expect(found.map((one) => [one.from_s, one.to_s])).toEqual([[0, 9], [30, 39], [96, 100]])
    expect(line(told(0, 'good', {}, 'a leg of another call'))).toEqual([])
  })
})
