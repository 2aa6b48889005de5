// @vitest-environment node
import { effectScope, nextTick, reactive, ref, shallowRef } from 'vue'
import { expect, it } from 'vitest'
import { hold, leg, liveCall, type CallView } from '../../../tests/kit/calls'
import { HeldTime, track } from '../../../tests/kit/seats'
import type { Devices } from '../seat/devices'
import type { Arrived } from '../seat/media'
import { useVoices } from './voices'

function page() {
  const time = new HeldTime()
  const current = shallowRef<CallView | null>(liveCall())
  const remote = shallowRef<Arrived>(new Map())
  const devices = shallowRef<Devices | null>({ microphone: track('audio'), camera: null, trouble: {} })
  const muted = reactive({ '0': false, '1': false })
  let heard: string[] = []
  let hear = (_: ReadonlyMap<string, number>): void => void _
  let closed = false
  const scope = effectScope()
  const voices = scope.run(() =>
    useVoices({
      me: ref('clerk'),
      current,
      remote,
      devices,
      muted,
      time,
      listen: (then) => {
        hear = then
        return { listen: (tracks) => void (heard = [...tracks.keys()]), close: () => void (closed = true) }
      },
    }),
  )
  if (!voices) throw new Error('the scope is over')
  const speak = async (loud: [string, number][], ms = 2_000) => {
    for (let at = 0; at < ms; at += 100) {
      hear(new Map(loud))
      await time.pass(100)
    }
  }
  return { ...voices, current, muted, remote, scope, speak, heard: () => heard, closed: () => closed }
}

it('who may be heard is listened to: others who are not muted, and this person', async () => {
  const { current, heard, muted, remote } = page()
  remote.value = new Map([['0', track('audio')]])
  await nextTick()
  expect(heard()).toEqual(['leg00002', 'me'])
  muted['0'] = true
  await nextTick()
  expect(heard()).toEqual(['leg00002'])
  current.value = liveCall({
    legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver', { muted: ['0'] })],
  })
  await nextTick()
  expect(heard()).toEqual([])
})

it('nobody speaks on hold, and the ear is closed with the page', async () => {
  const { closed, current, heard, remote, scope, speak, speaking } = page()
  remote.value = new Map([['0', track('audio')]])
  await nextTick()
  await speak([['leg00002', 0.5]])
  expect([...speaking.value]).toEqual(['leg00002'])
  current.value = liveCall({ holds: [hold('clerk')] })
  await nextTick()
  expect([heard(), speaking.value.size]).toEqual([[], 0])
  scope.stop()
  expect(closed()).toBe(true)
})
