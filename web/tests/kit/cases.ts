/** A case to start from; the tests change what they are about. */
import type { CaseView, FieldState, FormField, MaterialLine, MaterialView, PersonRef, Proposal } from '../../src/wire/messages'

export const person = (id: string, name = id): PersonRef => ({
  id, name, staff_number: 'SZ-0310', unit_id: 'unit-jn', unit_name: '济南市市中区政务服务中心', place: '济南市中', window_name: '3 号窗口',
})
export const by = person('person-01', '李秀兰')

const line = (key: string, name: string, need: MaterialLine['need'] = 'required'): MaterialLine => ({
  key, name, need, form: 'both', originals: 1, copies: 0, note: '', slots: [],
})

export const field = (over: Partial<FormField> & Pick<FormField, 'name'>): FormField => ({
  label: over.name, label_en: over.name, kind: 'text', required: true, sensitive: false, choices: [], hint: '', example: '', max_length: 200, group: '',
  minimum: '', maximum: '', decimals: 0, unit: '', level: 3, line: '', columns: [], min_rows: 0, max_rows: 20, rules: [], when: null, required_when: null, card: '', ...over,
})

export const value = (value: string, version: number, who = by): FieldState => ({ value, version, by: who, at: '2026-11-24T06:00:00Z', on_behalf_of: null })

export const proposal = (over: Partial<Proposal> & Pick<Proposal, 'id'>): Proposal => ({
  field: 'appointed_on', value: '2026-11-18', old_value: '', reason: '', by, at: '2026-11-24T06:00:00Z', state: 'open', closed_by: null, closed_at: null, ...over,
})

export const material = (over: Partial<MaterialView> & Pick<MaterialView, 'id' | 'line'>): MaterialView => ({
  number: 1, name: 'a.pdf', state: 'stored', size_bytes: 10, media_type: 'application/pdf', sha256: null, pages: 1, rejected_code: null,
  duplicate_of: null, by, at: '2026-11-24T05:00:00Z', review: 'none', review_reason: '', reviewed_by: null, reviewed_at: null,
  side: 'window', purpose: 'material', answers: null, grade: null, grade_note: '', graded_by: null, graded_at: null, viewed: null, origin: null, slot: 0, ...over,
})

export function caseView(over: Partial<CaseView> = {}): CaseView {
  return {
    id: 'case-0001',
    number: null,
    state: 'reviewing',
    mode: 'proxy',
    item: {
      id: 'item-001', code: 'x', name: '分公司负责人变更登记', version: 1, unit_id: 'unit-xh', unit_name: '青岛西海岸新区行政审批服务局',
      place: '青岛西海岸', promised_days: 3, modes: ['proxy'], recording_refusal: 'not_recorded', checklist: [], guide: '', signature: 'optional', rules: [],
      lines: [line('application', '变更登记申请书'), line('appointment', '任职文件'), line('identity', '身份证件'), line('permit', '许可文件', 'optional')],
      form_title: '变更登记申请表',
      form: [field({ name: 'new_person' }), field({ name: 'appointed_on', kind: 'date' }), field({ name: 'remark', kind: 'long_text', required: false })],
    },
    clerk: by,
    window_name: '3 号窗口',
    window_unit_id: 'unit-jn',
    window_unit_name: '济南市市中区政务服务中心',
    window_place: '济南市中',
    applicant: { name: '孙雅宁', identity_number: '11010519491231002X', phone: '13800138000', credit_code: null },
    consent: null,
    fields: {},
    proposals: [],
    materials: [],
    decision: null,
    call_id: null,
    created_at: '2026-11-24T05:00:00Z',
    sayings: [],
    comments: [],
    checks: [],
    signature: null,
    submission: null,
    corrections: 0,
    papers: [], ratings: [],
    phones: [],
    unmaskings: [],
    drawings: [],
    drawing_only: null,
    promises: [], referrals: [],
    handovers: [],
    earlier_consent: null,
    ...over,
  }
}
