// @vitest-environment node
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, nextTick, shallowRef } from 'vue'
import { ALONE, type Turned } from '../turned'
import { useGone } from './useGone'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const speaker = (name: string) => ({ name, unit_name: '审批局', staff_number: '1' })
const there = (first: string, ...others: string[]): Turned => ({
  ...ALONE,
  person: speaker(first),
  others: others.map((name) => ({
    id: name,
    person: speaker(name),
    face: null,
    off: null,
    speaks: false,
    supervises: name === '督查',
    part: 'other',
  })),
})

it('says who came and who left, not who only changed his place, and none with whom the call begins or ends', async () => {
  const told = shallowRef<Turned>(ALONE)
  const heard: string[] = []
  const scope = effectScope()
  const gone = scope.run(() =>
    useGone(
      () => told.value,
      (one, what) => heard.push(`${what} ${one.name}${one.supervises ? ' supervises' : ''}`),
    ),
  )!
  const now = async (next: Turned) => {
    told.value = next
    await nextTick()
    return [gone.value, ...heard.splice(0)]
  }
  expect(await now(there('周明远'))).toEqual([null])
  expect(await now(there('周明远', '孙蕾', '督查'))).toEqual([null, 'came 孙蕾', 'came 督查 supervises'])
  expect(await now(there('孙蕾', '周明远', '督查'))).toEqual([null])
  expect(await now(there('孙蕾', '督查'))).toEqual(['周明远', 'left 周明远'])
  vi.advanceTimersByTime(60_000)
  expect(gone.value).toBeNull()
  expect(await now(there('孙蕾'))).toEqual(['督查', 'left 督查 supervises'])
  // who comes is news enough
  expect(await now(there('孙蕾', '周明远'))).toEqual([null, 'came 周明远'])
  expect(await now(ALONE)).toEqual([null])
  scope.stop()
})
