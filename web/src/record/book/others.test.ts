// @vitest-environment node
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import { useOthers } from './others'
import { person } from '../../../tests/kit/cases'

const id = 'case-000000000000000001'
const [me, zhou, sun] = [person('me'), person('zhou'), person('sun')]
let scope: EffectScope
beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

function others() {
  let overhear: (told: never) => void = () => undefined
  const live = { onEphemeral: (heard: typeof overhear) => ((overhear = heard), () => undefined) }
  const there = scope.run(() => useOthers(live as never, id, me.id))!
  const tell = (type: string, over: object): void =>
    overhear({ type, case_id: id, by: zhou, ...over } as never)
  return { ...there, tell }
}

it('shows what is typed until the field is left, saved or forgotten, and nothing of this person', () => {
  const { typed, focused, settle, tell } = others()
  tell('case.typing', { field: 'name', value: '赵', by: me })
  expect(typed.size).toBe(0)
  tell('case.typing', { field: 'name', value: '赵' })
  expect(typed.get('name')).toEqual({ value: '赵', by: zhou })
  tell('case.focus', { field: 'phone' })
  expect([typed.has('name'), focused.get('zhou')?.field]).toEqual([false, 'phone'])
  tell('case.typing', { field: 'phone', value: '138' })
  settle({ type: 'case.edited', field: 'phone' } as never)
  expect(typed.size).toBe(0)
  tell('case.typing', { field: 'phone', value: '138' })
  vi.advanceTimersByTime(12_000)
  expect([typed.size, focused.size]).toEqual([0, 0])
})

it('keeps apart who points, looks and draws, and takes each away when he says so', () => {
  const { pointing, pointed, looking, drawn, settle, tell } = others()
  tell('case.point', { field: 'name' })
  tell('case.point', { field: 'name', by: sun })
  tell('document.point', { material_id: 'm', page: 1, x: 0.5, y: 0.5 })
  tell('document.look', { material_id: 'm', page: 1, follow: true })
  tell('document.draw', { material_id: 'm', page: 1, points: [[0, 0]] })
  expect([pointing.size, pointed.size, looking.size, drawn.size]).toEqual([2, 1, 1, 1])
  tell('case.point', { field: null })
  tell('document.point', { material_id: 'm', page: 1, x: null, y: null })
  tell('document.look', { material_id: null, page: 1, follow: false })
  settle({ type: 'case.drawn', drawing: { by: zhou } } as never)
  expect([[...pointing.keys()], pointed.size, looking.size, drawn.size]).toEqual([['sun'], 0, 0, 0])
})

it('knows how fast a file comes after a second and a half, until it is there', () => {
  const { progress, settle, tell } = others()
  const come = (received_bytes: number): void =>
    tell('material.progress', { material_id: 'm', received_bytes, size_bytes: 9_000 })
  come(1_000)
  vi.advanceTimersByTime(1_000)
  come(2_000)
  expect(progress.get('m')?.bytes_per_s).toBe(0)
  vi.advanceTimersByTime(1_000)
  come(5_000)
  expect(progress.get('m')).toMatchObject({ received_bytes: 5_000, bytes_per_s: 2_000 })
  settle({ type: 'material.changed', material: { id: 'm', state: 'receiving' } } as never)
  expect(progress.size).toBe(1)
  settle({ type: 'material.changed', material: { id: 'm', state: 'stored' } } as never)
  expect(progress.size).toBe(0)
})
