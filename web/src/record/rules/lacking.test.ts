// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest'
import { i18n, learn } from '../../i18n'
import { wanting } from './attention'
import { hindranceOf, lackingOf, toDoOf } from './lacking'
import { pointsOf } from './points'
import { lackingWords, missingWord } from './words'
import type { Comment } from '../../wire/messages'
import { by, caseView, material, proposal, value } from '../../../tests/kit/cases'

const comment = (id: string, on: string): Comment => ({
  id,
  on,
  state: 'open',
  entries: [{ by, at: '2026-11-24T06:00:00Z', text: `关于${id}` }],
  closed_by: null,
  closed_at: null,
})
const item = {
  ...caseView().item,
  checklist: [{ key: 'identity', text: '核对本人' }],
  signature: 'required' as const,
}
const checks = [
  { point: 'identity', verdict: 'lacking' as const, note: '未带原件', by, at: '2026-11-24T06:00:00Z' },
]

const mixed = caseView({
  item,
  checks,
  fields: { new_person: value('孙雅宁', 2) },
  materials: [
    material({ id: 'm1', line: 'application', review: 'accepted' }),
    material({ id: 'm2', line: 'appointment' }),
    material({ id: 'm5', line: 'other', name: '情况说明.pdf' }),
  ],
  comments: [comment('c1', 'field:new_person'), comment('c2', 'line:appointment')],
  proposals: [proposal({ id: 'p1', field: 'remark' }), proposal({ id: 'p2', field: 'new_person' })],
})

beforeAll(() => learn('work', 'case'))

describe('what a case lacks', () => {
  it('is one number with one list at both desks, what is unread beside it', () => {
    const lacking = lackingOf(mixed)
    const points = pointsOf(mixed)
    expect(lacking.points).toEqual(points)
    expect(toDoOf(mixed, []).points).toEqual(points)
    expect(hindranceOf(mixed)).toEqual({ why: 'points', n: points.length })
    expect(lacking.unread.map((one) => one.name)).toEqual([
      item.lines.find((one) => one.key === 'appointment')?.name,
      '情况说明.pdf',
    ])
    expect(lacking.signature).toBe('sign')
    expect(lackingOf({ ...mixed, item: { ...item, signature: 'optional' } }).signature).toBeNull()
  })

  it('waits for no look at what need not be accepted', () => {
    const beside = caseView({ materials: [material({ id: 'm5', line: 'other' })] })
    expect(lackingOf(beside).unread).toEqual([])
  })

  it('tells each number with exactly so many names', () => {
    const t = i18n.global.t as unknown as Parameters<typeof lackingWords>[0]
    const said = lackingWords(t, mixed, lackingOf(mixed), 'zh-CN')
    const [first, second, last] = said.split('；')
    expect(first).toBe(
      `还差 ${pointsOf(mixed).length} 项：${pointsOf(mixed)
        .map((one) => missingWord(t, mixed, one, 'zh-CN'))
        .join('、')}`,
    )
    expect(second?.split('：')[1]?.split('、')).toHaveLength(2)
    expect(last).not.toContain('：')
  })
})

describe('what stands before handing in', () => {
  it('is all told once: each proposal, each point, each field that is not saved', () => {
    const { points, at_hand, all } = toDoOf(mixed, ['remark', 'appointed_on'])
    expect(all).toHaveLength(points.length + at_hand.length)
    // the empty day is a point already, whether or not something is typed there
    expect(at_hand.map((one) => [one.kind, one.id])).toEqual([
      ['proposal', 'field:remark'],
      ['proposal', 'field:new_person'],
      ['unsaved', 'field:remark'],
    ])
    expect(toDoOf({ ...mixed, state: 'accepted' }, ['remark']).all).toEqual([])
  })

  it('leads in the form to the places of that list, and to no other', () => {
    expect(wanting(mixed, [], false)).toEqual(['new_person', 'appointed_on', 'remark'])
    expect(wanting(mixed, [], true)).toEqual(['new_person'])
  })
})
