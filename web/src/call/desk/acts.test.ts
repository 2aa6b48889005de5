// @vitest-environment node
import { flushPromises } from '@vue/test-utils'
import { computed, ref, shallowRef } from 'vue'
import { describe, expect, it } from 'vitest'
import { call, liveCall, ring, type CallView } from '../../../tests/kit/calls'
import { HeldTime } from '../../../tests/kit/seats'
import type { Unsent } from '../../wire/socket'
import { MEDIA_FIRST_MS, useActs } from './acts'
import type { Duty } from '../../wire/session'

function acting(now: CallView | null = liveCall()) {
  const time = new HeldTime()
  const current = shallowRef(now)
  const log: string[] = []
  const commands: Unsent[] = []
  const [busy, duty] = [ref(false), ref<Duty>('away')]
  const server: { answer: () => object | Promise<object> } = { answer: () => ({}) }
  let tried = (): void => undefined
  const acts = useActs({
    ask: async <R>(command: Unsent) => {
      commands.push(command)
      log.push(command.type)
      return (await server.answer()) as R
    },
    say: (reason) => void log.push(`say ${(reason as Error).message}`),
    well: () => void log.push('well'),
    calls: {
      current: computed(() => current.value),
      dismiss: () => void log.push('dismiss'),
      putOff: () => {
        log.push('put off')
        return () => void log.push('draw')
      },
      ringing: (id) => (id === 'call0001' ? { call: call(), ring: ring('ring0001', 'approver') } : null),
    },
    seat: {
      begin: () => 'ahead1',
      claim: () => {
        log.push('claim')
        return new Promise<void>((resolve) => (tried = resolve))
      },
      rest: () => void log.push('rest'),
      ringing: () => void log.push('ringing'),
      supply: { prepare: () => Promise.reject(new Error('never looked at')).catch(() => undefined) as never },
    },
    busy,
    duty,
    time,
  })
  return { acts, busy, commands, current, duty, log, server, time, tried: () => tried() }
}
const refuse = (): never => {
  throw new Error('refused')
}

describe('who dials', () => {
  it('takes the seat of the call, once however often he asks', async () => {
    const { acts, busy, log, server } = acting()
    server.answer = () => ({ call_id: 'call0007' })
    const [first, second] = [acts.dial('case0001'), acts.dial('case0001')]
    expect(busy.value).toBe(true)
    expect([await first, await second]).toEqual(['call0007', null])
    expect([log.filter((one) => one === 'call.dial').length, log.at(-1), busy.value]).toEqual([
      1,
      'claim',
      false,
    ])
  })

  it('in vain is told so, and his devices are closed', async () => {
    const { acts, busy, log, server } = acting()
    server.answer = refuse
    expect(await acts.dial('case0001')).toBeNull()
    expect([log.slice(-2), busy.value]).toEqual([['say refused', 'rest'], false])
  })
})

describe('who answers', () => {
  it('connects as the leg that was prepared, and the page is drawn when that was tried', async () => {
    const { acts, commands, log, tried } = acting()
    expect(await acts.answer('call0001')).toBe('case0001')
    expect(commands[0]).toMatchObject({ ring_id: 'ring0001', connect: true, leg_id: 'ahead1' })
    await flushPromises()
    expect(log).not.toContain('draw')
    tried()
    await flushPromises()
    expect(log.at(-1)).toBe('draw')
  })

  it('sees the page drawn soon however long it takes to connect', async () => {
    const { acts, log, time } = acting()
    await acts.answer('call0001')
    await time.pass(MEDIA_FIRST_MS - 1)
    expect(log).not.toContain('draw')
    await time.pass(1)
    expect(log.at(-1)).toBe('draw')
  })

  it('too late is told so; what was prepared and put off is let go', async () => {
    const { acts, log, server } = acting()
    server.answer = refuse
    expect(await acts.answer('call0001')).toBeNull()
    await flushPromises()
    expect(log.slice(-4)).toEqual(['say refused', 'ringing', 'rest', 'draw'])
  })

  it('what does not ring asks for nothing', async () => {
    const { acts, commands } = acting()
    expect(await acts.answer('call0009')).toBeNull()
    await acts.decline('call0009')
    expect(commands).toEqual([])
  })
})

describe('who sits in a call', () => {
  it('acts in it by one command each', async () => {
    const { acts, commands } = acting()
    await acts.hold(true)
    await acts.hold(false)
    await acts.cancel()
    expect([await acts.hangUp(), await acts.invite('unit2', '请看')]).toEqual([true, true])
    await acts.decline('call0001')
    expect(commands.map((one) => one.type)).toEqual([
      'call.hold',
      'call.resume',
      'call.cancel',
      'call.hang_up',
      'call.invite',
      'call.decline',
    ])
    expect(commands[4]).toMatchObject({ call_id: 'call0001', unit_id: 'unit2', note: '请看' })
  })

  it('knows of each whether it was refused', async () => {
    const { acts, server } = acting()
    server.answer = refuse
    expect([await acts.hangUp(), await acts.invite('unit2', '')]).toEqual([false, false])
  })

  it('of no call does nothing in it', async () => {
    const { acts, commands } = acting(null)
    await acts.hold(true)
    await acts.withdraw()
    expect([await acts.hangUp(), await acts.invite('unit2', ''), commands]).toEqual([false, false, []])
  })

  it('withdraws the invitation that rings, and none else', async () => {
    const { acts, commands, current } = acting()
    await acts.withdraw()
    expect(commands).toEqual([])
    current.value = liveCall({ rings: [ring('ring0002', 'guest', { invite_id: 'invite01' })] })
    await acts.withdraw()
    expect(commands).toMatchObject([{ type: 'call.withdraw', invite_id: 'invite01' }])
  })

  it('is on duty as the server says', async () => {
    const { acts, duty, server } = acting()
    server.answer = () => ({ duty: 'online' })
    await acts.setDuty('online')
    expect(duty.value).toBe('online')
    server.answer = refuse
    await acts.setDuty('away')
    expect(duty.value).toBe('online')
  })
})
