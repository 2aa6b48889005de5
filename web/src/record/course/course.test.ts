import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h, nextTick, shallowRef } from 'vue'
import { caseView, material, person } from '../../../tests/kit/cases'
import { aloud } from '../../../tests/kit/pane'
import { i18n, learn } from '../../i18n'
import { Problem } from '../../wire/http'
import type { CaseView } from '../../wire/messages'
import type { DeskSeat } from '../rules/course/courseStep'
import CourseActs from './CourseActs.vue'
import CoursePanel from './CoursePanel.vue'
import { useCourse, type Course } from './useCourse'
import { basesOf } from './useRuling'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
beforeEach(() =>
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe = (): void => undefined
      unobserve = (): void => undefined
      disconnect = (): void => undefined
    },
  ),
)
afterEach(() => {
  vi.unstubAllGlobals()
  document.body.innerHTML = ''
})

const far = { ...person('person-09', '周明远'), unit_id: 'unit-qd' }
const decision = {
  kind: 'accepted',
  reason: '齐全',
  by: far,
  at: '2026-11-24T06:00:00Z',
  due_on: '2026-12-02',
  due_days: [{ on: '2026-12-02', number: 1 }],
  skipped_days: [],
  provisional: false,
  points: [],
  about: [],
  correct_by: null,
  clock: null,
  combined: false,
} as never
const ruling = {
  kind: 'granted',
  reason: '符合条件',
  bases: ['行政许可法第三十八条'],
  by: far,
  at: '2026-11-25T06:00:00Z',
  deliver: {
    due_on: '2026-12-09',
    due_days: [{ on: '2026-12-09', number: 10 }],
    skipped_days: [],
    provisional: false,
  },
} as const
const licence = {
  id: 'r1',
  kind: 'licence',
  name: '营业执照',
  number: 'X1',
  originals: 1,
  copies: 2,
  valid_from: '2026-11-25',
  valid_until: null,
  by: far,
  at: '2026-11-25T07:00:00Z',
} as const

const at = (state: CaseView['state'], course: object = {}, over: Partial<CaseView> = {}): CaseView =>
  caseView({ state, decision, course: { ...caseView().course, ...course } as CaseView['course'], ...over })

function desk(view: CaseView, seat: DeskSeat, filled = true) {
  const done = (name: string) => vi.fn((...given: unknown[]) => Promise.resolve({ name, given }))
  const book = {
    view: shallowRef(view),
    me: 'person-01',
    rests: () => ({ seen_version: 7, other_call_ids: [] }),
    rule: done('rule'),
    issue: done('issue'),
    report: done('report'),
    beginDelivery: done('begin'),
    checkReceiver: done('check'),
    endDelivery: done('end'),
    agreeElectronic: done('agree'),
    finishCase: done('finish'),
    archiveCase: done('archive'),
  }
  let course!: Course
  const page = mount(
    defineComponent(() => {
      course = useCourse(book as never, seat)
      return () =>
        h('div', [
          h(CoursePanel, { view: book.view.value, course, documents: {} as never }),
          h('footer', { class: 'foot' }, h(CourseActs, { course, filled })),
        ])
    }),
    { attachTo: document.body, global: { plugins: [i18n] } },
  )
  const ask = (): HTMLElement | null => document.querySelector('[data-course-ask]')
  const press = async (selector: string): Promise<void> => {
    document.querySelector<HTMLElement>(selector)!.click()
    await flushPromises()
  }
  return { page, book, course: () => course, ask, press }
}
const rests = { seen_version: 7, other_call_ids: [] }

describe('the ruling', () => {
  it('is asked about once, and rests on what stood on the page', async () => {
    const { page, book, ask, press } = desk(at('accepted'), 'approver')
    expect(page.findAll('[data-filled]').map((one) => one.text())).toEqual(['准予Ctrl ↵'])
    await page.get('[data-course-entry=bases]').setValue('行政许可法第三十八条\n\n 公司法 ')
    await press('[data-course-act=granted]')
    expect(book.rule).not.toHaveBeenCalled()
    expect(ask()?.dataset['asked']).toBe('granted')
    await press('[data-course-back]')
    expect(ask()).toBeNull()
    await press('[data-course-act=granted]')
    await press('[data-course-confirm]')
    expect(book.rule).toHaveBeenCalledExactlyOnceWith(
      'granted',
      '',
      ['行政许可法第三十八条', '公司法', '《中华人民共和国行政许可法》第三十八条第一款'],
      rests,
    )
    expect(ask()).toBeNull()
  })

  it('leads a denial without a reason to it, and asks nothing then', async () => {
    const { page, book, ask, press } = desk(at('accepted'), 'approver')
    await press('[data-course-act=denied]')
    expect(ask()).toBeNull()
    expect(document.activeElement).toBe(page.get('[data-course-entry=reason]').element)
    expect(page.text()).toContain('不予许可要写明理由')
    await page.get('[data-course-entry=reason]').setValue('不符合条件')
    await press('[data-course-act=denied]')
    await press('[data-course-confirm]')
    const clause = '《中华人民共和国行政许可法》第三十八条第二款'
    expect(book.rule).toHaveBeenCalledExactlyOnceWith('denied', '不符合条件', [clause], rests)
  })

  it('stands on the bases of the item that are ticked', async () => {
    const item = { ...caseView().item, bases: ['公司法第三十四条', '条例第二十四条'] }
    const { page, book, press } = desk(at('accepted', {}, { item }), 'approver')
    expect(page.find('[data-course-entry=bases]').exists()).toBe(false)
    await page.findAll('[data-basis]')[1]!.setValue(false)
    await page.get('[data-by-law]').setValue(false)
    await press('[data-course-act=granted]')
    await press('[data-course-confirm]')
    expect(book.rule).toHaveBeenCalledExactlyOnceWith('granted', '', ['公司法第三十四条'], rests)
  })

  it('is entered with number, day and proof where an external system made it', async () => {
    const item = { ...caseView().item, bases: ['消防法第十三条'], system: '省工程审批平台' }
    const file = (id: string, purpose: string) => ({
      ...material({ id, line: 'other', purpose: purpose as never }),
      name: `${id}.pdf`,
    })
    const materials = [file('m1', 'material'), file('r1', 'result')]
    const { page, book, press } = desk(at('accepted', {}, { item, materials }), 'approver')
    expect(page.get('[data-report]').text()).toContain('外部系统（省工程审批平台）')
    expect(page.findAll('[data-course-entry=report-proof] option').map((one) => one.text())).toEqual([
      '请选择',
      'r1.pdf',
      'm1.pdf',
    ])
    await press('[data-course-act=granted]')
    expect(document.activeElement).toBe(page.get('[data-course-entry=report-number]').element)
    await page.get('[data-course-entry=report-number]').setValue(' 37-118 ')
    await page.get('[data-course-entry=report-on]').setValue('2026-11-24')
    await page.get('[data-course-entry=report-proof]').setValue('r1')
    await press('[data-course-act=granted]')
    await press('[data-course-confirm]')
    expect(book.rule).not.toHaveBeenCalled()
    expect(book.report).toHaveBeenCalledExactlyOnceWith(
      {
        step: 'granted',
        number: '37-118',
        on: '2026-11-24',
        proof: 'r1',
        reason: '',
        bases: ['消防法第十三条', '《中华人民共和国行政许可法》第三十八条第一款'],
      },
      rests,
    )
  })

  it('tells a refusal in words beside the part, and the question is gone', async () => {
    const { page, book, ask, press } = desk(at('accepted'), 'approver')
    book.rule.mockRejectedValueOnce(new Problem({ title: '计时已暂停', status: 409, code: 'clock_stopped' }))
    await press('[data-course-act=granted]')
    await press('[data-course-confirm]')
    expect(ask()).toBeNull()
    expect(page.get('[data-code=clock_stopped]').text()).toContain('计时已暂停')
  })

  it('is delivered by the unit alone where all is online: nothing lies at the window', () => {
    const view = at('issued', { ruling, results: [licence] }, { mode: 'online' })
    const far_desk = desk(view, 'approver')
    expect(far_desk.page.findAll('[data-way]').map((one) => one.attributes('data-way'))).toEqual([
      'posted',
      'electronic',
    ])
    expect(far_desk.course().delivery.way).toBe('posted')
    far_desk.page.unmount()
    const { page } = desk(view, 'window')
    expect(page.find('[data-filled]').exists()).toBe(false)
    expect(page.find('[data-way=left]').exists()).toBe(false)
    expect(page.get('[data-course-wait=sending]').text()).toContain('审批人员')
  })

  it('is the approver’s: the window sees for what it waits, and no filled button', () => {
    const { page } = desk(at('accepted'), 'window')
    expect(page.find('[data-filled]').exists()).toBe(false)
    expect(page.get('[data-course-wait=ruling]').text()).toBe('等审批人员作出决定')
    expect(page.find('[data-ruling]').exists()).toBe(false)
  })

  it('waits for what was promised, while a denial is possible', () => {
    const [line] = caseView().item.lines
    const promises = [{ line: line!.key, due_on: '2026-12-01' }] as never
    const { page } = desk(at('accepted', {}, { promises }), 'approver')
    expect(page.find('[data-course-act=granted]').exists()).toBe(false)
    expect(page.find('[data-course-act=denied]').exists()).toBe(true)
    expect(page.get('[data-course-wait=owed]').text()).toContain('还没有补齐')
  })
})

it('issues several results at once, each with a name and a number', async () => {
  const { page, book, press } = desk(at('granted', { ruling }), 'approver')
  await press('[data-add-result]')
  const [first, second] = page.findAll('[data-result-row]')
  await first!.get('[data-issue-entry=name]').setValue('营业执照')
  await first!.get('[data-issue-entry=number]').setValue('X1')
  await press('[data-course-act=issue]')
  expect(document.activeElement).toBe(second!.get('[data-issue-entry=name]').element)
  await second!.get('[data-issue-entry=name]').setValue('批复')
  await second!.get('[data-issue-entry=number]').setValue('Y2')
  await press('[data-course-act=issue]')
  await press('[data-course-confirm]')
  const [results] = book.issue.mock.calls[0]!
  expect(results).toMatchObject([
    { kind: 'licence', name: '营业执照', number: 'X1', originals: 1, copies: 0, valid_until: null },
    { kind: 'licence', name: '批复', number: 'Y2' },
  ])
})

describe('delivery', () => {
  const issued = (deliveries: object[] = [], over: object = {}) =>
    at('issued', { ruling, results: [licence], deliveries, ...over })
  const tried = (over: object = {}) => ({
    id: 'd1',
    way: 'collected',
    results: ['r1'],
    by: caseView().clerk,
    at: '2026-11-26T01:00:00Z',
    state: 'waiting',
    courier: '',
    tracking: '',
    receiver: null,
    note: '',
    ended_by: null,
    ended_at: null,
    ended_on: null,
    ...over,
  })

  it('is laid ready, or posted with courier and number', async () => {
    const { page, book, press } = desk(issued(), 'window')
    expect(page.get('[data-result=licence]').text()).toContain('待送达')
    await press('[data-course-act=begin]')
    expect(book.beginDelivery).toHaveBeenLastCalledWith(
      { way: 'collected', courier: '', tracking: '', note: '' },
      rests,
    )
    await page.get('[data-way=posted] input').setValue()
    await press('[data-course-act=begin]')
    expect(book.beginDelivery).toHaveBeenCalledOnce()
    expect(page.text()).toContain('请填写快递公司和运单号')
    await page.get('[data-course-entry=courier]').setValue('EMS')
    await page.get('[data-course-entry=tracking]').setValue('EX123456789CN')
    await press('[data-course-act=begin]')
    expect(book.beginDelivery).toHaveBeenLastCalledWith(
      { way: 'posted', courier: 'EMS', tracking: 'EX123456789CN', note: '' },
      rests,
    )
  })

  it('goes electronically only from the approver, and after the applicant’s yes', async () => {
    const { page, book, press } = desk(issued(), 'window')
    await page.get('[data-way=electronic] input').setValue()
    expect(page.get('[data-course-act=begin]').attributes('aria-disabled')).toBe('true')
    await page.get('[data-course-entry=address]').setValue('sun@example.cn')
    await press('[data-act=agree]')
    expect(book.agreeElectronic).toHaveBeenCalledExactlyOnceWith('sun@example.cn', rests)
    const other = desk(issued(), 'approver')
    const begin = other.page.get('[data-course-act=begin]')
    expect([begin.attributes('aria-disabled'), begin.attributes('title')]).toEqual([
      'true',
      '申请人还没有签电子送达确认书',
    ])
    const agreed = desk(issued([], { agreement: { address: 's**@example.cn', by: far, at: '' } }), 'approver')
    expect(agreed.page.get('[data-course-act=begin]').attributes('data-filled')).toBe('true')
  })

  it('is fetched by whom was seen, and entered only then', async () => {
    const { page, book, press } = desk(issued([tried()]), 'window')
    await press('[data-course-act=check]')
    expect(book.checkReceiver).not.toHaveBeenCalled()
    await page.get('[data-course-entry=name]').setValue('孙雅宁')
    await page.get('[data-course-entry=number]').setValue('11010519491231002X')
    await press('[data-course-act=check]')
    expect(book.checkReceiver).toHaveBeenCalledExactlyOnceWith(
      {
        delivery_id: 'd1',
        name: '孙雅宁',
        number: '11010519491231002X',
        agent: false,
        document: 'identity_card',
        how: 'reader',
      },
      rests,
    )
    const receiver = {
      name: '孙雅宁',
      agent: true,
      document: 'identity_card',
      number: '110105********002X',
      how: 'sight',
      by: caseView().clerk,
      at: '2026-11-26T02:00:00Z',
    }
    // the card is read into the entry, where the focus stays until the news of it
    page.get<HTMLInputElement>('[data-course-entry=number]').element.focus()
    book.view.value = issued([tried({ receiver })])
    await nextTick()
    expect(await aloud()).toBe('领取人身份已核对，下一步：登记送达')
    expect(document.activeElement).toBe(page.get('[data-course-act=delivered]').element)
    expect(page.get('[data-receiver]').text()).toContain('孙雅宁 居民身份证 110105********002X')
    expect(page.find('[data-course-act=came_back]').exists()).toBe(false)
    await press('[data-course-act=delivered]')
    await press('[data-course-confirm]')
    expect(book.endDelivery.mock.calls[0]![0]).toMatchObject({ delivery_id: 'd1', outcome: 'delivered' })
  })

  it('says why the post came back, and begins anew', async () => {
    const { page, book, press } = desk(
      issued([tried({ way: 'posted', courier: 'EMS', tracking: 'EX1234' })]),
      'window',
    )
    await press('[data-course-act=came_back]')
    expect(book.endDelivery).not.toHaveBeenCalled()
    await page.get('[data-course-entry=ended-note]').setValue('无人签收')
    await press('[data-course-act=came_back]')
    await press('[data-course-confirm]')
    expect(book.endDelivery.mock.calls[0]![0]).toMatchObject({ outcome: 'returned', note: '无人签收' })
    book.view.value = issued([tried({ way: 'posted', state: 'returned', ended_on: '2026-11-28' })])
    await nextTick()
    expect(page.get('[data-course-act=begin]').attributes('data-filled')).toBe('true')
    expect(page.get('[data-result=licence]').text()).toContain('已退回，需重新送达')
  })
})

describe('an end without a ruling', () => {
  it('lies in the list of the foot, is never filled, and needs cause and reason', async () => {
    const { page, book, ask, press } = desk(at('accepted'), 'approver')
    await press('[data-more-acts=course]')
    expect(page.get('[data-course-end=terminated]').attributes('data-filled')).toBeUndefined()
    await press('[data-course-end=terminated]')
    await press('[data-course-confirm]')
    expect(book.finishCase).not.toHaveBeenCalled()
    expect(ask()?.textContent).toContain('请选择情形并写明理由')
    const set = (selector: string, value: string): void => {
      const entry = document.querySelector<HTMLSelectElement | HTMLTextAreaElement>(selector)!
      entry.value = value
      entry.dispatchEvent(new Event(entry.tagName === 'SELECT' ? 'change' : 'input'))
    }
    set('[data-course-ask] select', 'dissolved')
    set('[data-course-ask] textarea', '公司已注销')
    await press('[data-course-confirm]')
    expect(book.finishCase).toHaveBeenCalledExactlyOnceWith('terminated', '公司已注销', 'dissolved', rests)
  })

  it('is a stage of its own, and then the archive is next', async () => {
    const ending = {
      kind: 'withdrawn',
      reason: '不办了',
      by: caseView().clerk,
      at: '2026-11-25T00:00:00Z',
      cause: null,
    }
    const { page, book, press } = desk(at('withdrawn', { ending }), 'approver')
    expect(page.findAll('[data-stage]').map((one) => one.attributes('data-stage'))).toEqual([
      'examine',
      'withdrawn',
      'archive',
    ])
    await page.get('[data-stage=withdrawn]').trigger('click')
    expect(page.get('[data-course-ended=withdrawn]').text()).toContain('不办了')
    await press('[data-course-act=archive]')
    await press('[data-course-confirm]')
    expect(book.archiveCase).toHaveBeenCalledExactlyOnceWith(rests)
  })
})

describe('the archive package', () => {
  const archived = { by: far, at: '2026-11-26T07:00:00Z' }

  it('is taken for a reason, where the case was decided alone', async () => {
    const got = vi.fn(() => Promise.resolve(new Response(new Blob(['zip']))))
    vi.stubGlobal('fetch', got)
    const { page, press } = desk(at('archived', { ruling, archived }), 'approver')
    await press('[data-stage=archive]')
    await press('[data-course-package]')
    await press('[data-take-original]')
    expect(document.querySelector('[data-asked=package]')?.textContent).toContain('请写明理由')
    const asks = () =>
      (got.mock.calls as unknown as [string, RequestInit][]).filter(([to]) => to.endsWith('/package'))
    expect(asks()).toEqual([])
    const entry = document.querySelector<HTMLInputElement>('[data-asked=package] input')!
    entry.value = '移交档案馆'
    entry.dispatchEvent(new Event('input'))
    await press('[data-take-original]')
    const [address, asked] = asks()[0]!
    expect(address).toBe(`/api/v1/cases/${caseView().id}/package`)
    expect(asked.body).toBe('{"reason":"移交档案馆"}')
    page.unmount()
    const { page: other, press: there } = desk(at('archived', { ruling, archived }), 'window')
    await there('[data-stage=archive]')
    expect(other.find('[data-course-package]').exists()).toBe(false)
  })
})

it('reads one legal basis a line', () => {
  expect(basesOf(' 甲 \n\n乙\n')).toEqual(['甲', '乙'])
  expect(basesOf('')).toEqual([])
})
