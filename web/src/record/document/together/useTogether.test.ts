import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { defineComponent, h, nextTick, ref, shallowReactive, shallowRef } from 'vue'
import { i18n, learn } from '../../../i18n'
import { useTogether, type Together } from './useTogether'
import { person } from '../../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
const zhou = person('zhou', '周明远')

function looked() {
  const elsewhere = shallowRef<unknown>(null)
  const book = {
    me: 'me',
    audience: shallowRef('window'),
    view: shallowRef({ drawings: [], drawing_only: null }),
    looking: shallowReactive(new Map<string, unknown>()),
    pointed: shallowReactive(new Map<string, unknown>()),
    drawn: new Map(),
    parted: ref(0),
    elsewhere: () => elsewhere.value,
    look: vi.fn(),
    pointInto: vi.fn(),
    drawInto: vi.fn(),
    personOf: () => 'far',
  }
  const shown = { id: shallowRef('m1'), page: ref(1), turn: ref(0), lies: shallowRef(true) }
  const went: (string | number)[] = []
  let together!: Together
  mount(
    defineComponent({
      setup() {
        together = useTogether(book as never, {
          material: () => ({ id: shown.id.value }) as never,
          page: shown.page,
          turn: shown.turn,
          lies: () => shown.lies.value,
          toPage: (page) => went.push(page),
          goto: (material_id) => went.push(material_id),
        })
        return () => h('div')
      },
    }),
    { global: { plugins: [i18n] } },
  )
  return { book, elsewhere, shown, went, together }
}

it('goes to the document of who leads, and there to his page once it lies here', async () => {
  const { book, shown, went, together } = looked()
  book.looking.set('zhou', { by: zhou, material_id: 'm2', page: 3, follow: true, seen_at: 1 })
  await nextTick()
  expect(went).toEqual(['m2'])
  shown.id.value = 'm2'
  shown.lies.value = false
  together.laid('m2')
  expect(went).toEqual(['m2', 3])
  together.laid('m2')
  expect(went).toEqual(['m2', 3])
})

it('points or draws, never both, and neither for those of another call', async () => {
  const { elsewhere, together } = looked()
  together.togglePointing()
  together.toggleDrawing()
  expect([together.pointing.value, together.ink.drawing.value]).toEqual([false, true])
  together.togglePointing()
  expect([together.pointing.value, together.ink.drawing.value]).toEqual([true, false])
  together.looks.lead(true)
  elsewhere.value = { call_id: 'call-1', case_id: 'case-2' }
  await nextTick()
  expect([together.pointing.value, together.looks.leading.value]).toEqual([false, false])
  expect(together.held.value).toBeTruthy()
})

it('is pointed into by keys, in the coordinates of the document however it is turned', () => {
  const { shown, together } = looked()
  expect(together.byKey('ArrowRight')).toBe(false)
  together.togglePointing()
  shown.turn.value = 90
  expect(together.byKey('ArrowRight')).toBe(true)
  const place = together.looks.mine.value?.place
  expect([place?.x, place?.y].map((one) => Number(one?.toFixed(2)))).toEqual([0.5, 0.48])
  expect(together.marksOn(1)).toMatchObject([{ id: 'me', person: 'here', x: 0.52, y: 0.5 }])
  expect(together.marksOn(2)).toEqual([])
  expect(together.byKey('Escape')).toBe(true)
  expect([together.pointing.value, together.looks.mine.value]).toEqual([false, null])
})

it('shows who points on this page, and names who points where nobody looks', async () => {
  const { book, shown, together } = looked()
  book.pointed.set('zhou', { by: zhou, material_id: 'm1', page: 2, x: 0.25, y: 0.75, seen_at: 1 })
  expect([together.marksOn(1), together.elsewhere.value]).toMatchObject([[], { by: zhou }])
  shown.page.value = 2
  await nextTick()
  expect(together.elsewhere.value).toBeNull()
  expect(together.marksOn(2)).toMatchObject([{ id: 'zhou', name: '周明远', x: 0.25, y: 0.75 }])
})
