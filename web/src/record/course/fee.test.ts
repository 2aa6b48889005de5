/** What a case costs: who asks, who enters the receipt, who may waive, and that nothing is next before. */
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { ref } from 'vue'
import { caseView, person } from '../../../tests/kit/cases'
import { i18n, learn } from '../../i18n'
import { fenOf, yuan } from '../../rules/money'
import type { CaseView } from '../../wire/messages'
import { courseStep, type DeskSeat } from '../rules/course/courseStep'
import FeePart from './FeePart.vue'
import type { Course } from './useCourse'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

const asked = {
  amount_fen: 12_550,
  basis: '发改价格〔2017〕1号',
  code: '3702 1188',
  by: person('zhou', '周明远'),
  at: '2026-12-02T02:00:00Z',
  payment: null,
}
const paid = {
  kind: 'paid' as const,
  on: '2026-12-02',
  number: '票 0001',
  reason: '',
  by: person('li', '李秀兰'),
  at: '2026-12-02T03:00:00Z',
}

function at(fee: CaseView['course']['fee']): CaseView {
  const view = caseView({ state: 'granted' })
  return {
    ...view,
    item: { ...view.item, fee_basis: asked.basis, fee_fen: 12_550, fee_first: true },
    course: { ...view.course, fee: fee ?? null },
  }
}

function part(view: CaseView, seat: DeskSeat, acts = true) {
  const book = {
    rests: () => ({ seen_version: 7 }),
    askFee: vi.fn(async () => undefined),
    settleFee: vi.fn(async () => undefined),
  }
  const course = { book, seat, today: ref('2026-12-02'), acts: () => acts } as unknown as Course
  const shown = mount(FeePart, { props: { view, course }, global: { plugins: [i18n] } })
  return { book, shown }
}

it('reads and writes yuan, and takes nothing that is no amount', () => {
  expect([yuan(12_550), yuan(5)]).toEqual(['125.50', '0.05'])
  expect(['125.5', '125', '0.05'].map(fenOf)).toEqual([12_550, 12_500, 5])
  expect(['', '0', '0.00', '-1', '1.234', '一百', '1e3'].map(fenOf)).toEqual(Array(7).fill(null))
})

it('is next for nobody to issue before it is paid', () => {
  for (const seat of ['window', 'approver'] as const) {
    expect(courseStep(at(null), seat)).toEqual({ kind: 'wait', for: 'fee' })
    expect(courseStep(at(asked), seat)).toEqual({ kind: 'wait', for: 'fee' })
  }
  expect(courseStep(at({ ...asked, payment: paid }), 'approver')).toEqual({ kind: 'issue' })
})

it('is asked by the approver with the amount of the list, which he may correct', async () => {
  const { book, shown } = part(at(null), 'approver')
  const [amount, code] = ['amount', 'code'].map((name) => shown.get(`[data-fee-entry=${name}]`))
  await amount!.setValue('0')
  await shown.get('form').trigger('submit')
  expect([book.askFee.mock.calls.length, shown.get('[role=alert]').text()]).toEqual([
    0,
    '请填写大于零的金额，如 125 或 125.00',
  ])
  await amount!.setValue('125.50')
  await code!.setValue(' 3702 1188 ')
  await shown.get('form').trigger('submit')
  await flushPromises()
  expect(book.askFee).toHaveBeenCalledWith(12_550, '3702 1188', { seen_version: 7 })
  expect(part(at(null), 'window').shown.find('form').exists()).toBe(false)
})

it('is entered with the receipt by either desk, waived with a reason by the approver alone', async () => {
  const near = part(at(asked), 'window')
  expect(near.shown.text()).toContain('需缴费 125.50 元')
  expect(near.shown.find('[data-fee-act=waive]').exists()).toBe(false)
  await near.shown.get('form').trigger('submit')
  expect(near.book.settleFee).not.toHaveBeenCalled()
  await near.shown.get('[data-fee-entry=number]').setValue('票 0001')
  await near.shown.get('form').trigger('submit')
  const receipt = { kind: 'paid', on: '2026-12-02', number: '票 0001' }
  expect(near.book.settleFee).toHaveBeenCalledWith(receipt, { seen_version: 7 })
  const far = part(at(asked), 'approver')
  await far.shown.get('[data-fee-entry=reason]').setValue('残疾人减免')
  await far.shown.findAll('form')[2]!.trigger('submit')
  const waived = { kind: 'waived', on: '2026-12-02', reason: '残疾人减免' }
  expect(far.book.settleFee).toHaveBeenCalledWith(waived, { seen_version: 7 })
})

it('is only read once it is settled, and by who does nothing here', () => {
  const done = part(at({ ...asked, payment: paid }), 'approver').shown
  expect(done.text()).toContain('已缴 125.50 元，票据号 票 0001')
  expect(done.find('form').exists()).toBe(false)
  expect(part(at(asked), 'approver', false).shown.find('form').exists()).toBe(false)
})
