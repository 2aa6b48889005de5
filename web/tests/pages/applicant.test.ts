import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { nextTick, shallowRef } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n, learn } from '../../src/i18n'
import { ALONE, type Leader, type Turned } from '../../src/record/turned'
import type { CaseView } from '../../src/wire/messages'
import ApplicantPage from '../../src/pages/ApplicantPage.vue'
import { routes } from '../../src/router'
import { by, caseView } from '../record/cases'

const view = shallowRef<CaseView>(caseView())
const follows = vi.hoisted(() => ({ n: 0 }))
vi.mock('../../src/record/useCase', async () => {
  const { onScopeDispose } = await import('vue')
  return {
    useCase: (case_id: string) => {
      follows.n += 1
      onScopeDispose(() => (follows.n -= 1))
      const none = new Map()
      return { case_id, view, problem: shallowRef(null), connection: shallowRef('connected'), pointing: none, focused: none, typed: none, rate: () => Promise.resolve({}) }
    },
  }
})

const id = caseView().id
const led = (over: Partial<Turned> = {}): Leader => ({ case_id: id, now: () => ({ ...ALONE, ...over }), listen: () => () => undefined, shown: () => undefined })
const opener = { closed: false, location: { pathname: '' }, yunjian_leader: undefined as Leader | undefined }
async function clerk(pathname: string, leads?: Leader): Promise<void> {
  opener.location.pathname = pathname
  opener.yunjian_leader = leads
  vi.advanceTimersByTime(500)
  await nextTick()
  await nextTick()
}
const said = { id: 's1', lane: 'shared', text: '请您看右边的日期', by, at: '2026-11-24T06:00:00Z', kind: 'text' } as unknown as CaseView['sayings'][number]

enableAutoUnmount(afterEach)
beforeAll(() => learn('work'))
beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('IntersectionObserver', class { observe() {} disconnect() {} })
  view.value = caseView({ sayings: [said] })
  Object.defineProperty(window, 'opener', { value: opener, configurable: true })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  localStorage.clear()
  sessionStorage.clear()
  Object.defineProperty(window, 'opener', { value: null, configurable: true })
})

async function screen(over: Partial<Turned> = {}) {
  await clerk(`/window/cases/${id}`, led(over))
  const router = createRouter({ history: createMemoryHistory(), routes })
  const page = mount(ApplicantPage, { props: { id }, global: { plugins: [i18n, router] }, attachTo: document.body })
  await nextTick()
  return page
}
const nobody = (text: string) => {
  expect(text).toContain('请稍候')
  for (const of_him of [said.text, view.value.item.name, view.value.applicant.name[0]!, '谢谢', '评价']) expect(text).not.toContain(of_him)
}

it('shows nothing of a case that the clerk has left, and follows it no more, until he opens it again', async () => {
  const page = await screen()
  expect(page.text()).toContain(said.text)
  expect(page.text()).toContain(view.value.item.name)
  await clerk('/window')
  nobody(page.text())
  expect(follows.n).toBe(0)
  view.value = caseView({ sayings: [said, { ...said, id: 's2' }] })
  await clerk('/window/cases/case-0002', { ...led(), case_id: 'case-0002' })
  nobody(page.text())
  await clerk(`/window/cases/${id}`, led())
  expect(page.text()).toContain(said.text)
})

it('lets who is asked how he was served go on with that alone, until the clerk opens another case', async () => {
  const page = await screen({ ended_call_id: 'call-0001' })
  expect(page.find('[data-rate]').exists()).toBe(true)
  await page.get('[data-level="1"]').setValue(true)
  await clerk('/window')
  expect(page.get<HTMLInputElement>('[data-level="1"]').element.checked).toBe(true)
  for (const of_him of [said.text, view.value.item.name, view.value.applicant.name[0]!]) expect(page.text()).not.toContain(of_him)
  view.value = { ...view.value, ratings: [{ id: 'r1', call_id: 'call-0001', number: 1, at: '2026-11-24T06:00:00Z', level: null, reasons: [], text: '' }] }
  await nextTick()
  await clerk('/window')
  expect(page.text()).toContain('谢谢您的评价')
  await clerk('/window/cases/case-0002')
  nobody(page.text())
})

it('does not leave the thanks of one applicant to the next', async () => {
  view.value = { ...view.value, ratings: [{ id: 'r1', call_id: 'call-0001', number: 1, at: '2026-11-24T06:00:00Z', level: null, reasons: [], text: '' }] }
  const page = await screen({ ended_call_id: 'call-0001' })
  expect(page.text()).toContain('谢谢您的评价')
  await clerk('/window')
  nobody(page.text())
})
