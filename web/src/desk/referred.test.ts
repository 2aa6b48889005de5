import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import ReferredList from './ReferredList.vue'
import { i18n, learn } from '../i18n'
import { http } from '../wire/http'
import type { ReferredCase } from '../wire/messages'
import { by } from '../../tests/kit/cases'

beforeAll(() => learn('work', 'case'))
afterEach(() => vi.restoreAllMocks())

const row = (case_id: string, to_unit_name: string): ReferredCase => ({
  case_id,
  item_name: '分公司负责人变更登记',
  applicant_masked: '孙**',
  window_unit_name: '济南',
  window_name: '3 号窗口',
  to_unit_name,
  reason: '属东昌府区管辖',
  by,
  at: '2026-11-24T05:00:00Z',
})
const page = (to: string) => ({ cases: [row('c1', to)], next_cursor: null })

it('is asked for when somebody opens it, and shows the answer to what was asked last', async () => {
  vi.useFakeTimers()
  const answers: Record<string, (told: unknown) => void> = {}
  const get = vi.spyOn(http, 'get').mockImplementation(
    <T>(path: string): Promise<T> =>
      new Promise<T>((done) => {
        answers[path] = (told) => done(told as T)
      }),
  )
  const list = mount(ReferredList, { global: { plugins: [i18n] } })
  expect(get).not.toHaveBeenCalled()
  await list.get('[data-referred-open]').trigger('click')
  const filter = list.get('[data-referred-filter]')
  await filter.setValue('东昌府')
  vi.advanceTimersByTime(300)
  const [all, narrowed] = ['/referred?to=', `/referred?to=${encodeURIComponent('东昌府')}`]
  expect(Object.keys(answers)).toEqual([all, narrowed])
  answers[narrowed]!(page('聊城市东昌府区政务服务中心'))
  answers[all]!(page('烟台市行政审批服务局'))
  vi.useRealTimers()
  await flushPromises()
  expect(list.get('tbody').text()).toContain('聊城市东昌府区政务服务中心')
  expect(list.get('tbody').text()).not.toContain('烟台')
})
