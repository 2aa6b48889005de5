// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { material } from '../../../tests/kit/cases'
import { caseView } from '../../../tests/kit/recorded'
import { barsOf } from './bars'

const on = (material_id: string, from_s: number, to_s: number, page: number, who: string) => ({
  material_id,
  from_s,
  to_s,
  page,
  who: [who],
  together: false,
})

describe('what was on screen', () => {
  it('is one bar a document, while its pages are turned', () => {
    const view = caseView({
      materials: [material({ id: 'one', line: 'none', name: '申请书.pdf', review: 'returned' })],
    })
    const bars = barsOf(
      [
        on('one', 0, 10, 1, '周明远'),
        on('one', 10.5, 20, 2, '李秀兰'),
        on('two', 20, 30, 1, '周明远'),
        on('one', 30, 40, 1, '周明远'),
      ],
      view,
      '未知文件',
    )
    expect(bars.map((one) => [one.id, one.from_s, one.to_s, one.name, one.mend])).toEqual([
      ['one', 0, 20, '申请书.pdf', true],
      ['two', 20, 30, '未知文件', false],
      ['one', 30, 40, '申请书.pdf', true],
    ])
    expect([[...(bars[0]?.pages ?? [])], [...(bars[0]?.who ?? [])]]).toEqual([
      [1, 2],
      ['周明远', '李秀兰'],
    ])
    expect(barsOf([on('one', 0, 10, 1, 'a'), on('one', 11, 12, 1, 'a')], null, '?')).toHaveLength(2)
  })
})
