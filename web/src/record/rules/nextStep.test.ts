// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { approverStep, signStep, windowStep, type WindowNow } from './nextStep'
import { hindranceOf } from './lacking'
import { pointsOf } from './points'
import type { CaseView } from '../../wire/messages'
import { by, caseView, material, person, proposal, value } from '../../../tests/kit/cases'

const checklist = [
  { key: 'identity', text: '核对本人' },
  { key: 'rights', text: '告知权利' },
]
const item = { ...caseView().item, checklist, signature: 'required' as const }
const checks = checklist.map((one) => ({
  point: one.key,
  verdict: 'ok' as const,
  note: '',
  by,
  at: '2026-11-24T06:00:00Z',
}))
const fields = { new_person: value('孙雅宁', 2), appointed_on: value('2026-11-18', 3) }
const LINES = ['application', 'appointment', 'identity']
const stored = (review: 'none' | 'accepted' | 'returned') =>
  LINES.map((line, n) =>
    material({ id: `m${n}`, line, review, review_reason: review === 'returned' ? '缺章' : '' }),
  )
const signature = {
  id: 'sign-0001',
  hash: 'a'.repeat(64),
  shown_at: '2026-11-24T06:00:00Z',
  at: '2026-11-24T06:01:00Z',
  by,
  points: 40,
  outdated: false,
}
const submission = { signature_id: 'sign-0001', by, at: '2026-11-24T06:02:00Z' } as NonNullable<
  CaseView['submission']
>
const whole = caseView({ item, fields, materials: stored('accepted'), checks, signature, submission })
const judge = { ...person('person-02', '周明远'), unit_id: 'unit-xh', window_name: null }
const comment = (
  id: string,
  on: string,
  ...answers: CaseView['comments'][number]['entries']
): CaseView['comments'][number] => ({
  id,
  on,
  state: 'open',
  entries: [{ by: judge, at: '2026-11-24T06:05:00Z', text: '请说明' }, ...answers],
  closed_by: null,
  closed_at: null,
})

describe('the next step of the approver', () => {
  it('is to look at what came, the open one first, then what lies on no line', () => {
    const view = caseView({ item, materials: [...stored('none'), material({ id: 'm9', line: 'other' })] })
    expect(approverStep(view)).toEqual({ kind: 'review', n: 4, line: 'application', file: 'm0' })
    expect(approverStep(view, 'identity')).toMatchObject({ kind: 'review', line: 'identity' })
    // each file of a line is one to look at
    const both = {
      ...view,
      materials: [...view.materials, material({ id: 'm8', line: 'identity', slot: 2 })],
    }
    expect(approverStep(both)).toMatchObject({ kind: 'review', n: 5 })
    // and of a line with several the next is one that nobody has judged
    const front = {
      ...both,
      materials: both.materials.map((one) =>
        one.id === 'm2' ? { ...one, review: 'accepted' as const } : one,
      ),
    }
    expect(approverStep(front, 'identity', 'm2')).toMatchObject({ n: 4, line: 'identity', file: 'm8' })
    expect(approverStep(both, 'identity', 'm8')).toMatchObject({ line: 'identity', file: 'm8' })
    const rest = {
      ...view,
      materials: view.materials.map((one) =>
        one.line === 'other' ? one : { ...one, review: 'accepted' as const },
      ),
    }
    expect(approverStep(rest, 'application')).toEqual({ kind: 'review', n: 1, line: null, file: 'm9' })
  })

  it('is then to check the points, and only then to decide', () => {
    const view = caseView({ item, materials: stored('accepted'), checks: checks.slice(0, 1) })
    expect(approverStep(view)).toEqual({ kind: 'check', n: 1, point: 'rights' })
    expect(approverStep({ ...view, checks })).toEqual({ kind: 'to_correct', n: 2 })
    expect(approverStep({ ...whole, checks: [] })).toMatchObject({ kind: 'check', n: 2 })
  })

  it('is to tell of a file that is sent back, and the points wait until it comes again', () => {
    const view = caseView({ item, fields, materials: stored('returned'), checks: [] })
    expect(approverStep(view)).toEqual({ kind: 'to_correct', n: 3 })
    const beside = caseView({
      item,
      fields,
      materials: [
        ...stored('accepted'),
        material({ id: 'm9', line: 'other', review: 'returned', review_reason: '无关' }),
      ],
    })
    expect(approverStep(beside)).toEqual({ kind: 'to_correct', n: 1 })
  })

  it('is no notice before anything was brought, nor while something comes', () => {
    expect(approverStep(caseView())).toEqual({ kind: 'wait', for: 'materials' })
    // points to check among them: there is nothing to check them against
    expect(approverStep(caseView({ item }))).toEqual({ kind: 'wait', for: 'materials' })
    const coming = caseView({
      fields,
      materials: [
        ...stored('accepted').slice(1),
        material({ id: 'm7', line: 'application', state: 'receiving' }),
      ],
    })
    expect(approverStep(coming)).toEqual({ kind: 'wait', for: 'materials' })
  })

  it('is nobody else’s once the notice was given, until something new comes', () => {
    const told = caseView({ item, fields, state: 'to_correct', materials: stored('returned') })
    expect(approverStep(told)).toEqual({ kind: 'wait', for: 'corrections' })
    const again = {
      ...told,
      materials: [...told.materials, material({ id: 'm8', line: 'identity', number: 2 })],
    }
    expect(approverStep(again)).toMatchObject({ kind: 'review', n: 1, line: 'identity' })
  })

  it('waits for the signature, accepts, and leaves', () => {
    expect(approverStep({ ...whole, submission: null, signature: null })).toEqual({
      kind: 'wait',
      for: 'sign',
    })
    expect(approverStep({ ...whole, submission: null, signature: { ...signature, outdated: true } })).toEqual(
      { kind: 'wait', for: 'sign' },
    )
    expect(approverStep({ ...whole, submission: null })).toEqual({ kind: 'wait', for: 'hand_in' })
    expect(approverStep(whole)).toEqual({ kind: 'accepted' })
    // what the window adopts would change what is accepted
    expect(approverStep({ ...whole, proposals: [proposal({ id: 'p1' })] })).toEqual({
      kind: 'wait',
      for: 'proposal',
    })
    expect(
      approverStep({
        ...whole,
        proposals: [proposal({ id: 'p1', state: 'declined' }), proposal({ id: 'p2', field: 'gone' })],
      }),
    ).toEqual({ kind: 'accepted' })
    // where it need not be signed, too, no two desks have a filled button for opposite ends
    const free = { ...whole, item: { ...item, signature: 'optional' as const } }
    expect(approverStep(free)).toEqual({ kind: 'accepted' })
    expect(approverStep({ ...free, submission: null, signature: null })).toEqual({
      kind: 'wait',
      for: 'sign',
    })
    expect(approverStep({ ...free, submission: null })).toEqual({ kind: 'wait', for: 'hand_in' })
    expect(approverStep({ ...free, signature: { ...signature, outdated: true } })).toEqual({
      kind: 'wait',
      for: 'sign',
    })
    expect(hindranceOf({ ...free, submission: null, signature: null })).toBeNull()
    expect(approverStep({ ...whole, state: 'accepted' })).toEqual({ kind: 'leave' })
  })

  it('is to end what the window answered, and to wait for the answer before', () => {
    const asked = { ...whole, comments: [comment('c1', 'case')] }
    expect(approverStep(asked)).toEqual({ kind: 'wait', for: 'answer' })
    const answered = {
      ...whole,
      comments: [comment('c1', 'case', { by, at: '2026-11-24T06:10:00Z', text: '已核对' })],
    }
    expect(approverStep(answered)).toEqual({ kind: 'resolve', n: 1, comment: 'c1' })
    // what the window asks is the approver's too; what waits for judgement goes first
    const own = {
      ...whole,
      comments: [
        { ...asked.comments[0]!, entries: [{ by, at: '2026-11-24T06:05:00Z', text: '原件可否后补' }] },
      ],
    }
    expect(approverStep(own)).toEqual({ kind: 'resolve', n: 1, comment: 'c1' })
    expect(
      approverStep({
        ...answered,
        materials: [...stored('accepted'), material({ id: 'm9', line: 'other' })],
      }),
    ).toMatchObject({ kind: 'review' })
    // a notice asks for it once more
    const told = {
      ...answered,
      state: 'to_correct' as const,
      decision: { kind: 'to_correct', at: '2026-11-24T06:20:00Z', points: [] } as unknown as NonNullable<
        CaseView['decision']
      >,
    }
    expect(approverStep(told)).toEqual({ kind: 'wait', for: 'corrections' })
    // others beside it: one notice for all
    expect(approverStep({ ...asked, fields: {} })).toMatchObject({ kind: 'to_correct', n: 3 })
  })

  it('takes what was mended at the place of a comment for its answer', () => {
    const on_field = { ...whole, comments: [comment('c1', 'field:new_person')] }
    expect(approverStep(on_field)).toEqual({ kind: 'wait', for: 'answer' })
    expect(
      approverStep({
        ...on_field,
        fields: { ...fields, new_person: { ...value('孙宁', 4), at: '2026-11-24T06:09:00Z' } },
      }),
    ).toMatchObject({ kind: 'resolve' })
    const on_line = { ...whole, comments: [comment('c1', 'line:identity')] }
    expect(approverStep(on_line)).toEqual({ kind: 'wait', for: 'answer' })
    const again = material({
      id: 'm8',
      line: 'identity',
      number: 2,
      review: 'accepted',
      at: '2026-11-24T06:09:00Z',
    })
    expect(approverStep({ ...on_line, materials: [...on_line.materials, again] })).toMatchObject({
      kind: 'resolve',
    })
  })

  it('comes back for what was promised to an accepted case', () => {
    const lines = [...item.lines, { ...item.lines[0]!, key: 'tax', name: '清税证明', need: 'later' as const }]
    const owing = { ...whole, item: { ...item, lines }, state: 'accepted' as const }
    expect(approverStep(owing)).toEqual({ kind: 'leave' })
    const promised = {
      ...owing,
      promises: [{ line: 'tax', due_on: '2026-12-01' } as CaseView['promises'][number]],
      materials: [...owing.materials, material({ id: 'm6', line: 'tax' })],
    }
    expect(approverStep(promised)).toMatchObject({ kind: 'review', n: 1, line: 'tax' })
  })
})

describe('what stands in the way of acceptance', () => {
  it('is counted as the notice counts it, and told in words where the notice names nothing', () => {
    const mixed = caseView({ item, materials: [...stored('none').slice(0, 2)] })
    expect(hindranceOf(mixed)).toEqual({ why: 'points', n: pointsOf(mixed).length })
    expect(hindranceOf(caseView({ item, fields, materials: stored('none') }))).toEqual({
      why: 'unread',
      n: 3,
    })
    expect(hindranceOf({ ...whole, submission: null })).toEqual({ why: 'hand_in' })
    expect(hindranceOf({ ...whole, submission: null, signature: null })).toEqual({ why: 'sign' })
    expect(hindranceOf(whole)).toBeNull()
  })
})

describe('the next step of the window', () => {
  const consent = { given: true, at: '2026-11-24T05:30:00Z' } as NonNullable<CaseView['consent']>
  const asked = (over: Partial<CaseView> = {}): CaseView => caseView({ consent, ...over })
  const now = (over: Partial<WindowNow> = {}): WindowNow => ({
    in_call: false,
    unrated: null,
    asking: false,
    missing: 0,
    ...over,
  })

  it('is not to ask for a signature that is being asked for, and to hand in once it is there', () => {
    expect(signStep(false, false, false)).toBe('ask')
    expect(signStep(false, true, false)).toBe('wait')
    // what is missing comes first, and nothing is filled meanwhile
    for (const signed of [true, false]) expect(signStep(signed, false, true)).toBe('complete')
    for (const under_way of [true, false]) expect(signStep(true, under_way, false)).toBe('hand_in')
  })

  it('is to ask for the consent before it is to call', () => {
    const refused = (recording_refusal: 'not_recorded' | 'no_call') =>
      asked({
        state: 'registered',
        consent: { ...consent, given: false },
        item: { ...item, recording_refusal },
      })
    expect(windowStep(caseView({ state: 'registered' }), now({ missing: 3 }))).toEqual({ kind: 'consent' })
    expect(windowStep(refused('not_recorded'), now({ missing: 3 }))).toEqual({ kind: 'dial' })
    expect(windowStep(refused('no_call'), now({ missing: 3 }))).toEqual({ kind: 'none' })
    // a consultation is registered or answered where it stands: no key of the foot hangs up
    const question = caseView({ state: 'consulting' })
    expect(windowStep(question, now({ in_call: true }))).toEqual({ kind: 'none' })
    expect(windowStep(question, now())).toEqual({ kind: 'dial' })
  })

  it('is to call and to hand in, and then the approver’s to decide', () => {
    for (const in_call of [true, false])
      expect(windowStep({ ...whole, consent }, now({ in_call }))).toEqual({ kind: 'wait', for: 'decision' })
    // something came up since
    expect(windowStep({ ...whole, consent }, now({ missing: 1 }))).toEqual({ kind: 'dial' })
    expect(windowStep({ ...whole, consent, state: 'registered' }, now())).toEqual({ kind: 'dial' })
    expect(windowStep(asked({ state: 'registered' }), now({ missing: 3 }))).toEqual({ kind: 'dial' })
    expect(windowStep(asked(), now({ in_call: true, missing: 3 }))).toEqual({ kind: 'none' })
    expect(windowStep(asked(), now({ in_call: true }))).toEqual({ kind: 'submit' })
    expect(windowStep({ ...whole, consent, submission: null }, now())).toEqual({ kind: 'submit' })
    // what a notice named is brought, in a further call as between calls, where it is the filled step
    const noticed = asked({ state: 'to_correct' })
    expect(windowStep(noticed, now({ in_call: true, missing: 1 }))).toEqual({ kind: 'none' })
    expect(windowStep(noticed, now({ missing: 2 }))).toEqual({ kind: 'correct', n: 2 })
  })

  it('is to answer a comment, and then to wait for its end where nothing else is missing', () => {
    const open = asked({ comments: [comment('c1', 'case'), comment('c2', 'line:identity')] })
    for (const in_call of [true, false])
      expect(windowStep(open, now({ in_call, missing: 4 }))).toEqual({ kind: 'answer', n: 2, comment: 'c1' })
    const answered = asked({
      comments: [comment('c1', 'case', { by, at: '2026-11-24T06:10:00Z', text: '已核对' })],
    })
    for (const in_call of [true, false])
      expect(windowStep(answered, now({ in_call, missing: 1 }))).toEqual({ kind: 'wait', for: 'resolve' })
    expect(windowStep(answered, now({ in_call: true, missing: 2 }))).toEqual({ kind: 'none' })
    expect(windowStep(answered, now({ unrated: 'call-1', missing: 1 }))).toEqual({
      kind: 'rate',
      call_id: 'call-1',
    })
    expect(windowStep({ ...open, state: 'registered' }, now({ missing: 4 }))).toEqual({ kind: 'dial' })
  })

  it('is a proposal first, and after a decided case’s meeting the rating, which the call is ended for', () => {
    const open = caseView({ proposals: [proposal({ id: 'p1' })] })
    expect(windowStep(open, now({ unrated: 'call-1' }))).toEqual({ kind: 'proposal', id: 'p1' })
    expect(windowStep({ ...whole, consent }, now({ unrated: 'call-1' }))).toEqual({
      kind: 'rate',
      call_id: 'call-1',
    })
    expect(windowStep({ ...whole, consent }, now({ unrated: 'call-1', missing: 1 }))).toEqual({
      kind: 'dial',
    })
    expect(windowStep(asked({ state: 'to_correct' }), now({ unrated: 'call-1', missing: 1 }))).toEqual({
      kind: 'rate',
      call_id: 'call-1',
    })
    expect(windowStep(whole, now({ unrated: 'call-1', in_call: true }))).toMatchObject({ kind: 'wait' })
    expect(windowStep({ ...whole, state: 'accepted' }, now({ in_call: true }))).toEqual({ kind: 'finish' })
    // the applicant's own screen asks for it by itself
    const asking = { unrated: 'call-1', asking: true }
    expect(windowStep({ ...whole, state: 'accepted' }, now(asking))).toEqual({ kind: 'leave' })
    expect(windowStep(asked({ state: 'to_correct' }), now({ ...asking, missing: 1 }))).toEqual({
      kind: 'correct',
      n: 1,
    })
    expect(windowStep({ ...whole, state: 'accepted' }, now({ unrated: 'call-1' }))).toEqual({
      kind: 'rate',
      call_id: 'call-1',
    })
    expect(windowStep({ ...whole, state: 'accepted' }, now())).toEqual({ kind: 'leave' })
  })
})
