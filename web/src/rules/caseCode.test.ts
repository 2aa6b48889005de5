import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { nextTick, ref, shallowRef } from 'vue'
import CaseTable from '../desk/lists/CaseTable.vue'
import DutyMark from '../desk/DutyMark.vue'
import { i18n, learn } from '../i18n'
import ActQuestion from '../record/book/ActQuestion.vue'
import CaseHead from '../record/review/CaseHead.vue'
import { caseCode } from './caseCode'
import { spoken } from '../ui/announce'
import RingCard from '../ui/RingCard.vue'
import type { CaseSummary } from '../wire/messages'
import { by, caseView } from '../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(async () => {
  await learn('work', 'case')
  await learn('audit')
})

// one surname, one item, one window, registered in one minute
const IDS = ['Zb3kQ9x_Tn2LrV7cYw5aHg', 'Zb3kQ9x_Tn2LrV7cYw5aHh'] as const
const NAMES = ['孙建国', '孙晓梅'] as const
const CODES = IDS.map((id) => `识别码 ${caseCode(id)}`)
const same = {
  item_name: '分公司负责人变更登记',
  applicant_masked: '孙**',
  created_at: '2026-11-24T05:00:10Z',
}
const view = (n: 0 | 1) =>
  caseView({
    id: IDS[n],
    applicant: { ...caseView().applicant, name: NAMES[n] },
    created_at: same.created_at,
  })
const shown = (part: unknown, props: object, global: object = {}) =>
  mount(part as never, {
    props: props as never,
    global: { plugins: [i18n], ...global } as never,
    attachTo: document.body,
  })

/** The words of the same place for both cases: they differ, and each has the code of its case. */
function differ(words: string[]): void {
  expect(words[0]).not.toBe(words[1])
  words.forEach((one, n) => expect(one).toContain(CODES[n]))
}

describe('two cases that read alike', () => {
  it('have codes of five digits, which stay', () => {
    expect(new Set(Array.from({ length: 50 }, (_, n) => caseCode(`${IDS[0]}${n}`))).size).toBeGreaterThan(48)
    for (const id of IDS) expect(caseCode(id)).toMatch(/^\d{5}$/)
    expect(caseCode(IDS[0])).not.toBe(caseCode(IDS[1]))
    expect(caseCode('case-0001')).toBe('50567')
  })

  it('differ in the question before an act, by the names that stand in their heads too', async () => {
    const question = shallowRef<unknown>({ kind: 'other', others: [view(1)], back: IDS[1] })
    const page = shown(ActQuestion, { book: { question, view: ref(view(0)), answer: () => undefined } })
    await nextTick()
    const words = [page.get('[data-this-case]').text(), page.get('[data-other-case]').text()]
    differ(words)
    words.forEach((one, n) => expect(one).toContain(NAMES[n]))
    differ(([0, 1] as const).map((n) => shown(CaseHead, { view: view(n) }).text()))
  })

  it('differ in the lists, to the eye and by what a button is called', () => {
    const rows = IDS.map(
      (id) =>
        ({
          ...same,
          id,
          number: null,
          state: 'reviewing',
          correcting: false,
          clerk: by,
          window_name: '3 号窗口',
          window_unit_name: '济南',
          unit_name: '青岛',
          materials_stored: 0,
        }) as unknown as CaseSummary,
    )
    for (const side of ['window', 'approver']) {
      const table = shown(CaseTable, { cases: rows, side, empty: '' })
      differ(table.findAll('tbody tr').map((one) => one.text()))
      differ(table.findAll('tbody button').map((one) => one.attributes('aria-label') ?? ''))
    }
  })

  it('differ on the ring and in what is said of a missed call', async () => {
    const ring = {
      heading: '',
      item: same.item_name,
      here: '',
      there: '',
      lineWord: '',
      leftWord: '',
      left_s: 1,
      whole_s: 1,
      facts: [],
      labels: { answer: '', decline: '' },
    }
    differ(CODES.map((code) => shown(RingCard, { ...ring, code }).text()))
    const missed = (case_id: string) => ({
      case_id,
      call_id: case_id,
      reason: 'missed',
      caller: by,
      card: same,
      at: '2026-11-24T06:00:00Z',
      times: 1,
    })
    for (const [n, id] of IDS.entries()) {
      const mark = shown(
        DutyMark,
        { duty: 'online', in_call: false, busy: false, missed: [] },
        { stubs: { RouterLink: true } },
      )
      await mark.setProps({ missed: [missed(id)] } as never)
      await nextTick()
      expect(spoken.value).toContain(CODES[n])
    }
  })

  it('have it wherever an applicant is named', () => {
    const src = resolve(import.meta.dirname, '..')
    // papers and files of one case
    const alone = ['record/applicant/SummarySheet.vue', 'record/form/FormPanel.vue']
    const naming = (readdirSync(src, { recursive: true }) as string[])
      .filter((path) => path.endsWith('.vue') && !alone.includes(path))
      .map((path) => ({ path, text: readFileSync(resolve(src, path), 'utf8') }))
      .filter(({ text }) => /applicant_masked|maskedName\(|applicant\.name\b/.test(text))
    expect(naming.length).toBeGreaterThan(14)
    expect(naming.filter(({ text }) => !text.includes('caseCode(')).map(({ path }) => path)).toEqual([])
  })
})
