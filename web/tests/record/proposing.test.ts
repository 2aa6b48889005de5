import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { nextTick, reactive, ref, shallowRef } from 'vue'
import { i18n, learn } from '../../src/i18n'
import FormPanel from '../../src/record/FormPanel.vue'
import { caseView } from './cases'

enableAutoUnmount(afterEach)
beforeAll(() => {
  Element.prototype.scrollIntoView = () => undefined
  return learn('work')
})

function panel() {
  const view = shallowRef(caseView())
  const propose = vi.fn(() => Promise.resolve())
  const book = {
    view, propose, audience: ref('approver'), my_point: ref(null), me: 'person-09', connection: ref('connected'),
    pointing: reactive(new Map()), typed: reactive(new Map()), focused: reactive(new Map()), people: reactive(new Map()), tellFocus: vi.fn(), point: vi.fn(), elsewhere: () => false, personOf: () => 'here', problem: ref(null),
  }
  const page = mount(FormPanel as never, { props: { book, hands: null, alone: true } as never, global: { plugins: [i18n] }, attachTo: document.body })
  const at = (field: string) => page.get(`[data-field=${field}]`)
  const press = async (field: string) => {
    await at(field).get('[data-tool=propose]').trigger('click')
    await nextTick()
  }
  const boxes = () => page.findAll('form.box')
  const typed = () => boxes().map((box) => box.findAll<HTMLInputElement>('input, textarea').map((one) => one.element.value))
  return { view, propose, press, boxes, typed }
}

it('keeps what was typed of a proposal by field until it is sent or withdrawn', async () => {
  const { propose, press, boxes, typed } = panel()
  await press('new_person')
  const [value, reason] = boxes()[0]!.findAll('input')
  await value!.setValue('孙雅宁')
  await reason!.setValue('与证件一致')
  await press('remark')
  expect(typed()).toEqual([['', '']])
  await press('new_person')
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

it('closes with the decision of the case', async () => {
  const { view, press, boxes } = panel()
  await press('new_person')
  expect(boxes()).toHaveLength(1)
  view.value = caseView({ state: 'refused' })
  await nextTick()
  expect(boxes()).toHaveLength(0)
})
