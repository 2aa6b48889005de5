import { afterEach, expect, it } from 'vitest'
import { effectScope, nextTick, type EffectScope } from 'vue'
import { Problem } from '../../../wire/http'
import type { Rests } from '../../book/acting'
import { useReason } from './useReason'

let scope: EffectScope
afterEach(() => {
  scope.stop()
  localStorage.clear()
})
let version = 3
const book = { rests: (): Rests => ({ seen_version: version, other_call_ids: [] }) }
function written(kept?: string) {
  scope = effectScope()
  return scope.run(() => useReason(kept === undefined ? { book } : { book, offered: '齐全', kept }))!
}
const refused = (status: number, code: string): Problem => new Problem({ title: code, status, code })

it('keeps what was written over a reload until it is sent, and not what was only offered', async () => {
  const first = written('unsent.me.case-1')
  first.reason.value = '齐全，予以受理'
  await nextTick()
  scope.stop()
  const second = written('unsent.me.case-1')
  expect(second.reason.value).toBe('齐全，予以受理')
  expect(await second.send(() => Promise.resolve())).toBe(true)
  scope.stop()
  expect(written('unsent.me.case-1').reason.value).toBe('齐全')
})

it('is kept nowhere without a key', async () => {
  const { reason } = written()
  reason.value = '转'
  await nextTick()
  expect([reason.value, localStorage.length]).toEqual(['转', 0])
})

it('rests on what stood there when it was opened', async () => {
  version = 3
  const { reason, send } = written()
  version = 9
  reason.value = ' 由西海岸办理 '
  const sent: unknown[] = []
  await send((said, rests) => Promise.resolve(sent.push([said, rests.seen_version])))
  expect(sent).toEqual([['由西海岸办理', 3]])
})

it('tells a refusal until it is sent again, one of the connection until he writes on, and a question not at all', async () => {
  const { reason, problem, busy, send } = written()
  expect(await send(() => Promise.reject(refused(409, 'incomplete')))).toBe(false)
  reason.value = 'a'
  await nextTick()
  expect([problem.value?.code, busy.value]).toEqual(['incomplete', false])
  await send(() => Promise.reject(refused(0, 'unreachable')))
  expect(problem.value?.code).toBe('unreachable')
  reason.value = 'ab'
  await nextTick()
  expect(problem.value).toBeNull()
  await send(
    () => Promise.reject(refused(409, 'second_notice')),
    (told) => told.code === 'second_notice',
  )
  expect(problem.value).toBeNull()
})
