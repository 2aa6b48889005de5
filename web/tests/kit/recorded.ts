/** A call with its case to start from: 20 minutes, answered at 06:18. */
import type {
  CallView,
  CaseView,
  HistoryEvent,
  LegView,
  MarkView,
  PersonRef,
  PlaybackView,
} from '../../src/wire/messages'
import { caseView } from './cases'

export const clerk: PersonRef = {
  id: 'person-01',
  name: '李秀兰',
  staff_number: 'SZ-0310',
  unit_id: 'unit-jn',
  unit_name: '济南市市中区政务服务中心',
  place: '济南市中',
  window_name: '3 号窗口',
}
export const approver: PersonRef = {
  id: 'person-02',
  name: '周明远',
  staff_number: 'XHA-0217',
  unit_id: 'unit-xh',
  unit_name: '青岛西海岸新区行政审批服务局',
  place: '青岛西海岸',
  window_name: null,
}
export const third: PersonRef = {
  id: 'person-03',
  name: '孙蕾',
  staff_number: 'LC-0107',
  unit_id: 'unit-lc',
  unit_name: '聊城',
  place: '聊城',
  window_name: null,
}

export const ZERO = Date.parse('2026-11-24T06:18:00Z')
/** The moment at a second of the call. */
export const at = (second: number): string => new Date(ZERO + second * 1000).toISOString()

export const leg = (
  id: string,
  seat: LegView['seat'],
  person: PersonRef,
  from: number,
  to: number | null,
  over: Partial<LegView> = {},
): LegView => ({
  id,
  seat,
  person,
  state: to === null ? 'joined' : 'left',
  silent: false,
  media: true,
  recording: true,
  muted: [],
  lacking: [],
  joined_at: at(from),
  ended_at: to === null ? null : at(to),
  previous_leg_id: null,
  held_until: null,
  barged: false,
  ...over,
})

export function callView(over: Partial<CallView> = {}): CallView {
  return {
    id: 'call-0001',
    case_id: 'case-0001',
    state: 'ended',
    reason: 'hung_up',
    caller: clerk,
    target_unit_id: 'unit-xh',
    target_place: '青岛西海岸',
    card: {
      item_name: '分公司负责人变更登记',
      applicant_masked: '孙**',
      window_name: '3 号窗口',
      place: '济南市中',
      unit_name: '济南',
      mode: 'proxy',
      waiting_since: at(-10),
      materials_stored: 1,
      materials_required: 3,
      registered_at: null,
      question: null,
    },
    rings: [],
    recording_consented: true,
    opened_at: at(-10),
    answered_at: at(0),
    ended_at: at(1200),
    holds: [],
    consent_withdrawn_at: null,
    legs: [leg('leg-0001', 'window', clerk, -10, 1200), leg('leg-0002', 'approver', approver, 0, 1198)],
    ...over,
  }
}

export const playback = (
  id: string,
  seat: PlaybackView['seat'],
  from: number,
  over: Partial<PlaybackView> = {},
): PlaybackView => ({
  id,
  call_id: 'call-0001',
  seat,
  person: seat === 'window' ? clerk : approver,
  state: 'ready',
  started_at: at(from),
  duration_s: 1195,
  size_bytes: 1,
  sha256: null,
  width: 320,
  height: 240,
  gaps: [],
  source: 'face',
  progress: 1,
  fault: '',
  media_type: 'video/webm',
  chapters: [],
  loudness: null,
  ...over,
})

export const mark = (
  second: number,
  kind: MarkView['kind'],
  by: PersonRef,
  body: MarkView['body'],
): MarkView => ({ at: at(second), kind, by, body })

/** The events of a case from its creation on, in the order given. */
export function historyOf(
  view: CaseView,
  events: [second: number, type: string, body: Record<string, unknown>][],
): HistoryEvent[] {
  const all: [number, string, Record<string, unknown>][] = [[-600, 'case.created', { case: view }], ...events]
  return all.map(([second, type, body], index) => ({
    version: index + 1,
    type,
    at: at(second),
    event: { type, subject: `case:${view.id}`, version: index + 1, at: at(second), ...body },
  }))
}

export { caseView }
