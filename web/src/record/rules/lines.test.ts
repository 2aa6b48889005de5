// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { formFaults } from './form/fields'
import {
  linesOf,
  movedFrom,
  nextOther,
  nextUnread,
  open,
  othersOf,
  proposalOf,
  refusedOf,
  tally,
  sideWith,
  usualSlot,
  versionOf,
} from './lines'
import { caseView, material, proposal, value } from '../../../tests/kit/cases'

const states = (materials: Parameters<typeof material>[0][]) =>
  linesOf(caseView({ materials: materials.map(material) })).map((one) => one.state)

describe('the lines of a material list', () => {
  it('have the state of their newest version that was not cancelled', () => {
    expect(states([])).toEqual(['none', 'none', 'none', 'none'])
    expect(
      states([
        { id: 'm1', line: 'application', review: 'returned' },
        { id: 'm2', line: 'application', number: 2 },
        { id: 'm3', line: 'appointment', review: 'accepted' },
        { id: 'm4', line: 'appointment', number: 2, state: 'cancelled' },
        { id: 'm5', line: 'identity', state: 'rejected' },
        { id: 'm6', line: 'permit', state: 'receiving' },
      ]),
    ).toEqual(['unread', 'accepted', 'rejected', 'receiving'])
  })

  it('show a file where it was put, on another line or another side', () => {
    const was = material({ id: 'm1', line: 'identity', slot: 2 })
    const at = (over: Partial<typeof was>) =>
      movedFrom(
        caseView({ materials: [material({ id: 'm2', line: 'identity' }), material({ ...was, ...over })] }),
        was,
      )
    expect(at({})).toBeNull()
    expect(at({ review: 'accepted' })).toBeNull()
    expect(at({ line: 'permit', slot: 1 })).toMatchObject({ id: 'm1', line: 'permit' })
    expect(at({ slot: 1 })).toMatchObject({ id: 'm1', slot: 1 })
  })

  it('keep the one before when a newer file was not taken', () => {
    const view = caseView({
      materials: [
        material({ id: 'm1', line: 'identity', review: 'accepted' }),
        material({ id: 'm2', line: 'identity', number: 2, state: 'rejected', rejected_code: 'file_broken' }),
      ],
    })
    const line = linesOf(view)[2]
    expect([line?.state, line?.current?.id, line?.slots[0]?.failed?.id]).toEqual(['accepted', 'm1', 'm2'])
    // a try that came to nothing is no old version, and the next one that is taken is the second
    expect(line?.slots[0]?.versions.map((one) => one.id)).toEqual(['m1'])
    const taken = material({ id: 'm3', line: 'identity', number: 3 })
    const after = { ...view, materials: [...view.materials, taken] }
    expect([
      linesOf(after)[2]?.slots[0]?.failed,
      linesOf(after)[2]?.slots[0]?.versions.map((one) => one.id),
      versionOf(after, taken),
    ]).toEqual([null, ['m3', 'm1'], 2])
    expect(linesOf(caseView())[2]?.slots).toEqual([])
  })

  it('tell of what was not taken until a later try of the line is', () => {
    const told = (...materials: ReturnType<typeof material>[]) =>
      refusedOf(linesOf(caseView({ materials }))[2]!).map((one) => one.id)
    const lost = material({
      id: 'm2',
      line: 'identity',
      number: 2,
      slot: 2,
      state: 'rejected',
      rejected_code: 'file_broken',
    })
    const kept = material({ id: 'm1', line: 'identity', slot: 1 })
    expect(told(lost)).toEqual(['m2'])
    expect(told(kept, lost)).toEqual(['m2'])
    const next = material({ id: 'm3', line: 'identity', number: 3, slot: 3 })
    expect(told(kept, lost, { ...next, state: 'receiving' })).toEqual(['m2'])
    expect(told(kept, lost, next)).toEqual([])
    expect(linesOf(caseView({ materials: [kept, lost, next] }))[2]?.slots.map((one) => one.slot)).toEqual([
      1, 3,
    ])
  })

  it('tell of a side of a card that was not taken while that side lacks', () => {
    const told = (...materials: ReturnType<typeof material>[]) => {
      const view = caseView({ materials })
      const lines = view.item.lines.map((one) =>
        one.key === 'identity' ? { ...one, slots: ['正面', '反面'] } : one,
      )
      return refusedOf(linesOf({ ...view, item: { ...view.item, lines } })[2]!).map((one) => one.id)
    }
    const back = material({ id: 'm1', line: 'identity', slot: 2, state: 'rejected' })
    const front = material({ id: 'm2', line: 'identity', number: 2, slot: 1 })
    expect(told(back, front)).toEqual(['m1'])
    expect(told(back, { ...front, pages: 2 })).toEqual([])
  })

  it('leave out what is on no line, which is read one by one', () => {
    const view = caseView({
      materials: [
        material({ id: 'm1', line: 'other' }),
        material({ id: 'm2', line: 'other', number: 2, state: 'cancelled' }),
        material({ id: 'm3', line: 'other', number: 3, purpose: 'sample', side: 'approver' }),
        material({ id: 'm4', line: 'other', number: 4, review: 'accepted' }),
        material({ id: 'm5', line: 'other', number: 5 }),
        material({ id: 'm6', line: 'identity' }),
      ],
    })
    const others = othersOf(view)
    expect(others.map((one) => one.id)).toEqual(['m1', 'm4', 'm5'])
    expect([null, 'm1', 'm5'].map((id) => nextOther(others, id)?.id)).toEqual(['m1', 'm5', 'm1'])
    expect(nextOther(others.slice(0, 1), 'm1')).toBeNull()
  })

  it('keep the old versions, newest first', () => {
    const first = linesOf(
      caseView({
        materials: [1, 2, 3].map((number) => material({ id: `m${number}`, line: 'application', number })),
      }),
    )[0]
    expect([first?.current?.id, first?.slots[0]?.versions.map((one) => one.id)]).toEqual([
      'm3',
      ['m3', 'm2', 'm1'],
    ])
  })

  it('have the state of all their files, each with its own versions', () => {
    const files = [
      material({ id: 'm1', line: 'application', review: 'accepted' }),
      material({ id: 'm2', line: 'application', number: 2, slot: 2, review: 'returned' }),
    ]
    const state = (...more: ReturnType<typeof material>[]) =>
      linesOf(caseView({ materials: [...files, ...more] }))[0]
    expect([state()?.state, state() && usualSlot(state()!)]).toEqual(['returned', 2])
    const again = material({ id: 'm3', line: 'application', number: 3, slot: 2 })
    const view = caseView({ materials: [...files, again] })
    expect([state(again)?.state, state(again)?.current?.id, versionOf(view, again)]).toEqual([
      'unread',
      'm1',
      2,
    ])
    expect(state({ ...again, review: 'accepted' })?.state).toBe('accepted')
    expect(
      state(material({ id: 'm4', line: 'application', number: 4, slot: 3, state: 'rejected' }))?.state,
    ).toBe('returned')
  })

  it('want both sides of a card, or one file of as many pages', () => {
    const card = (...materials: ReturnType<typeof material>[]) => {
      const view = caseView({ materials })
      return linesOf({
        ...view,
        item: {
          ...view.item,
          lines: view.item.lines.map((one) =>
            one.key === 'identity' ? { ...one, slots: ['正面', '反面'] } : one,
          ),
        },
      })[2]
    }
    const front = material({ id: 'm1', line: 'identity', review: 'accepted' })
    expect([card()?.state, card()?.lacks, card()?.slots.map((one) => one.name)]).toEqual([
      'none',
      ['正面', '反面'],
      ['正面', '反面'],
    ])
    expect([card(front)?.state, card(front)?.lacks, usualSlot(card(front)!)]).toEqual([
      'lacking',
      ['反面'],
      2,
    ])
    expect(card(front, { ...front, id: 'm2', number: 2, slot: 2 })?.state).toBe('accepted')
    const one = card({ ...front, pages: 2 })!
    expect([one.state, one.slots.map((side) => sideWith(one, side)?.name)]).toEqual([
      'accepted',
      [undefined, '正面'],
    ])
    expect(card(front)!.slots.map((side) => sideWith(card(front)!, side))).toEqual([null, null])
    expect(card({ ...front, review: 'not_needed' })?.state).toBe('not_needed')
  })

  it('stand in the way while required and not accepted', () => {
    const view = caseView({
      materials: [
        material({ id: 'm1', line: 'application', review: 'accepted' }),
        material({ id: 'm2', line: 'appointment', review: 'returned', review_reason: '缺落款日期' }),
        material({ id: 'm3', line: 'permit', review: 'returned', review_reason: '过期' }),
      ],
    })
    const lines = linesOf(view)
    expect(lines.map(open)).toEqual([false, true, true, true])
    expect(tally(lines)).toEqual({ accepted: 1, required: 3 })
  })

  it('lead from one unread to the next, round the list', () => {
    const lines = linesOf(
      caseView({
        materials: [material({ id: 'm1', line: 'application' }), material({ id: 'm2', line: 'identity' })],
      }),
    )
    expect(nextUnread(lines, null)?.line.key).toBe('application')
    expect(nextUnread(lines, 'application')?.line.key).toBe('identity')
    expect(nextUnread(lines, 'identity')?.line.key).toBe('application')
    expect(
      nextUnread(
        lines.filter((one) => one.line.key === 'identity'),
        'identity',
      ),
    ).toBe(null)
  })
})

describe('the form', () => {
  it('names the required fields that are empty', () => {
    const fields = { new_person: value('孙雅宁', 2), appointed_on: value('', 3) }
    expect(formFaults(caseView({ fields })).map((one) => one.place.path)).toEqual(['appointed_on'])
  })

  it('shows the open proposal of a field before later closed ones', () => {
    const one = (id: string, state: 'open' | 'declined') => proposal({ id, state })
    expect(
      proposalOf(caseView({ proposals: [one('p1', 'open'), one('p2', 'declined')] }), 'appointed_on')?.id,
    ).toBe('p1')
    expect(
      proposalOf(caseView({ proposals: [one('p1', 'declined'), one('p2', 'declined')] }), 'appointed_on')?.id,
    ).toBe('p2')
  })
})
