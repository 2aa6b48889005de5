import { flushPromises, mount } from '@vue/test-utils'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import CaseTable from './CaseTable.vue'
import { i18n, learn } from '../../i18n'
import type { CaseSummary } from '../../wire/messages'
import { by } from '../../../tests/kit/cases'
import { aloud } from '../../../tests/kit/pane'

beforeAll(() => learn('work', 'case'))

const row = (id: string, over: Partial<CaseSummary> = {}): CaseSummary => ({
  id,
  number: null,
  receipt_number: null,
  sequel_kind: null,
  migrated: false,
  state: 'to_correct',
  correcting: true,
  mode: 'proxy',
  item_name: '分公司负责人变更登记',
  applicant_masked: '孙**',
  clerk: by,
  window_name: '3 号窗口',
  window_unit_name: '济南',
  window_place: '济南市中',
  unit_id: 'unit-xh',
  unit_name: '青岛',
  place: '青岛西海岸',
  call_id: null,
  created_at: '2026-11-24T05:00:00Z',
  decided_at: null,
  combined: false,
  due_on: null,
  correct_by: null,
  materials_stored: 0,
  materials_required: 3,
  judged: 'none',
  referred_from: null,
  owner: null,
  running: null,
  question: '',
  answer: '',
  ...over,
})
const table = (side: 'window' | 'approver') => {
  const shown = mount(CaseTable, {
    props: { cases: [row('c1'), row('c2', { correcting: false })], side, empty: '' },
    global: { plugins: [i18n] },
  })
  return shown.findAll('tbody tr').map((one) => [one.find('.status').text(), one.classes('needs-me')])
}

describe('a list of cases', () => {
  it('says of one of which all was corrected what its own page says, and whose turn it is', () => {
    expect(table('window')).toEqual([
      ['待补正', true],
      ['连线审核', false],
    ])
    expect(table('approver')).toEqual([
      ['待补正', false],
      ['连线审核', true],
    ])
  })

  it('says until when what a notice named is wanted, where the notice tells and all of it is not there', () => {
    const cases = [
      row('c1', { correct_by: '2026-12-23' }),
      row('c2', { correct_by: '2026-12-23', correcting: false }),
      row('c3'),
    ]
    for (const side of ['window', 'approver'] as const) {
      const shown = mount(CaseTable, { props: { cases, side, empty: '' }, global: { plugins: [i18n] } })
      expect(shown.findAll('[data-correct-by]').map((one) => one.text())).toEqual(['2026/12/23前补齐'])
    }
  })

  it('says how far the files of a case are judged before its first call', () => {
    const shown = mount(CaseTable, {
      props: {
        cases: (['none', 'some', 'all'] as const).map((judged) =>
          row(judged, { state: 'registered', correcting: false, judged }),
        ),
        side: 'approver',
        empty: '',
      },
      global: { plugins: [i18n] },
    })
    expect(shown.findAll('.status').map((one) => one.text())).toEqual(['已登记', '材料审看中', '材料已审看'])
  })

  it('says to approvers from where a case came to their unit', () => {
    const of = (side: 'window' | 'approver') =>
      mount(CaseTable, {
        props: { cases: [row('c1', { referred_from: '青岛' }), row('c2')], side, empty: '' },
        global: { plugins: [i18n] },
      })
    expect(
      of('approver')
        .findAll('[data-referred-from]')
        .map((one) => one.text()),
    ).toEqual(['转入 · 自青岛'])
    expect(of('window').findAll('[data-referred-from]')).toEqual([])
  })

  it('marks the case of the running call below its state', () => {
    const shown = mount(CaseTable, {
      props: { cases: [row('c1')], side: 'approver', empty: '', in_call: 'c1' },
      global: { plugins: [i18n] },
    })
    expect(shown.get('div[data-in-call]').text()).toBe('正在云见面')
  })

  it('lets the whole number be copied, of which it shows the last eight', async () => {
    const number = '11370211MB287554194000131013001202612020001'
    const shown = mount(CaseTable, {
      props: { cases: [row('c1', { number }), row('c2')], side: 'window', empty: '' },
      global: { plugins: [i18n] },
      attachTo: document.body,
    })
    const [key] = shown.findAll('[data-copy]')
    expect(shown.findAll('[data-copy]')).toHaveLength(1)
    expect(key!.attributes('aria-label')).toBe(`复制完整编号 ${number}`)
    const writeText = vi.fn<(text: string) => Promise<void>>(() => Promise.resolve())
    vi.stubGlobal('navigator', { clipboard: { writeText } })
    await key!.trigger('click')
    await flushPromises()
    expect(writeText.mock.calls).toEqual([[number]])
    expect(await aloud()).toBe('完整编号已复制')
    expect([key!.attributes('data-copy'), key!.attributes('title')]).toEqual(['done', '完整编号已复制'])
    // over plain http the browser is asked to copy what is marked, and the focus stays
    vi.stubGlobal('navigator', {})
    let marked = ''
    document.execCommand = () => {
      const { value, selectionStart, selectionEnd } = document.activeElement as HTMLTextAreaElement
      marked = value.slice(selectionStart, selectionEnd)
      return false
    }
    await key!.trigger('click')
    await flushPromises()
    expect([marked, document.activeElement === key!.element]).toEqual([number, true])
    expect(await aloud()).toBe('浏览器不让复制，请打开办件后选中编号复制')
    shown.unmount()
    vi.unstubAllGlobals()
  })
})
