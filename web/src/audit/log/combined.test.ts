import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import CombinedCases from './CombinedCases.vue'
import { i18n, learn } from '../../i18n'
import { person } from '../../../tests/kit/cases'

enableAutoUnmount(afterEach)
afterEach(() => vi.unstubAllGlobals())
beforeAll(async () => {
  await learn('work', 'case')
  await learn('audit')
})

const row = (id: string, call_id: string | null) => ({
  id,
  call_id,
  number: null,
  state: 'refused',
  mode: 'online',
  item_name: '开办',
  applicant_masked: '孙**',
  clerk: person('clerk'),
  window_name: '3 号窗口',
  created_at: '2026-11-24T06:00:00Z',
  decided_at: '2026-11-24T07:00:00Z',
  combined: true,
})

async function shown(...pages: unknown[]) {
  const asked: string[] = []
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path)
    return Promise.resolve(new Response(JSON.stringify(pages.shift())))
  })
  const page = mount(CombinedCases, { global: { plugins: [i18n] } })
  await flushPromises()
  return { page, asked }
}

it('what one person took and decided is listed to be sampled, page by page, with its call', async () => {
  const { page, asked } = await shown(
    { cases: [row('c1', 'call-1')], next_cursor: 'a+b' },
    { cases: [row('c2', null)], next_cursor: null },
  )
  await page.findAll('button').at(-1)?.trigger('click')
  await flushPromises()
  expect(asked).toEqual(['/api/v1/cases?combined=true', '/api/v1/cases?combined=true&cursor=a%2Bb'])
  expect(page.findAll('[data-case]').map((one) => one.attributes('data-case'))).toEqual(['c1', 'c2'])
  expect(page.findAll('button')).toHaveLength(1)
  await page.get('[data-case=c1] button').trigger('click')
  expect(page.emitted('choose')).toEqual([['call-1']])
})

it('where there are none, that is said', async () => {
  const { page } = await shown({ cases: [], next_cursor: null })
  expect(page.get('[data-combined]').text()).toContain('本单位没有审核合一的办件')
  expect(page.find('table').exists()).toBe(false)
})
