/** A case to start from; the tests change what they are about. */
import type { CaseView, FormField, MaterialLine, MaterialView, PersonRef } from '../../src/wire/messages'

export const by: PersonRef = { id: 'person-01', name: '李秀兰', staff_number: 'SZ-0310', unit_id: 'unit-jn', unit_name: '济南市市中区政务服务中心', place: '济南市中' }

const line = (key: string, name: string, need: MaterialLine['need'] = 'required'): MaterialLine => ({ key, name, need, form: 'both', originals: 1, copies: 0 })
const field = (name: string, label: string, kind: FormField['kind'], required = true): FormField => ({ name, label, label_en: name, kind, required })

export const material = (over: Partial<MaterialView> & Pick<MaterialView, 'id' | 'line'>): MaterialView => ({
  number: 1, name: 'a.pdf', state: 'stored', size_bytes: 10, by, at: '2026-11-24T05:00:00Z', review: 'none', ...over,
})

export function caseView(over: Partial<CaseView> = {}): CaseView {
  return {
    id: 'case-0001',
    number: null,
    state: 'reviewing',
    mode: 'proxy',
    item: {
      id: 'item-001', code: 'x', name: '分公司负责人变更登记', version: 1, unit_id: 'unit-xh', unit_name: '青岛西海岸新区行政审批服务局',
      place: '青岛西海岸', promised_days: 3, modes: ['proxy'], recording_refusal: 'not_recorded',
      lines: [line('application', '变更登记申请书'), line('appointment', '任职文件'), line('identity', '身份证件'), line('permit', '许可文件', 'optional')],
      form_title: '变更登记表',
      form: [field('new_person', '姓名', 'text'), field('appointed_on', '任职日期', 'date'), field('remark', '备注', 'long_text', false)],
    },
    clerk: by,
    window_name: '3 号窗口',
    window_unit_id: 'unit-jn',
    window_unit_name: '济南市市中区政务服务中心',
    window_place: '济南市中',
    applicant: { name: '孙雅宁', identity_number: '11010519491231002X', phone: '13800138000' },
    consent: null,
    fields: {},
    proposals: [],
    materials: [],
    decision: null,
    call_id: null,
    created_at: '2026-11-24T05:00:00Z',
    ...over,
  }
}
