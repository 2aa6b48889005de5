// @vitest-environment node
import { describe, expect, it } from 'vitest'
import {
  actsFor,
  farPlace,
  furtherLegs,
  groupsFor,
  invitationOf,
  isGuest,
  leavesAlone,
  leftEmpty,
  legOf,
  missedAt,
  otherLeg,
  otherSeats,
  partiesOf,
  partOf,
  partyState,
  pictureless,
  ringOf,
  seatedLegs,
  secondLeg,
  shown,
  shutFor,
  sitsElsewhere,
  spell,
  standing,
  takesSeat,
  Unrecorded,
  without,
} from './standing'
import { call, type CallView, hold, leg, liveCall, ring } from '../../../tests/kit/calls'

const well = { connection: 'connected', media: 'up', replaced: false, was_up: true } as const
const stand = (view: CallView | null, page: Partial<Parameters<typeof standing>[2]> = {}) =>
  standing(view, 'clerk', { ...well, ...page })

describe('what a call looks like from one seat', () => {
  it.each([
    ['no call', null, {}, 'idle', 'none'],
    ['ringing', call(), { media: 'none' }, 'ringing', 'ringing'],
    ['nobody rings yet', call({ rings: [] }), { media: 'none' }, 'waiting', 'waiting'],
    [
      'answered, before the media',
      liveCall(),
      { media: 'negotiating', was_up: false },
      'connecting',
      'connecting',
    ],
    [
      'media here, not there',
      liveCall({ legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver', { media: false })] }),
      {},
      'connecting',
      'connecting',
    ],
    ['in call', liveCall(), {}, 'active', 'active'],
    ['the socket broke', liveCall(), { connection: 'reconnecting' }, 'reconnecting', 'here_reconnecting'],
    ['the media broke', liveCall(), { media: 'broken' }, 'reconnecting', 'here_reconnecting'],
    [
      'the other is silent',
      liveCall({ legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver', { silent: true })] }),
      {},
      'reconnecting',
      'there_silent',
    ],
    [
      'the media of the other broke',
      liveCall({ legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver', { media: false })] }),
      { met: new Set(['leg00002']) },
      'reconnecting',
      'there_silent',
    ],
    ['held by me', liveCall({ holds: [hold('clerk')] }), {}, 'hold', 'held_here'],
    ['held by the other', liveCall({ holds: [hold('approver')] }), {}, 'hold', 'held_there'],
    [
      'held and resumed',
      liveCall({ holds: [hold('clerk', '2026-11-24T06:02:00Z')] }),
      {},
      'active',
      'active',
    ],
    [
      'held, and the network broke',
      liveCall({ holds: [hold('clerk')] }),
      { connection: 'reconnecting' },
      'reconnecting',
      'here_reconnecting',
    ],
    ['in another tab', liveCall(), { elsewhere: true, media: 'none', was_up: false }, 'hold', 'elsewhere'],
    ['ringing, dialled in another tab', call(), { elsewhere: true, media: 'none' }, 'ringing', 'ringing'],
    ['taken by a newer page', liveCall(), { replaced: true }, 'hold', 'replaced'],
    [
      'taken by a newer page, which is gone',
      liveCall({ legs: [leg('leg00001', 'clerk', { silent: true }), leg('leg00002', 'approver')] }),
      { replaced: true, media: 'none' },
      'reconnecting',
      'taking_back',
    ],
    ['hung up', liveCall({ state: 'ended', reason: 'hung_up' }), {}, 'idle', 'ended'],
    ['lost for good', liveCall({ state: 'ended', reason: 'lost' }), {}, 'lost', 'ended'],
  ] as const)('%s', (_name, view, page, form, phase) => {
    expect(stand(view as CallView | null, page)).toMatchObject({ form, phase })
  })

  it('counts a ring down to the last deadline', () => {
    const rings = [
      ring('ring0001', 'approver'),
      ring('ring0002', 'other', { deadline_at: '2026-11-24T06:00:45Z' }),
    ]
    expect(stand(call({ rings })).until).toBe('2026-11-24T06:00:45Z')
  })

  it('says until when the place of a lost seat is kept', () => {
    const gone = leg('leg00002', 'approver', { state: 'lost', held_until: '2026-11-24T06:02:10Z' })
    expect(stand(liveCall({ legs: [leg('leg00001', 'clerk'), gone] }))).toEqual({
      form: 'reconnecting',
      phase: 'there_lost',
      until: '2026-11-24T06:02:10Z',
    })
  })

  it('looks at the newest leg of a seat', () => {
    const legs = [
      leg('leg00001', 'clerk', { state: 'left' }),
      leg('leg00002', 'approver', { state: 'left' }),
      leg('leg00003', 'approver'),
      leg('leg00004', 'clerk'),
    ]
    expect(legOf(liveCall({ legs }), 'clerk')?.id).toBe('leg00004')
    expect(stand(liveCall({ legs })).phase).toBe('active')
  })

  it('tells who sits in a call from who is only asked', () => {
    expect([partOf(call(), 'clerk'), partOf(call(), 'approver'), partOf(liveCall(), 'approver')]).toEqual([
      true,
      false,
      true,
    ])
  })
})

describe('a ring that was let pass', () => {
  const passed = (ring_over = {}, case_id = 'case0001') => ({
    call: { ...call(), case_id },
    ring: ring('ring0001', 'approver', { state: 'missed', closed_at: '2026-11-24T06:00:30Z', ...ring_over }),
  })
  it.each([
    ['nobody has called back', [passed()], true, '2026-11-24T06:00:30Z'],
    ['somebody has called back', [passed()], false, null],
    ['of another case', [passed({}, 'case0002')], true, null],
    [
      'an invitation, about which nobody calls back',
      [passed({ invite_id: 'inv00001' })],
      false,
      '2026-11-24T06:00:30Z',
    ],
    [
      'the last of two',
      [passed(), passed({ closed_at: null, deadline_at: '2026-11-24T07:00:30Z' })],
      true,
      '2026-11-24T07:00:30Z',
    ],
  ] as const)('%s', (_name, rings, still, at) => {
    expect(missedAt(rings, 'case0001', still)).toBe(at)
  })
})

describe('whether a page takes the seat by itself', () => {
  const empty = liveCall({ legs: [leg('leg00001', 'clerk', { silent: true }), leg('leg00002', 'approver')] })
  const fresh = { replaced: false, sat: false, deserted: false }
  it.each([
    ['another tab has it', liveCall(), fresh, false],
    ['it was loaded anew', liveCall(), { ...fresh, sat: true }, true],
    ['the page that had it is gone just now, maybe to come back', empty, fresh, false],
    ['the page that had it has been gone for a while', empty, { ...fresh, deserted: true }, true],
    ['the page that had it came back', liveCall(), { ...fresh, deserted: true }, false],
    [
      'a newer page took it from this one, and is gone',
      empty,
      { ...fresh, replaced: true, deserted: true },
      false,
    ],
    ['the call is over', liveCall({ state: 'ended', reason: 'hung_up' }), { ...fresh, sat: true }, false],
  ] as const)('%s', (_name, view, page, takes) => {
    expect(takesSeat(view, 'clerk', page)).toBe(takes)
  })

  it('never takes a seat of another person, and shows no call keys while another tab has it', () => {
    expect(takesSeat(liveCall(), 'stranger', { ...fresh, sat: true })).toBe(false)
    expect(sitsElsewhere(stand(liveCall(), { elsewhere: true }))).toBe(true)
  })
})

describe('a call of six', () => {
  const seats = ['window', 'approver', 'third', 'fourth', 'fifth', 'sixth'] as const
  const people = ['clerk', 'approver', 'expert', 'fourth', 'fifth', 'sixth']
  const six = liveCall({ legs: seats.map((seat, n) => leg(`leg0000${n + 1}`, people[n]!, { seat })) })

  it.each([
    ['clerk', ['leg00004', 'leg00005', 'leg00006']],
    ['fourth', ['leg00003', 'leg00005', 'leg00006']],
    ['sixth', ['leg00003', 'leg00004', 'leg00005']],
  ])('gives %s those beyond the second in the order of the m-lines', (who, ids) => {
    expect(furtherLegs(six, who).map((one) => [one.leg.id, one.group])).toEqual(
      ids.map((id, n) => [id, n + 2]),
    )
  })

  it('leaves out who has left, and moves nobody', () => {
    const legs = six.legs.map((one) => (one.seat === 'fourth' ? { ...one, state: 'left' as const } : one))
    expect(furtherLegs({ ...six, legs }, 'clerk').map((one) => one.group)).toEqual([3, 4])
    expect(seatedLegs({ ...six, legs })).toHaveLength(5)
  })

  it('needs more lines from the fourth seat on', () => {
    expect([groupsFor(six.legs.slice(0, 3)), groupsFor(six.legs.slice(0, 4))]).toEqual([2, 5])
    expect(seats.filter(isGuest)).toEqual(['third', 'fourth', 'fifth', 'sixth'])
  })
})

describe('a call of three', () => {
  const third = (more = {}) => leg('leg00003', 'expert', { seat: 'third', ...more })
  const three = (more = {}) =>
    liveCall({ legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver'), third(more)] })
  const invitation = (more = {}) => ring('ring0009', 'expert', { invite_id: 'invite01', ...more })

  it.each([
    ['clerk', ['approver', 'third'], 'leg00002', 'leg00003'],
    ['approver', ['window', 'third'], 'leg00001', 'leg00003'],
    ['expert', ['window', 'approver'], 'leg00001', 'leg00002'],
  ])('gives %s the other two seats in the order of the m-lines', (who, seats, first, second) => {
    expect(otherSeats(three(), who)).toEqual(seats)
    expect([otherLeg(three(), who)?.id, secondLeg(three(), who)?.id]).toEqual([first, second])
  })

  it('stays active for the two when the third is lost, and forgets him once he left', () => {
    expect(stand(three({ state: 'lost' })).phase).toBe('active')
    expect(secondLeg(three({ state: 'lost' }), 'clerk')?.state).toBe('lost')
    expect(secondLeg(three({ state: 'left' }), 'clerk')).toBeNull()
  })

  it('is no call of the third any more once he left it', () => {
    expect(partOf(three(), 'expert')).toBe(true)
    expect(partOf(three({ state: 'left', ended_at: '2026-11-24T06:05:00Z' }), 'expert')).toBe(false)
    const over = { state: 'ended', reason: 'hung_up', ended_at: '2026-11-24T06:09:00Z' } as const
    expect(partOf({ ...three({ state: 'left', ended_at: '2026-11-24T06:09:00Z' }), ...over }, 'expert')).toBe(
      true,
    )
    expect(partOf({ ...three({ state: 'left', ended_at: '2026-11-24T06:05:00Z' }), ...over }, 'expert')).toBe(
      false,
    )
  })

  it('goes on with who came of the unit that decides when the approver was relieved', () => {
    const relieved = (more = {}) =>
      liveCall({
        legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver', { state: 'left' }), third(more)],
      })
    expect(stand(relieved()).phase).toBe('active')
    expect(stand(relieved({ state: 'lost' })).phase).toBe('there_lost')
    expect([
      partOf(relieved(), 'clerk'),
      partOf(relieved(), 'approver'),
      partOf(relieved(), 'expert'),
    ]).toEqual([true, false, true])
    expect(pictureless(legOf(relieved(), 'approver'), false)).toBe('call.party.lost')
  })

  describe('whose case went to the unit of the third', () => {
    const now = 'unit-expert'
    const ids = (view: CallView, who: string, deciding?: string) =>
      partiesOf(view, who, deciding).map((one) => [one.leg.id, one.group])
    const without_first = (state: 'lost' | 'left') =>
      liveCall({
        legs: [
          leg('leg00001', 'clerk'),
          leg('leg00002', 'approver', { state, held_until: '2026-11-24T06:09:00Z' }),
          third(),
        ],
      })

    it('shows the window who decides first, and nobody who has left', () => {
      expect(ids(three(), 'clerk')).toEqual([
        ['leg00002', 0],
        ['leg00003', 1],
      ])
      expect(ids(three(), 'clerk', now)).toEqual([
        ['leg00003', 1],
        ['leg00002', 0],
      ])
      expect(ids(three(), 'approver', now)[0]).toEqual(['leg00001', 0])
      expect(ids(without_first('left'), 'clerk')).toEqual([['leg00003', 1]])
      expect(shown(legOf(without_first('left'), 'approver'), '2')).toBe(false)
    })

    it('goes on for the window while who decided before is lost', () => {
      expect(stand(without_first('lost')).phase).toBe('there_lost')
      expect(stand(without_first('lost'), { deciding: now }).phase).toBe('active')
    })

    it('is left by who decided before, and ended by who decides', () => {
      const alone = (who: string, deciding?: string) => leavesAlone(three(), who, deciding)
      expect([alone('clerk'), alone('approver'), alone('expert')]).toEqual([false, false, true])
      expect([alone('clerk', now), alone('approver', now), alone('expert', now)]).toEqual([
        false,
        true,
        false,
      ])
      expect([farPlace(three()), farPlace(three(), now)]).toEqual(['approver', 'expert'])
      const over = { ...without_first('left'), state: 'ended', ended_at: '2026-11-24T06:19:00Z' } as const
      expect(partOf(over, 'approver')).toBe(false)
    })
  })

  it('is not taken for ringing while somebody is invited', () => {
    const view = liveCall({ rings: [ring('ring0001', 'approver', { state: 'answered' }), invitation()] })
    expect(stand(view).phase).toBe('active')
    expect(invitationOf(view)).toMatchObject({ id: 'invite01', rings: [{ id: 'ring0009' }] })
    expect(invitationOf(liveCall())).toBeNull()
  })

  it('finds the ring that rings before the one that is over', () => {
    const view = liveCall({ rings: [ring('ring0001', 'expert', { state: 'missed' }), invitation()] })
    expect(ringOf(view, 'expert')?.id).toBe('ring0009')
  })

  it('says how each party is connected', () => {
    expect(
      [third(), third({ silent: true }), third({ media: false }), third({ state: 'lost', silent: true })].map(
        (one) => partyState(one),
      ),
    ).toEqual(['connected', 'silent', 'connecting', 'lost'])
    expect([partyState(third(), true), partyState(third({ media: false }), true)]).toEqual([
      'connected',
      'silent',
    ])
  })
})

describe('spelling a duration', () => {
  it.each([
    [0, '00:00'],
    [59.9, '00:59'],
    [516, '08:36'],
    [3729, '1:02:09'],
    [-3, '00:00'],
  ])('%d s is %s', (seconds, words) => {
    expect(spell(seconds)).toBe(words)
  })
})

describe('a unit in a call', () => {
  it('is there with whoever sits, and not with who has left', () => {
    const legs = [leg('a', 'clerk'), leg('b', 'approver')]
    expect(without(call({ legs }), 'unit-approver')).toBe(false)
    expect(without(call({ legs }), 'unit-guest')).toBe(true)
    const came = leg('c', 'guest', { seat: 'third' })
    expect(without(call({ legs: [...legs, came] }), 'unit-guest')).toBe(false)
    expect(without(call({ legs: [...legs, { ...came, state: 'left' }] }), 'unit-guest')).toBe(true)
  })
})

describe('a line that carries nothing', () => {
  it('was closed by its person, or has no device; the key is told first', () => {
    expect(shutFor(leg('leg00002', 'approver'), '1')).toBeNull()
    expect(shutFor(leg('leg00002', 'approver', { lacking: ['1'] }), '1')).toBe('lacking')
    expect(shutFor(leg('leg00002', 'approver', { lacking: ['1'] }), '0')).toBeNull()
    expect(shutFor(leg('leg00002', 'approver', { lacking: ['1'], muted: ['1'] }), '1')).toBe('muted')
    expect(shutFor(null, '1')).toBeNull()
  })

  it('says so where a picture would be, what holds all back first', () => {
    const shut = leg('leg00002', 'approver', { muted: ['1'] })
    expect(pictureless(shut, true)).toBe('call.holding.picture')
    expect(pictureless({ ...shut, state: 'lost' }, false)).toBe('call.party.lost')
    expect(pictureless(shut, false)).toBe('call.muted.camera')
    expect(pictureless(leg('leg00002', 'approver', { lacking: ['1'] }), false)).toBe('call.lacking.camera')
    expect(pictureless(null, false)).toBe('call.picture_coming')
  })
})

describe('the seat of a page that a newer one took', () => {
  const legs = (newer: object) =>
    liveCall({
      legs: [
        leg('leg00001', 'clerk', { state: 'left' }),
        leg('leg00002', 'approver'),
        leg('leg00003', 'clerk', newer),
      ],
    })

  it('is empty once the newer page is away, and not while it lives', () => {
    expect(leftEmpty(legs({}), 'clerk')).toBe(false)
    expect(leftEmpty(legs({ silent: true }), 'clerk')).toBe(true)
    expect(leftEmpty(legs({ state: 'lost' }), 'clerk')).toBe(true)
    expect(leftEmpty(legs({ state: 'left' }), 'clerk')).toBe(false)
    expect(leftEmpty({ ...legs({ silent: true }), state: 'ended' }, 'clerk')).toBe(false)
  })
})

describe('a party of whom nothing is recorded though it should be', () => {
  const of = (more: object, call_more: object = {}) =>
    liveCall({ legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver', more)], ...call_more })
  const who = (unrecorded: Unrecorded, view: CallView, now_ms: number) =>
    unrecorded.look(view, now_ms).map((one) => one.person.name)

  it('is named soon when his recording had begun, and later when it never did', () => {
    const begun = new Unrecorded()
    expect(who(begun, of({}), 0)).toEqual([])
    expect(who(begun, of({ recording: false }), 1_000)).toEqual([])
    expect(who(begun, of({ recording: false }), 3_000)).toEqual(['approver'])
    expect(who(begun, of({}), 4_000)).toEqual([])
    const never = new Unrecorded()
    expect(who(never, of({ recording: false }), 0)).toEqual([])
    expect(who(never, of({ recording: false }), 14_000)).toEqual([])
    expect(who(never, of({ recording: false }), 16_000)).toEqual(['approver'])
  })

  it.each([
    ['on hold', { recording: false }, { holds: [hold('clerk')] }],
    ['not to be recorded', { recording: false }, { recording_consented: false }],
    ['his connection is broken', { recording: false, media: false }, {}],
    ['he has closed both lines', { recording: false, muted: ['0'], lacking: ['1'] }, {}],
  ] as const)('is nobody: %s', (_why, more, call_more) => {
    const unrecorded = new Unrecorded()
    who(unrecorded, of({}), 0)
    who(unrecorded, of(more, call_more), 1_000)
    expect(who(unrecorded, of(more, call_more), 60_000)).toEqual([])
  })
})

it('gives the part of the approver to who came of the unit to which the case went', () => {
  const [old, came] = [leg('leg00002', 'approver'), leg('leg00003', 'new', { seat: 'third' })]
  const watches = { ...came, barged: true }
  const running = liveCall({ legs: [leg('leg00001', 'clerk'), old, came] })
  const parts = (deciding: string) => [old, came, watches].map((one) => actsFor(running, one, deciding))
  expect(parts('unit-approver')).toEqual(['approver', 'other', 'other'])
  expect(parts('unit-new')).toEqual(['former', 'approver', 'other'])
  expect(parts('unit-third')).toEqual(['former', 'other', 'other'])
})
