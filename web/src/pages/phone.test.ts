import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'
import { i18n, learn } from '../i18n'
import { caseCode } from '../rules/caseCode'
import PhonePage from './PhonePage.vue'

enableAutoUnmount(afterEach)
afterEach(() => vi.unstubAllGlobals())

it('says to whose case its pictures go, and no whole name', async () => {
  await learn('work', 'case')
  const session = {
    case_id: 'case-0001',
    applicant_masked: '孙**',
    item_name: '分公司负责人变更登记',
    line_name: '任职文件',
    sides: [],
    unit_name: '青岛西海岸新区行政审批服务局',
    window_name: '3 号窗口',
    expires_at: new Date(Date.now() + 300_000).toISOString(),
    pages: 0,
    taken: [],
    pages_at_most: 20,
    max_bytes: 1_000_000,
  }
  vi.stubGlobal(
    'fetch',
    vi.fn(() =>
      Promise.resolve(
        new Response(JSON.stringify(session), { headers: { 'content-type': 'application/json' } }),
      ),
    ),
  )
  const page = mount(PhonePage, { global: { plugins: [i18n] } })
  await flushPromises()
  expect(page.get('header [data-whose]').text()).toBe(`孙** 识别码 ${caseCode('case-0001')}`)
})
