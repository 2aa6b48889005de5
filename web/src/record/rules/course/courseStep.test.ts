import { describe, expect, it } from 'vitest'
import { caseView, material, person } from '../../../../tests/kit/cases'
import type { CaseView, DeliveryView } from '../../../wire/messages'
import {
  becameOf,
  cellsOf,
  CELLS_AT_MOST,
  courseStep,
  endOf,
  endsOf,
  headSteps,
  stagesOf,
  toBegin,
} from './courseStep'

const far = { ...person('person-09', '周明远'), unit_id: 'unit-qd', window_name: null }
const clerk = person('person-01', '李秀兰')
const days = (n: number, month = '12') =>
  Array.from({ length: n }, (_, at) => ({
    on: `2026-${month}-${String(at + 1).padStart(2, '0')}`,
    number: at + 1,
  }))
const decision = {
  kind: 'accepted',
  reason: '齐全',
  by: far,
  at: '2026-11-24T06:00:00Z',
  due_on: '2026-12-04',
  due_days: days(4),
  skipped_days: [],
  provisional: false,
  points: [],
  about: [],
  correct_by: null,
  clock: null,
  combined: false,
} as unknown as NonNullable<CaseView['decision']>
const ruling = (kind: 'granted' | 'denied') =>
  ({
    kind,
    reason: '',
    bases: [],
    by: far,
    at: '2026-11-25T06:00:00Z',
    deliver: { due_on: '2026-12-09', due_days: days(10), skipped_days: [], provisional: false },
  }) as NonNullable<CaseView['course']['ruling']>
const result = (id: string) =>
  ({
    id,
    kind: 'licence',
    name: '营业执照',
    number: 'X1',
    originals: 1,
    copies: 1,
    valid_from: '2026-11-25',
    valid_until: null,
    by: far,
    at: '2026-11-25T07:00:00Z',
  }) as CaseView['course']['results'][number]
const delivery = (over: Partial<DeliveryView> = {}): DeliveryView => ({
  id: 'd1',
  way: 'collected',
  results: ['r1'],
  by: clerk,
  at: '2026-11-26T01:00:00Z',
  state: 'waiting',
  courier: '',
  tracking: '',
  receiver: null,
  note: '',
  ended_by: null,
  ended_at: null,
  ended_on: null,
  ...over,
})
const seen = {
  name: '孙雅宁',
  agent: false,
  document: 'identity_card',
  number: '1****',
  how: 'reader',
  by: clerk,
  at: '',
}
const at = (
  state: CaseView['state'],
  course: Partial<CaseView['course']> = {},
  over: Partial<CaseView> = {},
): CaseView =>
  caseView({
    state,
    clerk,
    window_unit_id: clerk.unit_id,
    decision,
    course: { ...caseView().course, ...course },
    ...over,
  })
const steps = (view: CaseView) => [courseStep(view, 'approver'), courseStep(view, 'window')]

describe('the next act', () => {
  it('goes from the ruling over issuing and delivery to the archive, each desk in its turn', () => {
    expect(steps(at('accepted'))).toEqual([{ kind: 'rule' }, { kind: 'wait', for: 'ruling' }])
    expect(steps(at('granted', { ruling: ruling('granted') }))).toEqual([
      { kind: 'issue' },
      { kind: 'wait', for: 'issuing' },
    ])
    const issued = { ruling: ruling('granted'), results: [result('r1')] }
    expect(steps(at('issued', issued))).toEqual([{ kind: 'wait', for: 'delivery' }, { kind: 'begin' }])
    expect(steps(at('issued', { ...issued, deliveries: [delivery()] }))).toEqual([
      { kind: 'wait', for: 'delivery' },
      { kind: 'check', delivery: 'd1' },
    ])
    expect(steps(at('issued', { ...issued, deliveries: [delivery({ receiver: seen as never })] }))).toEqual([
      { kind: 'wait', for: 'delivery' },
      { kind: 'end', delivery: 'd1' },
    ])
    expect(steps(at('delivered', issued))).toEqual([{ kind: 'archive' }, { kind: 'wait', for: 'archive' }])
    expect(steps(at('archived', issued))).toEqual([
      { kind: 'wait', for: 'nothing' },
      { kind: 'wait', for: 'nothing' },
    ])
  })

  it('is the approver’s where it goes electronically, and of who posted it where it is posted', () => {
    const issued = { ruling: ruling('granted'), results: [result('r1')] }
    const agreement = { address: 's***@qq.com', by: clerk, at: '' }
    expect(steps(at('issued', { ...issued, agreement }))).toEqual([
      { kind: 'begin' },
      { kind: 'wait', for: 'sending' },
    ])
    expect(
      steps(at('issued', { ...issued, deliveries: [delivery({ way: 'electronic', by: far })] })),
    ).toEqual([
      { kind: 'end', delivery: 'd1' },
      { kind: 'wait', for: 'arrival' },
    ])
    expect(steps(at('issued', { ...issued, deliveries: [delivery({ way: 'posted' })] }))).toEqual([
      { kind: 'wait', for: 'arrival' },
      { kind: 'end', delivery: 'd1' },
    ])
  })

  it('begins anew with what came back, and with each result that nobody has taken up', () => {
    const back = delivery({ way: 'posted', state: 'returned' })
    const course = { ruling: ruling('granted'), results: [result('r1'), result('r2')] }
    expect(toBegin(at('issued', { ...course, deliveries: [back] }))).toBe(true)
    expect(toBegin(at('issued', { ...course, deliveries: [delivery({ results: ['r1', 'r2'] })] }))).toBe(
      false,
    )
    expect(toBegin(at('issued', { ...course, deliveries: [delivery({ state: 'delivered' })] }))).toBe(true)
    expect(toBegin(at('denied', { ruling: ruling('denied') }))).toBe(true)
    expect(toBegin(at('denied', { ruling: ruling('denied'), deliveries: [delivery({ results: [] })] }))).toBe(
      false,
    )
  })

  it('waits for what was promised, for the clock, for papers and for originals', () => {
    const base = caseView()
    const [line] = base.item.lines
    const promises = [{ line: line!.key, due_on: '2026-12-01' }] as never
    const owing = at('accepted', {}, { promises, materials: [] })
    expect(courseStep(owing, 'approver')).toEqual({ kind: 'wait', for: 'owed' })
    const come = at(
      'accepted',
      {},
      {
        promises,
        materials: [material({ id: 'm', line: line!.key, review: 'accepted' })],
      },
    )
    expect(courseStep(come, 'approver')).toEqual({ kind: 'rule' })
    const clock = { halts: [{ ended: null }] } as never
    expect(courseStep(at('accepted', {}, { decision: { ...decision, clock } }), 'approver')).toEqual({
      kind: 'wait',
      for: 'clock',
    })
    const papers = [{ id: 'p', kind: 'closing', state: 'making' }] as never
    expect(courseStep(at('delivered', {}, { papers }), 'approver')).toEqual({ kind: 'wait', for: 'papers' })
    const handovers = [{ id: 'h', received_at: null }] as never
    expect(courseStep(at('refused', {}, { handovers }), 'approver')).toEqual({
      kind: 'wait',
      for: 'originals',
    })
  })
})

describe('the stages', () => {
  const told = (view: CaseView) => stagesOf(view).map((one) => `${one.key} ${one.state}`)
  it('stand as the case does', () => {
    expect(told(at('accepted'))).toEqual([
      'examine now',
      'rule later',
      'issue later',
      'deliver later',
      'rate later',
      'archive later',
    ])
    const issued = at('issued', { ruling: ruling('granted'), results: [result('r1')] })
    expect(told(issued).slice(1, 4)).toEqual(['rule done', 'issue done', 'deliver now'])
    expect(stagesOf(issued)[3]?.until).toBe('2026-12-09')
    expect(told(at('denied', { ruling: ruling('denied') }))).toContain('issue unneeded')
    const done = at('delivered', { ruling: ruling('granted'), results: [result('r1')] })
    expect(told(done).slice(3)).toEqual(['deliver done', 'rate later', 'archive now'])
    const archived = at('archived', {
      ruling: ruling('granted'),
      archived: { by: far, at: '2026-12-01T00:00:00Z' },
    })
    expect(told(archived).slice(4)).toEqual(['rate later', 'archive done'])
  })

  it('show an end to the side as their own', () => {
    const ending = {
      kind: 'withdrawn',
      reason: '不办了',
      by: clerk,
      at: '2026-11-25T00:00:00Z',
      cause: null,
    } as const
    expect(told(at('withdrawn', { ending }))).toEqual(['examine done', 'withdrawn done', 'archive now'])
    expect(told(at('withdrawn', { ending }, { decision: null }))).toEqual(['withdrawn done', 'archive now'])
    const refused = at('refused', {}, { decision: { ...decision, kind: 'refused' } })
    expect(told(refused)).toEqual(['refused done', 'archive now'])
    expect(endOf(refused)?.kind).toBe('refused')
    expect(endOf(at('accepted'))).toBeNull()
  })
})

it('names the steps of the head up to the archive, and never an end before it', () => {
  const at_step = (view: CaseView) => {
    const head = headSteps(view, false)
    return head.steps[head.at]
  }
  expect(headSteps(at('accepted'), false)).toEqual({
    steps: ['received', 'reviewing', 'decided', 'ruled', 'delivered', 'archived'],
    at: 2,
  })
  expect(at_step(at('registered'))).toBe('received')
  expect(headSteps(at('to_correct'), true).steps[1]).toBe('to_correct')
  expect(at_step(at('granted', { ruling: ruling('granted') }))).toBe('ruled')
  expect(at_step(at('denied', { ruling: ruling('denied') }))).toBe('denied')
  expect(at_step(at('issued', { ruling: ruling('granted') }))).toBe('delivered')
  expect(at_step(at('archived', { ruling: ruling('granted') }))).toBe('archived')
  const ending = { kind: 'terminated', reason: '', by: far, at: '', cause: 'died' } as const
  expect(headSteps(at('terminated', { ending }), false)).toEqual({
    steps: ['received', 'reviewing', 'decided', 'terminated', 'archived'],
    at: 3,
  })
  const archived = { by: far, at: '' }
  expect(at_step(at('archived', { ending, archived }))).toBe('archived')
})

it('tells what became of a result by its last try, and of a denial by any', () => {
  const back = delivery({ id: 'd0', way: 'posted', state: 'returned', ended_on: '2026-12-01' })
  const view = at('issued', { results: [result('r1'), result('r2')], deliveries: [back, delivery()] })
  expect(becameOf(view, 'r1')).toEqual({ kind: 'waiting', way: 'collected', on: null })
  expect(becameOf(view, 'r2')).toEqual({ kind: 'none' })
  expect(becameOf(at('denied', { deliveries: [delivery({ results: [] })] }), null).kind).toBe('waiting')
})

it('offers the ends without a ruling where the rules take them', () => {
  const today = '2026-12-10'
  expect(endsOf(at('reviewing'), 'window', today)).toEqual(['withdrawn'])
  expect(endsOf(at('accepted'), 'window', today)).toEqual(['withdrawn'])
  expect(endsOf(at('granted'), 'window', today)).toEqual([])
  expect(endsOf(at('accepted'), 'approver', today)).toEqual(['terminated'])
  const to_correct = (correct_by: string | null) =>
    at('to_correct', {}, { decision: { ...decision, kind: 'to_correct', correct_by } })
  expect(endsOf(to_correct('2026-12-09'), 'approver', today)).toEqual(['returned'])
  expect(endsOf(to_correct('2026-12-10'), 'approver', today)).toEqual([])
  expect(endsOf(to_correct(null), 'approver', today)).toEqual([])
})

describe('the cells of a limit', () => {
  it('count from the day on which it began, and hatch the days on which the clock stood', () => {
    const halts = [{ began: '2026-12-02', ended: '2026-12-03', why: 'expert_review' }]
    const cells = cellsOf({ due_days: days(4) }, '2026-11-30', halts, '2026-12-03', '2026-12-04')
    expect(cells.map((one) => `${one.kind} ${one.day}`)).toEqual([
      'from 2026-11-30',
      'day 2026-12-01',
      'day 2026-12-02',
      'halt 2026-12-02',
      'day 2026-12-03',
      'due 2026-12-04',
    ])
    expect(cells.find((one) => one.kind === 'halt')?.running).toBe(false)
    expect(cells.find((one) => one.today)?.day).toBe('2026-12-03')
    expect(cells.find((one) => one.act)?.kind).toBe('due')
  })

  it('are no more than the row holds, and keep the first, the last, today and the act', () => {
    const cells = cellsOf({ due_days: days(28) }, '2026-11-30', [], '2026-12-20', '2026-12-15')
    expect(cells).toHaveLength(CELLS_AT_MOST)
    const shown = cells.map((one) => one.day)
    for (const day of ['2026-11-30', '2026-12-15', '2026-12-20', '2026-12-28']) expect(shown).toContain(day)
  })
})
