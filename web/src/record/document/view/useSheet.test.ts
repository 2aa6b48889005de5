import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h, shallowRef, watch } from 'vue'
import { i18n, learn } from '../../../i18n'
import { spoken } from '../../../ui/announce'
import { Problem } from '../../../wire/http'
import type { MaterialView } from '../../../wire/messages'
import type { Sheet } from '../documents'
import { useSheet } from './useSheet'
import { material } from '../../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
beforeEach(() => (spoken.value = ''))

const picture = (url: string): Sheet => ({ kind: 'picture', url, width: 100, height: 200 })
const one = (over: Partial<MaterialView> = {}): MaterialView =>
  material({ id: 'm1', line: 'identity', ...over })
const copied = (sha256: string): MaterialView =>
  one({ viewed: { state: 'ready', sha256 } as unknown as NonNullable<MaterialView['viewed']> })

/** A table on which materials are laid; their copies come when the test says so. */
function table() {
  const wanted = shallowRef<MaterialView | null>(null)
  const copies: { give: (sheet: Sheet) => void; fail: (reason: unknown) => void }[] = []
  const told: string[] = []
  const documents = { open: () => new Promise<Sheet>((give, fail) => copies.push({ give, fail })) }
  let sheet!: ReturnType<typeof useSheet>
  mount(
    defineComponent({
      setup() {
        sheet = useSheet({
          documents: () => documents as never,
          material: () => wanted.value,
          name: () => '身份证件',
          cleared: () => told.push('cleared'),
          laid: (id) => told.push(`laid ${id}`),
        })
        watch(wanted, () => sheet.show())
        return () => h('div')
      },
    }),
    { global: { plugins: [i18n] } },
  )
  const give = async (at: number, url: string): Promise<void> => {
    copies[at]?.give(picture(url))
    await vi.waitFor(() => expect(sheet.sheet.value).toEqual(picture(url)))
  }
  return { wanted, copies, told, give, sheet }
}

it('keeps what stood in its place until the copy is drawn, and says once that it is there', async () => {
  const { wanted, copies, told, give, sheet } = table()
  wanted.value = one({ state: 'receiving' })
  await vi.waitFor(() => expect(sheet.early.value?.state).toBe('receiving'))
  expect([copies, spoken.value]).toEqual([[], ''])
  wanted.value = one()
  await vi.waitFor(() => expect(copies).toHaveLength(1))
  expect([sheet.early.value?.state, sheet.loading.value]).toEqual(['stored', true])
  expect(spoken.value).toContain('身份证件')
  await give(0, 'blob:1')
  await vi.waitFor(() => expect(told).toEqual(['cleared', 'cleared', 'laid m1']))
  expect([sheet.early.value, sheet.loading.value]).toEqual([null, false])
})

it('puts a copy with another mark where one reads, and clears nothing', async () => {
  const { wanted, copies, told, give, sheet } = table()
  wanted.value = copied('aa')
  await vi.waitFor(() => expect(copies).toHaveLength(1))
  await give(0, 'blob:1')
  await vi.waitFor(() => expect(told).toEqual(['cleared', 'laid m1']))
  wanted.value = copied('bb')
  await vi.waitFor(() => expect(copies).toHaveLength(2))
  expect(sheet.sheet.value).toEqual(picture('blob:1'))
  await give(1, 'blob:2')
  expect([sheet.copy.value, told]).toEqual(['m1 bb', ['cleared', 'laid m1']])
})

it('lays nothing that is not wanted any more, and tells no fault of it', async () => {
  const { wanted, copies, give, sheet } = table()
  wanted.value = one()
  await vi.waitFor(() => expect(copies).toHaveLength(1))
  wanted.value = one({ id: 'm2' })
  await vi.waitFor(() => expect(copies).toHaveLength(2))
  copies[0]?.fail(new Problem({ title: '', status: 404, code: 'not_found' }))
  await give(1, 'blob:2')
  expect([sheet.problem.value, sheet.copy.value]).toEqual([null, 'm2 '])
})

it('says why a copy cannot be opened', async () => {
  const { wanted, copies, sheet } = table()
  wanted.value = one()
  await vi.waitFor(() => expect(copies).toHaveLength(1))
  copies[0]?.fail(new Problem({ title: '', status: 404, code: 'not_found' }))
  await vi.waitFor(() => expect(sheet.problem.value?.code).toBe('not_found'))
  await vi.waitFor(() => expect(sheet.loading.value).toBe(false))
})
