import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { shallowRef } from 'vue'
import { i18n, learn } from '../../i18n'
import SubmitPanel from './SubmitPanel.vue'
import SummarySheet from './SummarySheet.vue'
import type { CaseView, SummaryView } from '../../wire/messages'
import { by, caseView, material } from '../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
beforeEach(() =>
  vi.stubGlobal('fetch', () =>
    Promise.resolve(new Response('null', { headers: { 'content-type': 'application/json' } })),
  ),
)
afterEach(() => vi.unstubAllGlobals())

const without = (line: string, name: string) => ({
  line,
  name,
  file_name: null,
  number: null,
  sha256: null,
  pages: null,
  missing: false,
  changed: false,
})
const held = caseView()
const summary: SummaryView = {
  hash: 'a'.repeat(64),
  shown_at: '2026-11-24T06:00:00Z',
  item_name: held.item.name,
  unit_name: held.item.unit_name,
  applicant: held.applicant,
  form_title: held.item.form_title,
  fields: [],
  materials: [without('permit', '许可文件'), without('tax', '完税证明')],
  missing_fields: [],
  missing_lines: [],
}

describe('what is signed', () => {
  it.each([false, true])(
    'says of a line that holds nothing what was promised for it, and by which day (on the applicant’s screen: %s)',
    (turned) => {
      const promise = {
        line: 'tax',
        due_on: '2026-12-06',
        at: '2026-11-24T06:00:00Z',
        by,
        moved: null,
      } as unknown as CaseView['promises'][number]
      const sheet = mount(SummarySheet, {
        props: { view: { ...held, promises: [promise] }, summary, turned },
        global: { plugins: [i18n] },
      })
      expect(sheet.get('[data-summary-line=tax]').text()).toMatch(
        /^完税证明\s*容缺后补，承诺 .*12.06 前补交$/,
      )
      expect(sheet.get('[data-summary-line=permit]').text()).toContain('没有交')
    },
  )

  it('says of a file that the approver does not need it, and of the others nothing', () => {
    const files = ['a', 'b'].map((sha256, at) =>
      material({
        id: sha256,
        line: 'permit',
        number: at + 1,
        sha256,
        review: at ? 'accepted' : 'not_needed',
      }),
    )
    const there = files.map((one) => ({
      ...without('permit', '许可文件'),
      file_name: one.name,
      number: one.number,
      sha256: one.sha256,
      pages: 1,
    }))
    const sheet = mount(SummarySheet, {
      props: { view: { ...held, materials: files }, summary: { ...summary, materials: there } },
      global: { plugins: [i18n] },
    })
    expect(sheet.findAll('[data-summary-line]').map((one) => one.find('[data-unneeded]').exists())).toEqual([
      true,
      false,
    ])
  })
})

it('shows a summary that was read before never as that of today', async () => {
  const summarise = vi.fn(() => Promise.resolve(summary))
  const opened = (over: object) =>
    mount(SubmitPanel as never, {
      props: { book: { summarise }, view: held, summary, asked: false, ...over } as never,
      global: { plugins: [i18n] },
    })
  const panel = opened({})
  await flushPromises()
  expect(panel.emitted('shown')).toEqual([[summary]])
  // the applicant's screen makes its own
  opened({ asked: true })
  await flushPromises()
  expect(summarise).toHaveBeenCalledTimes(1)
})

describe('the filled step of handing in', () => {
  const filled = (asked: boolean, signature: CaseView['signature']): string[] => {
    const view = { ...held, signature }
    const book = { summarise: () => Promise.resolve(summary), connection: shallowRef('connected') }
    const panel = mount(SubmitPanel as never, {
      props: { book, view, summary, asked } as never,
      global: { plugins: [i18n] },
    })
    return panel.findAll('[data-filled]').map((one) => one.text())
  }
  const signature = {
    id: 'signature-1',
    hash: 'a'.repeat(64),
    shown_at: '2026-11-24T06:00:00Z',
    at: '2026-11-24T06:01:00Z',
    by,
    points: 40,
    outdated: false,
  }

  it('is to ask for the signature, nothing while that is under way, then to hand in', () => {
    expect(filled(false, null)).toEqual(['请申请人签名'])
    expect(filled(true, null)).toEqual([])
    expect(filled(true, signature)).toEqual(['提交'])
    expect(filled(true, { ...signature, outdated: true })).toEqual([])
  })

  it('is neither while something is missing, and says how much', () => {
    const lacks = { ...summary, missing_fields: ['name', 'address'], missing_lines: ['permit'] }
    const book = { summarise: () => Promise.resolve(lacks), connection: shallowRef('connected') }
    const panel = mount(SubmitPanel as never, {
      props: { book, view: held, summary: lacks, asked: false } as never,
      global: { plugins: [i18n] },
    })
    expect(panel.findAll('[data-filled]')).toHaveLength(0)
    expect(panel.get('[data-lacking]').text()).toBe('还差 3 项，补齐后再请申请人签名')
  })

  it('has the focus once the signature that was waited for here has come', async () => {
    const book = { summarise: () => Promise.resolve(summary), connection: shallowRef('connected') }
    const panel = mount(SubmitPanel as never, {
      props: { book, view: held, summary, asked: true } as never,
      global: { plugins: [i18n] },
      attachTo: document.body,
    })
    const beside = document.body.appendChild(document.createElement('button'))
    const signs = async (from: HTMLElement) => {
      from.focus()
      await panel.setProps({ view: { ...held, signature } } as never)
      await flushPromises()
      const active = document.activeElement
      await panel.setProps({ view: held } as never)
      return active
    }
    const hand_in = panel.get('[data-hand-in]').element
    expect(await signs(panel.get<HTMLElement>('[data-ask=second]').element)).toBe(hand_in)
    expect(await signs(beside)).toBe(beside)
    beside.remove()
  })
})
