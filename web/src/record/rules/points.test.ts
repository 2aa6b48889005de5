// @vitest-environment node
import { describe, expect, it } from 'vitest'
import {
  checklistOf,
  commentsOn,
  correcting,
  noticedOf,
  openComments,
  pointsOf,
  sentOf,
  submitted,
} from './points'
import type { CaseView, MaterialView, Comment, SignatureView } from '../../wire/messages'
import { by, caseView, material, value } from '../../../tests/kit/cases'

const comment = (id: string, on: string, state: Comment['state'] = 'open'): Comment => ({
  id,
  on,
  state,
  entries: [{ by, at: '2026-11-24T06:00:00Z', text: `关于${id}` }],
  closed_by: null,
  closed_at: null,
})
const signature = (over: Partial<SignatureView> = {}): SignatureView => ({
  id: 'sign-0001',
  hash: 'a'.repeat(64),
  shown_at: '2026-11-24T06:00:00Z',
  at: '2026-11-24T06:01:00Z',
  by,
  points: 40,
  outdated: false,
  ...over,
})
const item = {
  ...caseView().item,
  checklist: [
    { key: 'identity', text: '核对本人' },
    { key: 'rights', text: '告知权利' },
  ],
  signature: 'required' as const,
}

const mixed = caseView({
  item,
  fields: { new_person: value('孙雅宁', 2) },
  materials: [
    material({ id: 'm1', line: 'application', review: 'accepted' }),
    material({ id: 'm2', line: 'appointment', review: 'returned', review_reason: '缺落款日期' }),
    material({ id: 'm3', line: 'permit', review: 'returned', review_reason: '过期' }),
    material({ id: 'm4', line: 'identity', state: 'receiving' }),
    material({ id: 'm5', line: 'other', name: '情况说明.pdf', review: 'returned', review_reason: '未签名' }),
    material({ id: 'm6', line: 'other', number: 2 }),
  ],
  comments: [comment('c1', 'field:new_person'), comment('c2', 'line:appointment', 'resolved')],
  checks: [
    { point: 'identity', verdict: 'lacking', note: '未带原件', by, at: '2026-11-24T06:00:00Z' },
    { point: 'rights', verdict: 'ok', note: '', by, at: '2026-11-24T06:00:00Z' },
  ],
})

describe('what is open in a case', () => {
  it('is named all at once in a notice', () => {
    expect(pointsOf(mixed).map((one) => [one.kind, one.id])).toEqual([
      ['returned', 'line:appointment'],
      ['missing', 'line:identity'],
      ['returned', 'line:permit'],
      ['other', 'file:m5'],
      ['field', 'field:appointed_on'],
      ['comment', 'comment:c1'],
      ['check', 'check:identity'],
    ])
  })

  it('is found by its place', () => {
    expect(commentsOn(mixed, 'field:new_person').map((one) => one.id)).toEqual(['c1'])
    expect(openComments(mixed).map((one) => one.id)).toEqual(['c1'])
    expect(checklistOf(mixed).map(({ check }) => check?.verdict)).toEqual(['lacking', 'ok'])
  })
})

describe('the signed summary', () => {
  const submission = {
    hash: 'a'.repeat(64),
    signature_id: 'sign-0001',
    at: '2026-11-24T06:02:00Z',
    by,
    tell_by: null,
  }
  it('holds until something changes', () => {
    expect(submitted(caseView())).toBe(false)
    expect(submitted(caseView({ signature: signature() }))).toBe(false)
    expect(submitted(caseView({ signature: signature(), submission }))).toBe(true)
    expect(submitted(caseView({ signature: signature({ outdated: true }), submission }))).toBe(false)
    expect(submitted(caseView({ signature: signature({ id: 'sign-0002' }), submission }))).toBe(false)
  })
})

describe('what the approver sent', () => {
  it('is listed newest first, with what was returned for it', () => {
    const view = caseView({
      materials: [
        material({ id: 's1', line: 'other', side: 'approver', purpose: 'blank_form' }),
        material({ id: 'm1', line: 'other', answers: 's1' }),
        material({ id: 's2', line: 'identity', side: 'approver', purpose: 'sample' }),
        material({ id: 's3', line: 'identity', side: 'approver', purpose: 'guide', state: 'cancelled' }),
      ],
    })
    expect(sentOf(view).map((one) => [one.material.id, one.returned.map((back) => back.id)])).toEqual([
      ['s2', []],
      ['s1', ['m1']],
    ])
  })
})

describe('what became of a notice', () => {
  const told = [
    '任职文件：缺落款日期',
    '许可文件：过期',
    '缺少：身份证件',
    '情况说明.pdf：未签名',
    '未填写：appointed_on',
    'new_person：关于c1',
    '核对本人：未带原件',
  ]
  const about = [
    'line:appointment:1',
    'line:permit:1',
    'line:identity',
    'line:other:1',
    'field:appointed_on',
    'comment:c1',
    'check:identity',
  ]
  const decision = { kind: 'to_correct', points: told, about } as unknown as NonNullable<CaseView['decision']>
  const noticed: CaseView = { ...mixed, state: 'to_correct', decision }
  const states = (view: CaseView): string[] => noticedOf(view).map((one) => one.state)

  it('stands as long as nothing came, and is read once it came', () => {
    expect(noticedOf(mixed)).toEqual([])
    expect(noticedOf(noticed).map((one) => one.text)).toEqual(told)
    expect(states(noticed)).toEqual(['open', 'open', 'came', 'open', 'open', 'open', 'open'])
    const again = {
      ...noticed,
      materials: [...noticed.materials, material({ id: 'm9', line: 'appointment', number: 2 })],
    }
    expect(states(again)[0]).toBe('came')
  })

  it('does not take one side of a card for the other', () => {
    const two = (materials: MaterialView[]): CaseView => ({
      ...noticed,
      item: {
        ...noticed.item,
        lines: noticed.item.lines.map((one) =>
          one.key === 'identity' ? { ...one, slots: ['正面', '反面'] } : one,
        ),
      },
      materials,
      decision: { ...decision, points: ['缺少：身份证件（反面）'], about: ['line:identity:2'] },
    })
    const front = material({ id: 'f1', line: 'identity', slot: 1 })
    expect(states(two([front]))).toEqual(['open'])
    expect(states(two([front, material({ id: 'f2', line: 'identity', slot: 2, number: 2 })]))).toEqual([
      'came',
    ])
    // both sides as the pages of one file
    expect(states(two([{ ...front, pages: 2 }]))).toEqual(['came'])
  })

  it('is settled by the judgement of what came, and with its last point the case is no longer one to correct', () => {
    const good = noticed.materials
      .filter((one) => one.line !== 'other')
      .map((one) => ({ ...one, state: 'stored' as const, review: 'accepted' as const, review_reason: '' }))
    const others = noticed.materials.filter((one) => one.line === 'other')
    const some: CaseView = { ...noticed, materials: [...good, ...others] }
    expect(states(some)).toEqual(['settled', 'settled', 'settled', 'open', 'open', 'open', 'open'])
    expect(correcting(some)).toBe(true)
    const rest: CaseView = {
      ...some,
      materials: [
        ...good,
        ...others,
        material({ id: 'm10', line: 'other', number: 3, slot: 1, review: 'accepted' }),
      ],
      fields: { ...some.fields, appointed_on: value('2026-11-18', 3) },
      comments: some.comments.map((one) => ({ ...one, state: 'resolved' as const })),
      checks: some.checks.map((one) => ({ ...one, verdict: 'ok' as const })),
    }
    expect(states(rest)).toEqual(told.map(() => 'settled'))
    expect(correcting(rest)).toBe(false)
    expect(correcting({ ...rest, comments: [comment('c9', 'case')] })).toBe(true)
    // of a notice from before places were kept nothing is settled before all is
    const old = (view: CaseView): CaseView => ({ ...view, decision: { ...decision, about: [] } })
    expect(states(old(some))).toEqual(told.map(() => 'open'))
    expect(states(old(rest))).toEqual(told.map(() => 'settled'))
    // one that names nothing but its reason stands
    expect(correcting({ ...rest, decision: { ...decision, points: [], about: [] } })).toBe(true)
  })

  it('is told by places, not by words', () => {
    const other = { ...noticed, decision: { ...decision, points: told.map((_, at) => `${at}`) } }
    expect(states(other)).toEqual(states(noticed))
    // what was put on another line is asked for no more where its own may be empty
    const moved = {
      ...noticed,
      materials: noticed.materials.map((one) =>
        one.line === 'permit' ? { ...one, line: 'application', slot: 2 } : one,
      ),
    }
    expect(states(moved)[1]).toBe('settled')
  })
})
