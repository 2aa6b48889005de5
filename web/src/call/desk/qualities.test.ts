// @vitest-environment node
import { effectScope, ref, shallowRef } from 'vue'
import { expect, it } from 'vitest'
import { leg, liveCall } from '../../../tests/kit/calls'
import { HeldTime } from '../../../tests/kit/seats'
import type { CallQuality } from '../../wire/messages'
import type { Quality } from '../seat/keeper'
import { QUIET_AFTER_MS, TOLD_EVERY_MS, useQualities } from './qualities'

const quality = { level: 'good', advice: null, sample: {} } as Quality
const told = (leg_id: string) =>
  ({ type: 'call.quality', leg_id, quality: 'poor', sample: {} }) as CallQuality

function page() {
  const time = new HeldTime()
  const current = shallowRef(liveCall())
  const hints: unknown[] = []
  const scope = effectScope()
  const made = scope.run(() =>
    useQualities({ me: ref('clerk'), current, hint: (hint) => void hints.push(hint), time }),
  )
  if (!made) throw new Error('the scope is over')
  return { ...made, current, hints, scope, time }
}

it('how good this connection is is told every few seconds, of a seat that it has', async () => {
  const { current, hints, tell, time } = page()
  tell('call0001', quality)
  tell('call0001', quality)
  expect(hints).toMatchObject([{ type: 'call.quality', leg_id: 'leg00001', quality: 'good' }])
  await time.pass(TOLD_EVERY_MS)
  tell('call0009', quality)
  current.value = liveCall({ legs: [leg('leg00001', 'clerk', { state: 'lost' })] })
  tell('call0001', quality)
  expect(hints).toHaveLength(1)
  current.value = liveCall()
  tell('call0001', quality)
  expect(hints).toHaveLength(2)
})

it('what another page told stands until it has told nothing for a while', async () => {
  const { keep, qualities, scope, time } = page()
  keep(told('leg00002'))
  await time.pass(TOLD_EVERY_MS * 2)
  keep(told('leg00003'))
  expect([...qualities.value.keys()]).toEqual(['leg00002', 'leg00003'])
  expect(qualities.value.get('leg00002')?.level).toBe('poor')
  await time.pass(QUIET_AFTER_MS - TOLD_EVERY_MS)
  expect([...qualities.value.keys()]).toEqual(['leg00003'])
  scope.stop()
  await time.pass(QUIET_AFTER_MS * 2)
  expect(qualities.value.size).toBe(1)
})
