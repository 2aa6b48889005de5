import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { i18n, learn } from '../../i18n'
import type { MaterialView } from '../../wire/messages'
import { by, material } from '../../../tests/kit/cases'
import GradeBar from './GradeBar.vue'
import GradeTag from './GradeTag.vue'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

const file = (over: Partial<MaterialView>) => material({ id: 'm1', line: 'permit', ...over })
const shown = (part: unknown, one: MaterialView) =>
  mount(part as never, {
    props: { material: one, book: {}, closed: false } as never,
    global: { plugins: [i18n] },
  })

it('says of what nobody compared no more than that; the letter of its grade is in a tooltip', () => {
  const one = file({ grade: 'C' })
  expect(shown(GradeTag, one).text()).toBe('未核对原件')
  expect(shown(GradeTag, one).get('[data-grade]').attributes('title')).toBe('C 级 · 未核对原件')
  expect(shown(GradeBar, one).get('[role=status]').text()).toBe('未核对原件')
})

it('says who compared it, and from whom it came', () => {
  const at = '2026-11-24T07:00:00Z'
  const compared = shown(GradeTag, file({ grade: 'B', graded_by: by, graded_at: at }))
  expect(compared.text()).toMatch(/^原件已核对窗口已与原件核对 · 李秀兰 /)
  const given = file({ grade: 'A', grade_note: '青岛市行政审批服务局', graded_by: by, graded_at: at })
  expect(shown(GradeBar, given).get('[role=status]').text()).toMatch(/^由青岛市行政审批服务局提供 · 李秀兰 /)
})
