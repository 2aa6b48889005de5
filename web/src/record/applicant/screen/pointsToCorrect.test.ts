import { mount } from '@vue/test-utils'
import { beforeAll, expect, it } from 'vitest'
import { i18n, learn } from '../../../i18n'
import { caseView, person } from '../../../../tests/kit/cases'
import Outcome from './Outcome.vue'
import PointsToCorrect from './PointsToCorrect.vue'
import type { Answering } from './useAnswering'

beforeAll(() => learn('work', 'case'))

it('says of a point for which something came that it did, and of one that is mended that it is', () => {
  const points = (['open', 'came', 'settled'] as const).map((state) => ({ text: `缺少：${state}`, state }))
  const page = mount(PointsToCorrect, {
    props: { points, reason: '', until: null, beside: false, answering: {} as Answering },
    global: { plugins: [i18n], stubs: { AskQuestion: true, ScreenHeading: true } },
  })
  expect(page.findAll('[data-noticed]').map((one) => one.text())).toEqual([
    '缺少：open',
    '缺少：came 已补交，待审看',
    '缺少：settled 已补正',
  ])
})

it('says until when all of it is wanted, and of an older notice that it is to be read there', () => {
  const says = (until: string | null) =>
    mount(PointsToCorrect, {
      props: {
        points: [{ text: '缺申请书', state: 'open' }],
        reason: '',
        until,
        beside: false,
        answering: {} as Answering,
      },
      global: { plugins: [i18n], stubs: { AskQuestion: true, ScreenHeading: true } },
    })
      .get('.until')
      .text()
  expect(says('2026-12-23')).toContain('12月23日')
  expect(says(null)).toContain('以补正材料通知书为准')
})

it('says what he still has to pay, until it is paid', () => {
  const paid = { kind: 'paid', on: '2026-12-02', number: '1', reason: '', by: person('li'), at: '' } as const
  const says = (payment: typeof paid | null): string => {
    const fee = { amount_fen: 12_550, basis: '甲', code: '3702', by: person('zhou'), at: '', payment }
    const view = caseView({ state: 'granted' })
    const page = mount(Outcome, {
      props: {
        stage: { kind: 'came', state: 'granted' },
        view: { ...view, course: { ...view.course, fee } },
      },
      global: { plugins: [i18n], stubs: { ScreenHeading: true } },
    })
    const due = page.find('[data-fee-due]')
    return due.exists() ? due.text() : ''
  }
  expect(says(null)).toBe('请缴费 125.50 元，缴款码 3702')
  expect(says(paid)).toBe('')
})
