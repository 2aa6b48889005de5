/** Calls as the server sends them, for the tests of what the page makes of them. */
import type { CallSnapshot, CallView, LegView, PersonRef, RingView } from '../../src/wire/messages'

export type { CallView } from '../../src/wire/messages'

export function person(id: string): PersonRef {
  return {
    id,
    name: id,
    staff_number: `N-${id}`,
    unit_id: `unit-${id}`,
    unit_name: `unit of ${id}`,
    place: id,
    window_name: null,
  }
}

export function leg(id: string, who: string, more: Partial<LegView> = {}): LegView {
  return {
    id,
    seat: who === 'clerk' ? 'window' : 'approver',
    person: person(who),
    state: 'joined',
    silent: false,
    media: true,
    recording: true,
    muted: [],
    lacking: [],
    joined_at: '2026-11-24T06:00:00Z',
    ended_at: null,
    previous_leg_id: null,
    held_until: null,
    barged: false,
    ...more,
  }
}

export function ring(id: string, who: string, more: Partial<RingView> = {}): RingView {
  return {
    id,
    target: person(who),
    state: 'ringing',
    rung_at: '2026-11-24T06:00:00Z',
    deadline_at: '2026-11-24T06:00:30Z',
    closed_at: null,
    invite_id: null,
    invited_by: null,
    note: '',
    ...more,
  }
}

export function call(more: Partial<CallView> = {}): CallView {
  return {
    id: 'call0001',
    case_id: 'case0001',
    state: 'open',
    reason: null,
    caller: person('clerk'),
    target_unit_id: 'unit-approver',
    target_place: 'approver',
    card: {
      item_name: '分公司负责人变更登记',
      applicant_masked: '孙**',
      window_name: '3号窗口',
      place: '济南市中',
      unit_name: '济南市市中区政务服务中心',
      mode: 'proxy',
      waiting_since: '2026-11-24T06:00:00Z',
      materials_stored: 0,
      materials_required: 4,
      registered_at: null,
      question: null,
    },
    rings: [ring('ring0001', 'approver')],
    legs: [leg('leg00001', 'clerk', { media: false, recording: false })],
    recording_consented: true,
    opened_at: '2026-11-24T06:00:00Z',
    answered_at: null,
    ended_at: null,
    holds: [],
    consent_withdrawn_at: null,
    ...more,
  }
}

export function hold(by: string, until: string | null = null): CallView['holds'][number] {
  return { by: person(by), since: '2026-11-24T06:01:00Z', until }
}

export function liveCall(more: Partial<CallView> = {}): CallView {
  return call({
    state: 'live',
    rings: [ring('ring0001', 'approver', { state: 'answered' })],
    legs: [leg('leg00001', 'clerk'), leg('leg00002', 'approver')],
    answered_at: '2026-11-24T06:00:10Z',
    ...more,
  })
}

export function snapshot(view: CallView, version = 3): CallSnapshot {
  return { version, audience: 'party', call: view, monitors: [] }
}
