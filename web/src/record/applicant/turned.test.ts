import { afterEach, describe, expect, it } from 'vitest'
import {
  type Came,
  leader,
  leftAlone,
  LOST_MS,
  masked,
  noPicture,
  RATING_MS,
  seen,
  showsOf,
  stageOf,
  stepsOf,
  whereabouts,
  type Leader,
  type Turned,
} from './turned'
import { by, caseView, field, material, proposal, value } from '../../../tests/kit/cases'

const told = (over: Partial<Turned> = {}): Turned => ({
  asked: 'follow',
  face: null,
  off: null,
  person: null,
  former: false,
  speaks: false,
  others: [],
  line: { here: '', there: '', form: 'idle', word: '' },
  recording: null,
  referred_to: null,
  elsewhere: false,
  call_id: null,
  ended_call_id: null,
  field: null,
  value: null,
  material_id: null,
  ...over,
})
const nowhere = { pointed: null, focused: null, typed: new Map<string, { value: string }>() }
const signature = (outdated = false) => ({
  id: 'signature-1',
  hash: 'a'.repeat(64),
  shown_at: '2026-11-24T06:00:00Z',
  at: '2026-11-24T06:01:00Z',
  by,
  points: 40,
  outdated,
})
const submission = {
  hash: 'a'.repeat(64),
  signature_id: 'signature-1',
  at: '2026-11-24T06:02:00Z',
  by,
  tell_by: null,
}

describe('what the applicant sees now', () => {
  it('is a word of patience when nothing is to be seen', () => {
    expect(stageOf(caseView(), told(), nowhere)).toEqual({ kind: 'wait' })
  })

  it('is the document on the table, once it is stored', () => {
    const view = caseView({
      materials: [
        material({ id: 'm1', line: 'application' }),
        material({ id: 'm2', line: 'identity', state: 'receiving' }),
      ],
    })
    expect(stageOf(view, told({ material_id: 'm1' }), nowhere)).toMatchObject({
      kind: 'document',
      name: '变更登记申请书',
    })
    expect(stageOf(view, told({ material_id: 'm2' }), nowhere).kind).toBe('wait')
  })

  it('is the field that the clerk fills, as it grows; the approver who points comes first', () => {
    const view = caseView({
      fields: { appointed_on: value('2026-11-20', 4), new_person: value('孙雅宁', 3) },
    })
    expect(stageOf(view, told({ field: 'new_person', value: '孙雅' }), nowhere)).toMatchObject({
      kind: 'field',
      value: '孙雅',
      pointed: false,
    })
    expect(
      stageOf(view, told({ field: 'new_person' }), { ...nowhere, pointed: 'appointed_on' }),
    ).toMatchObject({ kind: 'field', value: '2026-11-20', pointed: true })
  })

  it('is the open proposal before anything else that is followed', () => {
    const view = caseView({ proposals: [proposal({ id: 'p1', state: 'declined' }), proposal({ id: 'p2' })] })
    expect(stageOf(view, told({ field: 'new_person' }), nowhere)).toMatchObject({
      kind: 'confirm',
      proposal: { id: 'p2' },
      field: { name: 'appointed_on' },
    })
  })

  it('is what is to be corrected, beside the document, until all of it is mended', () => {
    const about = ['line:application', 'comment:c1']
    const decision = { kind: 'to_correct', reason: '', points: ['缺申请书', '公章不清'], about, at: by }
    const view = caseView({
      state: 'to_correct',
      decision: decision as never,
      materials: [material({ id: 'm1', line: 'identity', state: 'stored' })],
    })
    const points = [
      { text: '缺申请书', state: 'open' },
      // what the staff say to each other about it is not known here
      { text: '公章不清', state: 'open' },
    ]
    const now = told({ material_id: 'm1', field: 'new_person' })
    expect(stageOf(view, now, nowhere)).toEqual({ kind: 'correct', points })
    expect(stageOf({ ...view, signature: signature(), submission, number: '1' }, now, nowhere).kind).toBe(
      'correct',
    )
    // who fills or points at a field meanwhile is followed
    for (const at of [{ focused: 'new_person' }, { pointed: 'new_person' }])
      expect(stageOf(view, now, { ...nowhere, ...at }).kind).toBe('field')
    const mended = { ...view, decision: { ...decision, points: ['x'], about: ['field:none'] } as never }
    expect(stageOf(mended, told({ material_id: 'm1' }), nowhere).kind).toBe('document')
    // one that names nothing but its reason
    const bare = { ...view, decision: { ...decision, points: [], about: [] } as never }
    expect(stageOf(bare, now, nowhere)).toEqual({ kind: 'correct', points: [] })
    expect(stageOf({ ...view, state: 'reviewing' }, told(), nowhere).kind).toBe('wait')
  })

  it('is what he has not answered before what waits for the clerk with his answer', () => {
    const said = proposal({ id: 'p1', answer: 'yes' })
    const asked = (...proposals: (typeof said)[]) => stageOf(caseView({ proposals }), told(), nowhere)
    expect(asked(said, proposal({ id: 'p2' }))).toMatchObject({ kind: 'confirm', proposal: { id: 'p2' } })
    expect(asked(said)).toMatchObject({ kind: 'confirm', proposal: { id: 'p1' } })
  })

  it('asks about no proposal any more once the case is decided', () => {
    const decision = { kind: 'accepted' } as never
    const view = caseView({ state: 'accepted', decision, proposals: [proposal({ id: 'p1' })] })
    expect(stageOf(view, told(), nowhere)).toEqual({ kind: 'decided', decision: 'accepted' })
    const noticed = caseView({ state: 'to_correct', proposals: [proposal({ id: 'p1' })] })
    expect(stageOf(noticed, told(), nowhere).kind).toBe('confirm')
  })

  it('is how he was served, once the answered call has ended and he is not asked to sign', () => {
    const over = told({ ended_call_id: 'call-0001' })
    const view = caseView({ proposals: [proposal({ id: 'p2' })] })
    expect(stageOf(view, over, nowhere)).toEqual({ kind: 'rate', call_id: 'call-0001', given: 0 })
    expect(stageOf(view, told({ ended_call_id: 'call-0001', call_id: 'call-0002' }), nowhere).kind).toBe(
      'confirm',
    )
    // who is there while a call about another case runs was served in none about this one
    expect(stageOf(view, { ...over, elsewhere: true }, nowhere).kind).toBe('confirm')
    expect(stageOf(view, { ...over, asked: 'sign' }, nowhere).kind).toBe('sign')
    expect(stageOf(view, over, { ...nowhere, left: 'call-0001' }).kind).toBe('confirm')
    const rated = caseView({
      ratings: [
        {
          id: 'r1',
          call_id: 'call-0001',
          number: 1,
          at: '2026-11-24T06:00:00Z',
          level: null,
          reasons: [],
          text: '',
        },
      ],
    })
    expect(stageOf(rated, over, nowhere)).toMatchObject({ kind: 'rate', given: 1 })
  })

  it('says beside it that the meeting is over, as the line does, and not that there was none', () => {
    expect(noPicture(told())).toBe('no_call')
    expect(noPicture(told({ ended_call_id: 'call-1' }))).toBe('ended')
    expect(noPicture(told({ ended_call_id: 'call-1', elsewhere: true }))).toBe('elsewhere')
  })

  it('is the pad when he is asked, and again when what he signed has changed', () => {
    const asked = told({ asked: 'sign' })
    expect(stageOf(caseView(), asked, nowhere).kind).toBe('sign')
    expect(stageOf(caseView({ signature: signature() }), asked, nowhere).kind).toBe('signed')
    expect(stageOf(caseView({ signature: signature(true) }), asked, nowhere).kind).toBe('sign')
  })

  it('is the number after it was handed in, unless something changed since', () => {
    const handed_in = { number: '1137', submission }
    expect(stageOf(caseView({ ...handed_in, signature: signature() }), told(), nowhere)).toEqual({
      kind: 'done',
      number: '1137',
    })
    expect(
      stageOf(caseView({ ...handed_in, signature: signature(true) }), told({ asked: 'sign' }), nowhere).kind,
    ).toBe('sign')
    expect(
      stageOf(caseView({ ...handed_in, signature: signature() }), told({ asked: 'sign' }), nowhere).kind,
    ).toBe('done')
    // decided without it, nothing is to be signed
    const decision = { kind: 'accepted' } as never
    const decided = caseView({ state: 'accepted', decision, signature: signature(true) })
    for (const asked of ['sign', 'follow'] as const)
      expect(stageOf(decided, told({ asked, field: 'new_person' }), nowhere)).toEqual({
        kind: 'decided',
        decision: 'accepted',
      })
  })

  it('is what became of it since, whatever was handed in and signed before', () => {
    const came = (state: Came | 'accepted') =>
      stageOf(caseView({ number: '1137', submission, state, signature: signature() }), told(), nowhere)
    for (const state of ['granted', 'denied', 'issued', 'delivered', 'withdrawn', 'archived'] as const)
      expect(came(state)).toEqual({ kind: 'came', state })
    expect(came('accepted').kind).toBe('done')
  })

  it('is what the approver asks or points at, even after it was handed in', () => {
    const view = caseView({
      number: '1137',
      submission,
      signature: signature(),
      proposals: [proposal({ id: 'p1' })],
    })
    expect(stageOf(view, told(), nowhere).kind).toBe('confirm')
    expect(stageOf({ ...view, proposals: [] }, told({ field: 'new_person' }), nowhere).kind).toBe('done')
    expect(stageOf({ ...view, proposals: [] }, told(), { ...nowhere, pointed: 'appointed_on' }).kind).toBe(
      'field',
    )
  })
})

describe('the four steps', () => {
  const states = (view = caseView()) => stepsOf(view).map((one) => one.state)
  const consent = {
    given: true,
    text_version: '1',
    language: 'zh-CN',
    at: '2026-11-24T05:00:00Z',
    taken_by: by,
  } as const
  const all = ['application', 'appointment', 'identity'].map((line, at) => material({ id: `m${at}`, line }))

  it('begin with the consent', () => {
    expect(states()).toEqual(['now', 'later', 'later', 'later'])
  })

  it('take only stored materials of the window for handed in', () => {
    expect(states(caseView({ consent, materials: all.slice(1) }))).toEqual(['done', 'now', 'later', 'later'])
    const sent = material({ id: 'm9', line: 'application', side: 'approver', purpose: 'blank_form' })
    expect(states(caseView({ consent, materials: [...all.slice(1), sent] }))[1]).toBe('now')
    expect(states(caseView({ consent, materials: all }))).toEqual(['done', 'done', 'now', 'later'])
  })

  it('wait for nothing more of a case that was decided without a signature', () => {
    const decided = caseView({ consent, materials: all.slice(1), state: 'accepted' })
    expect(stepsOf(decided)).toEqual(['consent', 'materials'].map((step) => ({ step, state: 'done' })))
    expect(stepsOf({ ...decided, signature: signature(), submission }).map((one) => one.step)).toContain(
      'sign',
    )
  })

  it('go back to the signature when it no longer holds', () => {
    expect(states(caseView({ consent, materials: all, signature: signature(), submission }))).toEqual([
      'done',
      'done',
      'done',
      'done',
    ])
    expect(states(caseView({ consent, materials: all, signature: signature(true), submission }))[2]).toBe(
      'now',
    )
  })
})

describe('what others may read over his shoulder', () => {
  it('never holds a whole identity number', () => {
    expect(masked('370103198001012846')).toBe('370103********2846')
    expect(seen(field({ name: 'identity', kind: 'identity_number' }), '11010519491231002X')).toBe(
      '110105********002X',
    )
    expect(seen(field({ name: 'account', sensitive: true }), '12345')).toBe('*****')
    expect(seen(field({ name: 'phone', kind: 'phone', sensitive: true }), '13805316217')).toBe('138****6217')
    expect(seen(field({ name: 'phone', kind: 'phone', sensitive: true }), '138')).toBe('***')
    expect(seen(field({ name: 'name' }), '孙雅宁')).toBe('孙雅宁')
    expect(seen(field({ name: 'identity', kind: 'identity_number' }), '')).toBe('')
  })
})

describe('a second screen', () => {
  afterEach(() => Object.defineProperty(window, 'opener', { value: null, configurable: true }))
  const opened = (by_whom: unknown) =>
    Object.defineProperty(window, 'opener', { value: by_whom, configurable: true })
  const leads: Leader = {
    case_id: 'case-0001',
    now: () => told(),
    listen: () => () => undefined,
    shown: () => undefined,
    rates: () => undefined,
    strays: () => () => undefined,
  }

  it('is led by the page that opened it, while that page has this case', () => {
    opened({ yunjian_leader: leads })
    expect(leader('case-0001')).toBe(leads)
    expect(leader('case-0002')).toBeNull()
  })

  it('stands alone when nobody opened it, or who did has gone elsewhere', () => {
    opened(null)
    expect(leader('case-0001')).toBeNull()
    opened(
      new Proxy(
        {},
        {
          get: () => {
            throw new DOMException('foreign', 'SecurityError')
          },
        },
      ),
    )
    expect(leader('case-0001')).toBeNull()
  })

  it('knows whether the clerk has this case, another, none, or is only loading his page again', () => {
    const at = (pathname: string, rest: object = {}) => {
      opened({ closed: false, location: { pathname }, ...rest })
      return whereabouts('case-0001', '/window/cases/case-0001', '/window')
    }
    expect(at('/window/cases/case-0001', { yunjian_leader: leads })).toBe('here')
    expect(at('/window/cases/case-0001')).toBe('lost')
    expect(at('/window', { closed: true })).toBe('lost')
    expect(at('/window')).toBe('desk')
    expect(at('/window/cases/case-0002', { yunjian_leader: { ...leads, case_id: 'case-0002' } })).toBe('away')
    expect(at('/window/cases/case-0002')).toBe('away')
    expect(at('/sign-in')).toBe('away')
    opened(null)
    expect(whereabouts('case-0001', '/window/cases/case-0001', '/window')).toBe('lost')
  })

  it('shows nothing of the case once the clerk has left it; a rating that was begun goes on until he opens another', () => {
    expect(showsOf('here', false, 'nothing', false, 0)).toBe('case')
    // the call about his own case goes on
    for (const clerk of ['desk', 'away'] as const) {
      expect(showsOf(clerk, true, 'case', false, 0)).toBe('call')
      expect(showsOf(clerk, false, 'call', false, 0)).toBe('nothing')
    }
    expect(showsOf('here', true, 'call', false, 0)).toBe('case')
    expect(showsOf('lost', false, 'call', false, LOST_MS - 1)).toBe('call')
    for (const clerk of ['desk', 'away'] as const)
      expect(showsOf(clerk, false, 'case', false, 0)).toBe('nothing')
    expect(showsOf('desk', false, 'case', true, 0)).toBe('rating')
    expect(showsOf('desk', false, 'rating', true, RATING_MS - 1)).toBe('rating')
    expect(showsOf('desk', false, 'rating', true, RATING_MS)).toBe('nothing')
    expect(showsOf('desk', false, 'rating', false, 1)).toBe('nothing')
    expect(showsOf('away', false, 'rating', true, 0)).toBe('nothing')
    // it does not come back by itself
    expect(showsOf('desk', false, 'nothing', true, 0)).toBe('nothing')
    expect(showsOf('lost', false, 'case', false, LOST_MS - 1)).toBe('case')
    expect(showsOf('lost', false, 'case', true, LOST_MS)).toBe('nothing')
  })

  it('shows nothing of the clerk’s table once he has left the case', () => {
    const view = caseView({ materials: [material({ id: 'm1', line: 'application' })] })
    const led = told({ material_id: 'm1', asked: 'sign' })
    const idle = { pointed: null, focused: null, typed: new Map() }
    expect(stageOf(view, { ...led, asked: 'follow' }, idle).kind).toBe('document')
    expect(stageOf(view, leftAlone(led), idle)).toEqual({ kind: 'wait' })
    expect(leftAlone(told({ field: 'remark', value: '加急', ended_call_id: 'call-1' }))).toMatchObject({
      field: null,
      value: null,
      ended_call_id: 'call-1',
    })
  })
})
