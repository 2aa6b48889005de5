// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { pointerAt, ShownPages } from './shown'
import type { MarkView } from '../../wire/messages'
import { approver, callView, clerk, mark, ZERO } from '../../../tests/kit/recorded'

const shown = (marks: MarkView[]): ShownPages =>
  new ShownPages(marks, callView(), ZERO, 1200, (person) => (person.id === clerk.id ? 'here' : 'far'))

describe('what lay before them', () => {
  it('is the page that the approver looks at, together with the window when it is the same', () => {
    const seen = shown([
      mark(10, 'look', clerk, { material_id: 'material-1', page: 1 }),
      mark(20, 'look', approver, { material_id: 'material-2', page: 1 }),
      mark(30, 'look', clerk, { material_id: 'material-2', page: 1 }),
      mark(40, 'look', approver, { material_id: 'material-2', page: 2 }),
      mark(50, 'look', approver, { material_id: null, page: 1 }),
    ])
    expect(seen.screenAt(5)).toBeNull()
    expect(seen.screenAt(15)).toMatchObject({ material_id: 'material-1', who: ['李秀兰'], together: false })
    expect(seen.screenAt(25)).toMatchObject({
      material_id: 'material-2',
      page: 1,
      who: ['周明远'],
      together: false,
    })
    expect(seen.screenAt(35)).toMatchObject({ material_id: 'material-2', page: 1, together: true })
    expect(seen.screenAt(45)).toMatchObject({ page: 2, who: ['周明远'], together: false })
    expect(seen.screenAt(60)).toMatchObject({ material_id: 'material-2', page: 1, who: ['李秀兰'] })
    expect(seen.screenAt(1199.9)).not.toBeNull()
    expect(seen.screenAt(1200)).toBeNull()
  })

  it('begins with the recording where it was open before', () => {
    const seen = shown([
      mark(-30, 'look', approver, { material_id: 'material-2', page: 1 }),
      mark(-20, 'look', approver, { material_id: 'material-1', page: 1 }),
      mark(40, 'look', approver, { material_id: null, page: 1 }),
    ])
    expect(seen.screens).toEqual([
      { from_s: 0, to_s: 40, material_id: 'material-1', page: 1, who: ['周明远'], together: false },
    ])
  })

  it('is there at 00:00 when it came in the first second, and not when it came later', () => {
    const of = (second: number) =>
      shown([mark(second, 'look', approver, { material_id: 'material-1', page: 1 })]).screenAt(0)
    expect(of(0.7)).toMatchObject({ material_id: 'material-1', from_s: 0 })
    expect(of(1)).toBeNull()
    // of two in the first second the earlier one lay there, and nobody looks at one page together with himself
    const both = shown([
      mark(0.2, 'look', approver, { material_id: 'material-1', page: 1 }),
      mark(0.6, 'look', approver, { material_id: 'material-2', page: 1 }),
    ])
    expect(both.screenAt(0)).toMatchObject({ material_id: 'material-1' })
    const to_and_fro = [1, 2, 1].map((page, n) =>
      mark(0.2 + n / 5, 'look', approver, { material_id: 'material-1', page }),
    )
    expect(shown(to_and_fro).screens.map((one) => [one.page, one.together])).toEqual([
      [1, false],
      [2, false],
      [1, false],
    ])
  })

  it('does not begin anew when a page only says again where it is', () => {
    const seen = shown(
      [10, 15, 20].map((second) => mark(second, 'look', approver, { material_id: 'material-1', page: 1 })),
    )
    expect(seen.screens).toHaveLength(1)
    expect(seen.screens[0]).toMatchObject({ from_s: 10, to_s: 1198 })
  })
})

describe('who pointed', () => {
  it('at a field, until he stops or falls silent', () => {
    const seen = shown([
      mark(10, 'point', approver, { field: 'appointed_on' }),
      mark(15, 'point', approver, { field: 'appointed_on' }),
      mark(18, 'point', approver, { field: null }),
      mark(100, 'point', approver, { field: 'new_person' }),
    ])
    expect(seen.pointingsAt(9)).toEqual([])
    expect(seen.pointingsAt(16)[0]).toMatchObject({
      field: 'appointed_on',
      who: '周明远',
      from_s: 10,
      to_s: 18,
    })
    expect(seen.pointingsAt(19)).toEqual([])
    expect(seen.pointingsAt(110)[0]?.field).toBe('new_person')
    expect(seen.pointingsAt(134)).toEqual([])
  })

  it('into a page, along the way the pointer went', () => {
    const seen = shown([
      mark(10, 'pointer', approver, { material_id: 'material-1', page: 2, x: 0.2, y: 0.4 }),
      mark(11, 'pointer', approver, { material_id: 'material-1', page: 2, x: 0.4, y: 0.8 }),
      mark(20, 'pointer', approver, { material_id: 'material-1', page: 2, x: 0.5, y: 0.5 }),
      mark(20.5, 'pointer', approver, { material_id: 'material-1', page: 2, x: null, y: null }),
    ])
    const [first] = seen.pointingsAt(10.5)
    expect(first).toMatchObject({ page: 2, field: null, from_s: 10, to_s: 12.5 })
    const place = first && pointerAt(first, 10.5)
    expect(place?.x).toBeCloseTo(0.3)
    expect(place?.y).toBeCloseTo(0.6)
    expect(seen.pointingsAt(15)).toEqual([])
    expect(seen.pointingsAt(20.4)).toHaveLength(1)
    expect(seen.pointingsAt(20.6)).toEqual([])
  })
})
