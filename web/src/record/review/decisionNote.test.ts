import { mount } from '@vue/test-utils'
import { beforeAll, expect, it } from 'vitest'
import { i18n, learn } from '../../i18n'
import { by, caseView } from '../../../tests/kit/cases'
import type { CaseView } from '../../wire/messages'
import DecisionNote from './DecisionNote.vue'

beforeAll(() => learn('work', 'case'))

it('says until when what a notice names is wanted, where it tells', () => {
  const decision = {
    kind: 'to_correct',
    reason: '请补正',
    by,
    at: '2026-11-24T06:00:00Z',
    points: ['未填写：新负责人'],
    about: ['field:new_person'],
    due_on: null,
    clock: null,
  } as unknown as NonNullable<CaseView['decision']>
  const days = (correct_by: string | null) => {
    const view = caseView({ state: 'to_correct', decision: { ...decision, correct_by } })
    const shown = mount(DecisionNote, { props: { view }, global: { plugins: [i18n] } })
    return shown.findAll('[data-correct-by]').map((one) => one.text())
  }
  expect(days('2026-12-23')).toEqual(['请于12月23日星期三前补齐'])
  expect(days(null)).toEqual([])
})
