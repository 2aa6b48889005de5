import { describe, expect, it } from 'vitest'
import { i18n, learn, speak } from '../../i18n'
import { valuesOf } from '../replay/useWords'
import type { TimelineMark } from './marks/marks'
import { found, happening, marksOf, neighbour } from './timeline'
import { holdsOf, withdrawnOf } from './presence'
import { field, material, value } from '../../../tests/kit/cases'
import { approver, at, callView, caseView, clerk, historyOf } from '../../../tests/kit/recorded'

const said = (mark: TimelineMark): string => mark.kind
const kinds = (marks: readonly TimelineMark[]): string[] => marks.map((one) => one.kind)

describe('what happened', () => {
  const view = caseView({ window_unit_id: 'unit-jn' })
  const file = material({
    id: 'material-1',
    line: 'appointment',
    name: '任职文件.pdf',
    state: 'receiving',
    by: clerk,
  })
  const stored = { ...file, state: 'stored' as const }
  const returned = {
    ...stored,
    review: 'returned' as const,
    review_reason: '缺落款日期',
    reviewed_by: approver,
    reviewed_at: at(60),
  }
  const comment = {
    id: 'comment-1',
    on: 'field:appointed_on',
    state: 'open' as const,
    entries: [{ by: approver, at: at(70), text: '日期不对' }],
    closed_by: null,
    closed_at: null,
  }
  const saying = {
    id: 'saying-1',
    lane: 'shared' as const,
    text: '请看营业执照',
    by: clerk,
    on_behalf_of: null,
    call_id: 'call-0001',
    at: at(80),
  }
  const history = historyOf(view, [
    [
      -60,
      'case.consented',
      { consent: { given: true, text_version: '1', language: 'zh-CN', at: at(-60), taken_by: clerk } },
    ],
    [20, 'material.changed', { material: file }],
    [30, 'material.changed', { material: stored }],
    [
      40,
      'case.edited',
      { field: 'appointed_on', field_state: value('2026-11-20', 5, clerk), outdated: [], sensitive: false },
    ],
    [60, 'material.changed', { material: returned }],
    [70, 'case.commented', { comment }],
    [
      75,
      'case.commented',
      { comment: { ...comment, entries: [...comment.entries, { by: clerk, at: at(75), text: '已改' }] } },
    ],
    [
      76,
      'case.commented',
      {
        comment: {
          ...comment,
          state: 'resolved',
          closed_by: approver,
          closed_at: at(76),
          entries: [...comment.entries, { by: clerk, at: at(75), text: '已改' }],
        },
      },
    ],
    [80, 'case.said', { saying }],
    [
      90,
      'case.signed',
      {
        signature: {
          id: 'signature-1',
          hash: 'a'.repeat(64),
          shown_at: at(85),
          at: at(90),
          by: clerk,
          points: 30,
          outdated: false,
        },
      },
    ],
    [
      100,
      'case.decided',
      {
        number: '1',
        state: 'accepted',
        decision: {
          kind: 'accepted',
          reason: '齐全',
          by: approver,
          at: at(100),
          due_on: null,
          due_days: [],
          skipped_days: [],
          provisional: false,
          points: [],
        },
      },
    ],
  ])
  const marks = marksOf(history, view, callView())

  it('stands at its second of the call, in order', () => {
    expect(marks.map((one) => one.at_s)).toEqual([...marks.map((one) => one.at_s)].sort((a, b) => a - b))
    expect(marks.find((one) => one.kind === 'edited')?.at_s).toBe(40)
    expect(marks.find((one) => one.kind === 'consent_given')?.at_s).toBe(-60)
    expect(marks.find((one) => one.kind === 'ended')?.at_s).toBe(1200)
  })

  it('tells of a file once that it came and once that it was judged', () => {
    expect(kinds(marks.filter((one) => one.material_id === 'material-1'))).toEqual([
      'file_begun',
      'file_stored',
      'review_returned',
    ])
    expect(marks.find((one) => one.kind === 'review_returned')).toMatchObject({
      row: 'decisions',
      tone: 'amber',
      who: '周明远',
      side: 'far',
      values: { line: '任职文件', reason: '缺落款日期' },
    })
  })

  it('tells that a judgement was taken back, and by whom', () => {
    const taken = historyOf(view, [
      [20, 'material.changed', { material: returned }],
      [25, 'material.changed', { material: stored }],
    ])
    expect(
      marksOf(taken, view, callView())
        .filter((one) => one.material_id)
        .at(-1),
    ).toMatchObject({
      kind: 'review_withdrawn',
      who: '周明远',
      row: 'decisions',
    })
  })

  it('tells of a thread what was done to it', () => {
    expect(kinds(marks.filter((one) => one.row === 'talk'))).toEqual([
      'commented',
      'comment_answered',
      'comment_resolved',
      'said',
    ])
    expect(marks.find((one) => one.kind === 'commented')).toMatchObject({
      field: 'appointed_on',
      values: { text: '日期不对' },
    })
  })

  it('says of the applicant that he saw what is to be signed only where it was shown to him', () => {
    const read = historyOf(view, [
      [50, 'case.shown', { hash: 'a'.repeat(64), to: 'clerk', by: clerk }],
      [60, 'case.shown', { hash: 'a'.repeat(64), to: 'applicant', by: null }],
    ])
    const told = marksOf(read, view, callView()).filter((one) => ['read_over', 'shown'].includes(one.kind))
    expect(told.map(({ kind, who, side }) => [kind, who, side])).toEqual([
      ['read_over', '李秀兰', 'here'],
      ['shown', '孙**', 'guest'],
    ])
  })

  it('tells each step of the course by its last act, and who did it', () => {
    const course = (over: object) => ({
      ruling: null,
      results: [],
      agreement: null,
      deliveries: [],
      ending: null,
      archived: null,
      ...over,
    })
    const posted = { id: 'd1', way: 'posted', by: clerk, at: at(1200), state: 'waiting', ended_at: null }
    const back = { ...posted, state: 'returned', note: '无人签收', ended_by: clerk, ended_at: at(1250) }
    const step = (second: number, step: string, over: object): [number, string, Record<string, unknown>] => [
      second,
      'case.advanced',
      { step, state: 'issued', course: course(over) },
    ]
    const read = historyOf(view, [
      step(1100, 'ruled', { ruling: { kind: 'granted', reason: '符合条件', by: clerk } }),
      step(1150, 'issued', { results: [{ name: '营业执照', by: clerk }] }),
      step(1200, 'delivery_begun', { deliveries: [posted] }),
      step(1250, 'delivery_ended', { deliveries: [back] }),
      step(1300, 'finished', { ending: { kind: 'withdrawn', reason: '不办了', by: clerk } }),
      step(1350, 'archived', { archived: { by: clerk } }),
    ])
    const told = marksOf(read, view, callView()).filter((one) => one.row === 'decisions')
    expect(
      told.slice(-6).map(({ kind, who, values }) => [kind, who, Object.values(values).join(' ')]),
    ).toEqual([
      ['ruled_granted', '李秀兰', '符合条件'],
      ['issued', '李秀兰', '1 营业执照'],
      ['delivery_begun', '李秀兰', 'posted'],
      ['delivery_returned', '李秀兰', 'posted 无人签收'],
      ['ended_withdrawn', '李秀兰', '不办了'],
      ['archived', '李秀兰', ''],
    ])
  })

  it('tells why somebody was not well served', async () => {
    await learn('work', 'case')
    const rated = historyOf(view, [
      [
        1300,
        'case.rated',
        {
          rating: {
            id: 'r1',
            call_id: 'call-0001',
            number: 1,
            at: at(1300),
            level: 4,
            reasons: ['waiting', 'unclear'],
            text: '来了三次',
          },
        },
      ],
    ])
    const [mark] = marksOf(rated, view, callView()).filter((one) => one.kind === 'rated_4')
    expect(valuesOf(i18n.global.t as never, mark!)['text']).toBe('等得太久、没有讲清楚：来了三次')
    expect(
      valuesOf(i18n.global.t as never, { ...mark!, values: { text: '', reasons: 'waiting' } })['text'],
    ).toBe('等得太久')
  })

  it('tells when the call was on hold, and by whom', () => {
    const held = callView({
      holds: [
        { by: approver, since: at(100), until: at(160) },
        { by: clerk, since: at(1190), until: at(1200) },
      ],
    })
    expect(holdsOf(held, 1200)).toEqual([
      { from_s: 100, to_s: 160 },
      { from_s: 1190, to_s: 1200 },
    ])
    // the end of the call ends the last one: that is told once
    expect(
      kinds(marksOf([], view, held).filter((one) => one.kind === 'held' || one.kind === 'resumed')),
    ).toEqual(['held', 'resumed', 'held'])
  })

  it('tells a consent that was taken back in the call from one that was refused', () => {
    const no = historyOf(view, [
      [
        100,
        'case.consented',
        { consent: { given: false, text_version: '1', language: 'zh-CN', at: at(100), taken_by: clerk } },
      ],
    ])
    const kind = (call: ReturnType<typeof callView>): string | undefined =>
      kinds(marksOf(no, view, call)).find((one) => one.startsWith('consent'))
    expect(kind(callView({ consent_withdrawn_at: at(100) }))).toBe('consent_withdrawn')
    expect(kind(callView())).toBe('consent_refused')
    // from then on nothing was recorded, to the end of the meeting
    expect(withdrawnOf(callView({ consent_withdrawn_at: at(100) }), 1200)).toEqual([
      { from_s: 100, to_s: 1200 },
    ])
    expect(withdrawnOf(callView(), 1200)).toEqual([])
  })

  it('tells that a signature became void, by what, and that one was not taken', () => {
    const signature = {
      id: 'signature-1',
      hash: 'a'.repeat(64),
      shown_at: at(5),
      at: at(10),
      by: clerk,
      points: 30,
      outdated: false,
    }
    const edit = (second: number, version: number): [number, string, Record<string, unknown>] => [
      second,
      'case.edited',
      {
        field: 'appointed_on',
        field_state: value('2026-11-20', version, clerk),
        outdated: [],
        sensitive: false,
      },
    ]
    const history_of_two = historyOf(view, [
      edit(1, 2),
      [10, 'case.signed', { signature }],
      edit(20, 3),
      edit(21, 4),
      [30, 'case.signed', { signature: { ...signature, id: 'signature-2' } }],
      [40, 'case.signed', { signature: { ...signature, id: 'signature-3' } }],
      [50, 'material.changed', { material: stored }],
    ])
    const refused = [
      { at: at(35), by: clerk, code: 'stale' },
      { at: at(36), by: clerk, code: 'case_closed' },
    ]
    const signatures = marksOf(history_of_two, view, callView(), refused).filter((one) =>
      one.kind.startsWith('sign'),
    )
    expect(signatures.map((one) => [one.at_s, one.kind, one.values['what']])).toEqual([
      [10, 'signed', undefined],
      [20, 'signature_void', 'appointed_on'],
      [30, 'signed', undefined],
      [35, 'signature_stale', undefined],
      [36, 'signature_refused', undefined],
      [40, 'signed_anew', undefined],
      [50, 'signature_void', '任职文件.pdf'],
    ])
    expect(signatures[1]).toMatchObject({ who: '李秀兰', row: 'decisions', tone: 'amber' })
  })

  it('names a field as the form does in the language that is spoken', async () => {
    const form = [field({ name: 'appointed_on', label: '任职日期', label_en: 'Appointed on' })]
    const named = () =>
      marksOf(history, caseView({ item: { ...view.item, form } }), callView())
        .filter((one) => one.kind === 'edited' || one.kind === 'commented')
        .map((one) => one.values['field'] ?? one.values['on'])
    expect(new Set(named())).toEqual(new Set(['任职日期']))
    await speak('en')
    expect(new Set(named())).toEqual(new Set(['Appointed on']))
    await speak('zh-CN')
  })

  it('names the applicant for what he did himself', () => {
    expect(marks.find((one) => one.kind === 'signed')).toMatchObject({ who: '孙**', side: 'guest' })
  })

  it('is found by file name, by words that were said, by field and by person', () => {
    expect(kinds(found(marks, '任职文件.pdf', said))).toEqual([
      'file_begun',
      'file_stored',
      'review_returned',
    ])
    expect(kinds(found(marks, '营业执照', said))).toEqual(['said'])
    expect(kinds(found(marks, 'appointed_on 2026-11', said))).toEqual(['edited'])
    expect(kinds(found(marks, '周明远 齐全', said))).toEqual(['decided_accepted'])
    expect(found(marks, '没有的', said)).toEqual([])
    expect(found(marks, '  ', said)).toHaveLength(marks.length)
  })

  it('is walked through by its neighbours and named at its second', () => {
    expect(neighbour(marks, 30, 1)?.kind).toBe('edited')
    expect(neighbour(marks, 40, -1)?.kind).toBe('file_stored')
    expect(neighbour(marks, 5000, 1)).toBeNull()
    expect(happening(marks, 41)?.kind).toBe('edited')
    expect(happening(marks, 50)).toBeNull()
  })
})
