import { mount } from '@vue/test-utils'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { defineComponent, h, nextTick, ref, shallowReactive, shallowRef } from 'vue'
import { i18n, learn } from '../../../i18n'
import { NEW_SLOT } from '../../../record/rules/lines'
import type { Transfer } from '../../../record/materials/uploads/transfer'
import { Problem } from '../../../wire/http'
import type { MaterialView } from '../../../wire/messages'
import { caseView, material } from '../../../../tests/kit/cases'
import { useBringing, type Bringing } from './useBringing'
import { useTable, type Table } from './useTable'

beforeAll(async () => {
  // jsdom has none
  vi.stubGlobal('CSS', { escape: (text: string) => text })
  await learn('work', 'case')
})
afterAll(() => vi.unstubAllGlobals())

const file = new File(['x'], 'a.pdf', { type: 'application/pdf' })

function desk(materials: MaterialView[]) {
  const view = shallowRef(caseView({ materials }))
  const transfers = shallowReactive(new Map<string, Transfer>())
  const uploads = { transfers, faults: ref([]), limits: ref(null), send: vi.fn(), dismiss: vi.fn() }
  const fold = vi.fn()
  const failed = vi.fn()
  const mean = vi.fn(() => Promise.resolve())
  let table!: Table
  let bringing!: Bringing
  const page = mount(
    defineComponent(() => {
      table = useTable({ view, uploads: uploads as never, fold })
      bringing = useBringing({ book: { view, mean } as never, uploads: uploads as never, table, failed })
      return () => h('i')
    }),
    { global: { plugins: [i18n] } },
  )
  const holds = async (now: MaterialView[]): Promise<void> => {
    view.value = caseView({ materials: now })
    await nextTick()
  }
  return { table, bringing, uploads, fold, failed, mean, holds, page }
}
const first = material({ id: 'm1', line: 'identity', slot: 1 })
const second = material({ id: 'm2', line: 'identity', slot: 1, number: 2 })

describe('what lies on the table', () => {
  it('is the file that counts, or an older one that was taken out, until its line is opened anew', async () => {
    const { table, holds, fold } = desk([])
    table.select('identity')
    await holds([first, second])
    expect([table.shown.value?.id, table.outdated.value]).toEqual(['m2', false])
    table.show(first)
    expect([table.shown.value?.id, table.outdated.value]).toEqual(['m1', true])
    table.select('identity')
    expect([table.shown.value?.id, fold.mock.calls.length]).toEqual(['m2', 3])
  })

  it('is what counts on where a try in its place was not taken', async () => {
    const { table, holds } = desk([first, second])
    table.show(second)
    await holds([first, { ...second, state: 'rejected', rejected_code: 'file_broken' }])
    expect(table.shown.value?.id).toBe('m1')
  })

  it('is followed to the line where somebody put it', async () => {
    const { table, holds } = desk([first])
    table.show(first)
    await nextTick()
    await holds([{ ...first, line: 'permit' }])
    await nextTick()
    expect([table.line_key.value, table.shown.value?.id]).toEqual(['permit', 'm1'])
  })
})

describe('what this desk sends', () => {
  it('lies open when it comes, unless something else is looked at by then', async () => {
    const { bringing, table, uploads, holds } = desk([])
    for (const [elsewhere, open] of [
      [false, 'm9'],
      [true, undefined],
    ] as const) {
      await bringing.bring('identity', file)
      await nextTick()
      if (elsewhere) table.select('permit')
      uploads.transfers.set('t', {
        id: 't',
        line: 'identity',
        purpose: 'material',
        answers: null,
        material_id: 'm9',
      } as never)
      await nextTick()
      await holds([material({ id: 'm9', line: 'identity' })])
      expect(table.shown.value?.id).toBe(open)
      uploads.transfers.clear()
      await holds([])
    }
  })

  it('is asked about where it might replace something, and stands beside one that is on its way', async () => {
    const { bringing, uploads, holds } = desk([])
    uploads.transfers.set('t', { id: 't', line: 'permit', purpose: 'material' } as never)
    await bringing.bring('permit', file)
    expect(uploads.send).toHaveBeenLastCalledWith('permit', file, { slot: NEW_SLOT })
    await holds([first])
    await bringing.bring('identity', file)
    expect([bringing.placing_line.value?.line.key, uploads.send.mock.calls.length]).toEqual(['identity', 1])
    bringing.place(1)
    expect(uploads.send).toHaveBeenLastCalledWith('identity', file, { slot: 1 })
    expect(bringing.placing.value).toBeNull()
  })

  it('goes nowhere where this case is not meant, and says why only where it was refused', async () => {
    const { bringing, uploads, mean, failed } = desk([])
    mean.mockRejectedValueOnce(new Problem({ title: '网络断开', status: 0, code: 'unreachable' }))
    await bringing.bring('identity', file)
    expect([uploads.send.mock.calls.length, failed.mock.calls.length]).toEqual([0, 1])
  })
})
