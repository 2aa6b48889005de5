import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { effectScope, nextTick, reactive, ref, shallowRef } from 'vue'
import { i18n, learn } from '../../i18n'
import { spoken } from '../../ui/announce'
import DecisionPanel from '../review/deciding/DecisionPanel.vue'
import FormPanel from './FormPanel.vue'
import { useForm } from './useForm'
import type { CaseBook } from '../book/useCase'
import { caseView, proposal, value } from '../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => {
  Element.prototype.scrollIntoView = () => undefined
  window.matchMedia = () => ({ matches: true }) as MediaQueryList
  vi.stubGlobal('CSS', { escape: (name: string) => name })
  return learn('work', 'case')
})

function panel(hands: unknown = null) {
  const view = shallowRef(caseView())
  const propose = vi.fn(() => Promise.resolve())
  const book = {
    view,
    propose,
    audience: ref('approver'),
    my_point: ref(null),
    me: 'person-09',
    connection: ref('connected'),
    pointing: reactive(new Map()),
    typed: reactive(new Map()),
    focused: reactive(new Map()),
    people: reactive(new Map()),
    tellFocus: vi.fn(),
    point: vi.fn(),
    elsewhere: () => false,
    personOf: () => 'here',
    problem: ref(null),
  }
  const page = mount(FormPanel as never, {
    props: { book, hands, alone: true } as never,
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  const at = (field: string) => page.get(`[data-field=${field}]`)
  const press = async (field: string) => {
    await at(field).get('[data-tool=propose]').trigger('click')
    await nextTick()
  }
  const boxes = () => page.findAll('form.box')
  const typed = () =>
    boxes().map((box) => box.findAll<HTMLInputElement>('input, textarea').map((one) => one.element.value))
  const unsent = () =>
    page
      .findAll('[data-tool=propose][data-unsent]')
      .map((one) => one.element.closest('[data-field]')?.getAttribute('data-field'))
  return { page, view, propose, press, boxes, typed, unsent }
}

it('keeps what was typed of a proposal by field until it is sent or withdrawn', async () => {
  const { propose, press, boxes, typed, unsent } = panel()
  await press('new_person')
  const [value, reason] = boxes()[0]!.findAll('input')
  await value!.setValue('孙雅宁')
  await reason!.setValue('与证件一致')
  await press('remark')
  expect(typed()).toEqual([['', '']])
  // its pencil says so while the box is closed
  expect(unsent()).toEqual(['new_person'])
  await press('new_person')
  expect(unsent()).toEqual([])
  expect(typed()).toEqual([['孙雅宁', '与证件一致']])
  await boxes()[0]!.trigger('submit')
  await flushPromises()
  expect(propose).toHaveBeenCalledWith('new_person', '孙雅宁', '与证件一致')
  expect(boxes()).toHaveLength(0)
  await press('new_person')
  expect(typed()).toEqual([['', '']])

  await boxes()[0]!.get('input').setValue('孙')
  await boxes()[0]!.get('button[type=button]').trigger('click')
  expect(boxes()).toHaveLength(0)
  await press('new_person')
  expect(typed()).toEqual([['', '']])
})

it('leaves the focus at the field whose box was sent, taken back or closed by Esc', async () => {
  const { page, press, boxes } = panel()
  const at = () => document.activeElement?.closest('[data-field]')?.getAttribute('data-field')
  for (const close of ['submit', 'cancel', 'esc'] as const) {
    await press('remark')
    const [box] = boxes()
    const first = box!.get<HTMLInputElement>('.value')
    await first.setValue('按任职文件')
    const cancel = box!.get<HTMLButtonElement>('button[type=button]')
    ;(close === 'cancel' ? cancel : first).element.focus()
    if (close === 'submit') await box!.trigger('submit')
    else if (close === 'cancel') await cancel.trigger('click')
    else await first.trigger('keydown', { key: 'Escape' })
    await flushPromises()
    expect([close, boxes().length, at()]).toEqual([close, 0, 'remark'])
  }
  page.unmount()
})

it('keeps the pencil of what is proposed with its first word, however long the value is', async () => {
  const { page, view } = panel()
  view.value = caseView({ proposals: [proposal({ id: 'p1' })] })
  await nextTick()
  const [first] = page.get('[data-proposal=p1]').element.children
  expect(first?.querySelector('svg')).not.toBeNull()
  expect(first?.textContent).toContain('建议改为')
})

it('closes with the decision of the case', async () => {
  const { view, press, boxes } = panel()
  await press('new_person')
  expect(boxes()).toHaveLength(1)
  view.value = caseView({ state: 'refused' })
  await nextTick()
  expect(boxes()).toHaveLength(0)
})

it('says of a proposal what the applicant says to it, and where nobody answered that the case is decided', async () => {
  const { page, view } = panel()
  const word = () => page.get('[data-proposal=p1]').text()
  view.value = caseView({ proposals: [proposal({ id: 'p1' })] })
  await nextTick()
  expect(word()).toContain('等窗口确认')
  for (const [answer, told] of [
    ['yes', '申请人已同意'],
    ['no', '申请人不同意'],
  ] as const) {
    const said = proposal({ id: 'p1', answer, answered_at: '2026-11-24T06:01:00Z' })
    view.value = caseView({ proposals: [said] })
    await nextTick()
    expect(word()).toContain(told)
  }
  for (const state of ['open', 'outdated'] as const) {
    view.value = caseView({ state: 'accepted', proposals: [proposal({ id: 'p1', state })] })
    await nextTick()
    expect(word()).toContain('办件已决定')
    expect(word()).not.toContain('等窗口确认')
  }
  // what was changed after it is told as before
  view.value = caseView({
    state: 'accepted',
    proposals: [proposal({ id: 'p1', state: 'outdated' })],
    fields: { appointed_on: { ...value('2026-11-20', 9), at: '2026-11-24T06:30:00Z' } },
  })
  await nextTick()
  expect(word()).toContain('后来改过')
})

it('asks before a decision over what the window has not answered, and leads back to waiting', async () => {
  const { view } = panel()
  const decide = vi.fn(() => Promise.resolve())
  view.value = caseView({ proposals: [proposal({ id: 'p1' })] })
  const book = { view, decide, me: 'person-09', case_id: 'case-0001', rests: () => ({}) }
  const open = (decision: string) =>
    mount(DecisionPanel as never, {
      props: { book, decision } as never,
      global: { plugins: [i18n] },
      attachTo: document.body,
    })
  for (const decision of ['accepted', 'to_correct', 'refused']) {
    const asked = open(decision)
    expect(asked.get('[data-proposed]').text()).toContain('appointed_on')
    expect(asked.findAll('[data-filled]').map((one) => one.attributes('data-wait-first'))).toEqual([''])
    await asked.get('[data-wait-first]').trigger('click')
    expect(asked.emitted('close')).toHaveLength(1)
    expect(asked.get('[data-confirm]').text()).toContain('仍要')
  }
  expect(decide).not.toHaveBeenCalled()
  view.value = caseView()
  const free = open('accepted')
  expect(free.find('[data-proposed]').exists()).toBe(false)
  expect(free.get('[data-filled]').attributes('data-confirm')).toBe('')
})

it('leads at the window to the answer to what is proposed, and to the entry of every other field', async () => {
  // jsdom knows neither
  vi.stubGlobal('matchMedia', () => ({ matches: true }))
  vi.stubGlobal('CSS', { escape: (text: string) => text })
  const scope = effectScope()
  const view = caseView({ proposals: [proposal({ id: 'p1' })] })
  const hands = scope.run(() =>
    useForm({
      view: shallowRef(view),
      snapshot: shallowRef({ audience: 'window', version: 1, case: view }),
      drafts: shallowRef({}),
      me: 'person-09',
    } as unknown as CaseBook),
  )
  const window_panel = panel(hands)
  window_panel.view.value = view
  await nextTick()
  const { go } = window_panel.page.vm as unknown as { go: (field: string) => void }
  go('appointed_on')
  expect(document.activeElement?.textContent).toContain('采用建议')
  expect(document.activeElement?.hasAttribute('data-filled')).toBe(true)
  // what the applicant says to it stands on the card and is said aloud, and leaves the clerk's step as it is
  const card = () => window_panel.page.get('[data-proposal=p1]')
  expect(card().find('[data-answered]').exists()).toBe(false)
  for (const [answer, word, aloud] of [
    ['yes', '申请人已同意', '申请人同意对'],
    ['no', '申请人不同意', '申请人不同意对'],
  ] as const) {
    const said = proposal({ id: 'p1', answer, answered_at: '2026-11-24T06:01:00Z' })
    window_panel.view.value = { ...view, proposals: [said] }
    await flushPromises()
    expect(card().get(`[data-answered=${answer}]`).text()).toContain(word)
    expect(spoken.value).toContain(aloud)
    expect(card().find('[data-filled]').exists()).toBe(true)
  }
  go('new_person')
  expect(document.activeElement).toBe(window_panel.page.get('[data-field=new_person] input').element)
  scope.stop()
  vi.unstubAllGlobals()
})
