/** 双公示: what is due and overdue is said, the export tells what it left out, and a reason is wanted of what is withheld. */
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { i18n, learn } from '../i18n'
import type { GrantedView } from '../wire/messages'
import GrantedDays from './GrantedDays.vue'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case', 'admin'))
afterEach(() => vi.unstubAllGlobals())

const granted = (case_id: string, over: Partial<GrantedView> = {}): GrantedView => ({
  case_id,
  number: `N-${case_id}`,
  item_name: '食品经营许可',
  applicant_masked: '禾川检测',
  natural: false,
  granted_on: '2026-11-23',
  due_on: '2026-12-02',
  left: 3,
  exported_at: null,
  withheld: null,
  note: '',
  ...over,
})

async function page(rows: GrantedView[]) {
  const asked: { method: string; path: string; body: unknown }[] = []
  const headers = { 'content-type': 'application/json' }
  vi.stubGlobal('fetch', async (address: string, init: RequestInit = {}) => {
    const { pathname } = new URL(address, 'http://here')
    const method = init.method ?? 'GET'
    asked.push({ method, path: pathname, body: init.body ? JSON.parse(init.body as string) : null })
    if (method === 'PUT') return new Response(null, { status: 204 })
    const told =
      method === 'POST'
        ? { name: 'a.csv', content: '', cases: 2, withheld: 1 }
        : { granted: rows, more: false }
    return new Response(JSON.stringify(told), { headers })
  })
  const shown = mount(GrantedDays, { global: { plugins: [i18n] } })
  await flushPromises()
  return { shown, asked }
}

it('says how many wait and are overdue, and of each when it was exported or why it is not', async () => {
  const { shown } = await page([
    granted('late', { left: -2 }),
    granted('waits'),
    granted('done', { exported_at: '2026-11-25T02:00:00Z' }),
    granted('secret', { withheld: 'trade_secret', note: '配方' }),
    granted('person', { natural: true, applicant_masked: '孙**' }),
  ])
  expect(shown.get('[data-publicity-sum]').text()).toContain('5 件，3 件待导出，1 件已超期')
  const row = (id: string): string => shown.get(`[data-granted="${id}"]`).text()
  expect(row('late')).toContain('已超期 2 个工作日')
  expect(row('waits')).toContain('剩 3 个工作日')
  expect(row('done')).toContain('导出')
  expect(row('secret')).toMatch(/涉及商业秘密.*配方/s)
  expect(row('person')).toContain('证件号码已遮盖')
})

it('exports the days that are shown, and tells what was left out', async () => {
  const made = vi.fn(() => 'blob:here')
  vi.stubGlobal('URL', Object.assign(URL, { createObjectURL: made, revokeObjectURL: vi.fn() }))
  const { shown, asked } = await page([granted('one')])
  await shown.get('[data-publicity-export]').trigger('click')
  await flushPromises()
  const [sent] = asked.filter(({ method }) => method === 'POST')
  expect(sent?.path).toBe('/api/v1/publicity/exports')
  expect(Object.keys(sent?.body as object)).toEqual(['first', 'last'])
  expect(made).toHaveBeenCalledOnce()
  expect(shown.get('[data-publicity-told]').text()).toContain('已导出 2 件，1 件不予公示')
})

it('withholds with a reason and publishes again', async () => {
  const { shown, asked } = await page([granted('one'), granted('two', { withheld: 'privacy', note: '病历' })])
  await shown.get('[data-granted="one"] [data-withhold]').trigger('click')
  await shown.get('[data-withhold-form]').trigger('submit')
  expect(shown.get('.fault').text()).toContain('请写明')
  expect(asked.some(({ method }) => method === 'PUT')).toBe(false)
  await shown.get('[data-withhold-note]').setValue('配方')
  await shown.get('[data-withhold-form]').trigger('submit')
  await flushPromises()
  await shown.get('[data-granted="two"] [data-publish]').trigger('click')
  await flushPromises()
  expect(asked.filter(({ method }) => method === 'PUT').map(({ path, body }) => [path, body])).toEqual([
    ['/api/v1/cases/one/publicity', { withheld: 'trade_secret', note: '配方' }],
    ['/api/v1/cases/two/publicity', { withheld: null, note: '' }],
  ])
})
