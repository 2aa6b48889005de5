// @vitest-environment node
// @vitest-environment node
import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { hold, leg, liveCall } from '../../../tests/kit/calls'
import { HeldPeer } from '../../../tests/kit/seats'
import type { Gauge } from '../rules/quality'
import { accompanied, Gauging } from './gauging'
import type { HeldSeat } from './held'

const GAUGE = {
  at_ms: 0,
  packets_in: 0,
  lost_in: 0,
  bytes_in: 0,
  bytes_out: 0,
  loss_out: 0,
  jitter_s: 0,
  round_trip_s: 0.02,
  freezes: 0,
  freeze_s: 0,
  audio_samples: 0,
  concealed_samples: 0,
  picture_sent: true,
  limited_by: 'none',
} as Gauge

function gauged() {
  const nobody = { tracks: () => undefined, state: () => undefined }
  const peer = new HeldPeer([[], false, new Map(), nobody], [])
  const held = { call_id: 'call0001', media: peer.peer, good_until_ms: null } as HeldSeat
  const at = { held: held as HeldSeat | null, up: true, accompanied: true, chosen: false, server_ms: 0 }
  const log: string[] = []
  const gauging = new Gauging({
    held: () => at.held,
    up: () => at.up,
    accompanied: () => at.accompanied,
    chosen: () => at.chosen,
    server: () => at.server_ms,
    measured: (_, quality) => void log.push(quality.level),
    carry: (load) => void log.push(`carry ${load}`),
    given: (pictures) => void log.push(`given ${JSON.stringify(pictures)}`),
    expiring: () => void log.push('expiring'),
    say: (reason) => void log.push(String(reason)),
  })
  let looks = 0
  async function look(more: Partial<Gauge> = {}): Promise<void> {
    looks += 1
    peer.gauge_now = { ...GAUGE, at_ms: looks * 2_000, ...more }
    gauging.look()
    await flushPromises()
  }
  return { at, gauging, held, log, look, peer }
}

describe('the connection of a seat', () => {
  it('is judged from the second look on, and told', async () => {
    const { gauging, log, look } = gauged()
    await look()
    expect(gauging.quality.value).toBeNull()
    await look({ packets_in: 100 })
    expect(gauging.quality.value?.level).toBe('excellent')
    expect(log.filter((one) => !one.startsWith('given'))).toEqual(['excellent'])
  })

  it('is not blamed for what is lost while nobody else is there', async () => {
    const { at, gauging, look } = gauged()
    for (const alone of [true, false]) {
      at.accompanied = !alone
      gauging.end()
      for (let n = 1; n < 5; n += 1) await look({ packets_in: 50 * n, lost_in: 50 * n })
      expect(gauging.quality.value?.level).toBe(alone ? 'excellent' : 'poor')
      expect(gauging.quality.value?.sample.loss_in).toBe(0.5)
    }
  })

  it('is lost at once with the way, and unknown without a connection', async () => {
    const { gauging, look } = gauged()
    await look()
    await look()
    gauging.lose()
    expect(gauging.quality.value).toMatchObject({ level: 'lost', advice: null })
    await look()
    expect(gauging.quality.value?.level).toBe('lost')
    gauging.end()
    expect(gauging.quality.value).toBeNull()
  })

  it('is not looked at before it stands, and not judged once it is another', async () => {
    const { at, gauging, log, look } = gauged()
    at.up = false
    await look()
    at.up = true
    gauging.look()
    at.held = null
    await flushPromises()
    expect([log, gauging.quality.value]).toEqual([[], null])
  })

  it('on which too much is lost carries sound alone, unless a person has chosen', async () => {
    const { at, log, look, peer } = gauged()
    const carried = () => log.filter((one) => one.startsWith('carry'))
    peer.figures_now.loss = 0.4
    at.chosen = true
    for (let n = 0; n < 4; n += 1) await look()
    expect(carried()).toEqual([])
    at.chosen = false
    for (let n = 0; n < 4; n += 1) await look()
    expect(carried()).toEqual(['carry sound'])
  })

  it('forgets what was lost in the leg before', async () => {
    const { gauging, log, look, peer } = gauged()
    peer.figures_now.loss = 0.4
    for (let n = 0; n < 3; n += 1) await look()
    gauging.forget()
    await look()
    expect(log).not.toContain('carry sound')
  })

  it('over a relay is renewed before its credentials end', async () => {
    const { at, gauging, held, log, look, peer } = gauged()
    held.good_until_ms = 1_000
    await look()
    at.server_ms = 1_001
    await look()
    expect([log.includes('expiring'), gauging.relayed.value]).toEqual([false, false])
    peer.figures_now.relayed = true
    await look()
    expect([log.includes('expiring'), gauging.relayed.value]).toEqual([true, true])
  })

  it('tells what the camera has given', async () => {
    const { log, look, peer } = gauged()
    peer.figures_now.given = { track_id: 'a', frames: 7 }
    await look()
    expect(log).toEqual(['given {"track_id":"a","frames":7}'])
  })
})

describe('a person is accompanied', () => {
  const me = leg('leg00001', 'clerk')
  it.each([
    ['by who is there with media', liveCall(), true],
    ['by nobody on hold', liveCall({ holds: [hold('approver')] }), false],
    ['not by himself', liveCall({ legs: [me] }), false],
    ['not by who is silent', liveCall({ legs: [me, leg('leg00002', 'approver', { silent: true })] }), false],
    [
      'not by who has no media',
      liveCall({ legs: [me, leg('leg00002', 'approver', { media: false })] }),
      false,
    ],
    ['not by who was lost', liveCall({ legs: [me, leg('leg00002', 'approver', { state: 'lost' })] }), false],
    ['not without a call', undefined, false],
  ])('%s', (_, call, is) => {
    expect(accompanied(call, 'clerk')).toBe(is)
  })
})
