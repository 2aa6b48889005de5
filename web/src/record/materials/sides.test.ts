import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { ref, shallowReactive, shallowRef } from 'vue'
import { i18n, learn } from '../../i18n'
import { linesOf } from '../rules/lines'
import MaterialTray from './MaterialTray.vue'
import type { MaterialView } from '../../wire/messages'
import { caseView, material } from '../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

function trayOf(materials: MaterialView[], selected: string | null = 'identity') {
  const made = caseView({ materials })
  const view = {
    ...made,
    item: {
      ...made.item,
      lines: made.item.lines.map((one) =>
        one.key === 'identity' ? { ...one, slots: ['正面', '反面'] } : one,
      ),
    },
  }
  const book = {
    view: shallowRef(view),
    progress: new Map(),
    looking: new Map(),
    personOf: () => 'here',
    me: 'person-02',
    mean: () => Promise.resolve(),
  }
  const uploads = { limits: ref(null), faults: ref([]), transfers: shallowReactive(new Map()) }
  const tray = mount(MaterialTray as never, {
    props: { book, uploads, lines: linesOf(view), selected, shown: null, closed: false } as never,
    global: { plugins: [i18n] },
  })
  const row = tray.get('[data-line="identity"]')
  return { tray, row, ways: () => row.findAll('label.act').map((one) => one.text()) }
}
const front = material({ id: 'm1', line: 'identity', slot: 1, name: '正.jpg' })

it('offers one way in for the side that lacks, by its name', async () => {
  for (const selected of ['identity', null]) expect(trayOf([], selected).ways()).toEqual(['上传正面'])
  const { tray, row, ways } = trayOf([front])
  expect(ways()).toEqual(['替换', '上传反面'])
  const input = row.get('[data-side]')
  expect(input.attributes('aria-label')).toMatch(/^上传反面：/)
  const file = new File(['x'], '反.jpg', { type: 'image/jpeg' })
  Object.defineProperty(input.element, 'files', { value: [file] })
  await input.trigger('change')
  // it goes to that side and is not asked about
  expect(tray.emitted('bring')).toEqual([['identity', file, 2]])
})

it('leaves a side to be brought while the other one is on its way', () => {
  expect(trayOf([{ ...front, state: 'receiving' }]).ways()).toEqual(['上传反面'])
})

it('names the side whose file was not taken, and no side once both are there', () => {
  const lost = { ...front, state: 'rejected' as const }
  const back = material({ id: 'm2', line: 'identity', slot: 2, number: 2 })
  expect(trayOf([lost, back]).ways()).toEqual(['替换', '上传正面'])
  expect(trayOf([front, back]).ways()).toEqual(['替换', '替换', '追加或替换'])
})
