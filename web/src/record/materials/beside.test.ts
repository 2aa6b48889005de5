import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick, ref, shallowReactive, shallowRef } from 'vue'
import { i18n, learn } from '../../i18n'
import type { Gathered } from '../rules/gathered'
import { linesOf } from '../rules/lines'
import MaterialThumbs from './MaterialThumbs.vue'
import ReviewBar from '../review/ReviewBar.vue'
import MaterialTray from './MaterialTray.vue'
import SendPanel from './SendPanel.vue'
import SortFiles from './SortFiles.vue'
import { Problem } from '../../wire/http'
import type { CaseView, MaterialView } from '../../wire/messages'
import { caseView, material } from '../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

class Eyes {
  observe(): void {}
  disconnect(): void {}
}

const bookOf = (view: CaseView, review = vi.fn(() => Promise.resolve())) =>
  ({
    view: shallowRef(view),
    progress: new Map(),
    looking: new Map(),
    personOf: () => 'here',
    me: 'person-02',
    mean: () => Promise.resolve(),
    review,
  }) as never
const mounted = (part: unknown, props: Record<string, unknown>) =>
  mount(part as never, { props: props as never, global: { plugins: [i18n] } })

describe('what is on no line', () => {
  beforeEach(() => vi.stubGlobal('IntersectionObserver', Eyes))
  afterEach(() => vi.unstubAllGlobals())

  const view = caseView({
    materials: [
      material({ id: 'm1', line: 'application' }),
      material({ id: 'm2', line: 'other', name: '情况说明.pdf' }),
    ],
  })

  it('stands below the list of the approver, and is opened from there', async () => {
    const thumbs = mounted(MaterialThumbs, {
      book: bookOf(view),
      documents: {},
      lines: linesOf(view),
      selected: null,
      shown: 'm2',
    })
    const [other] = thumbs.findAll('[data-others] li')
    expect(other?.text()).toContain('情况说明.pdf')
    expect(other?.find('button').attributes('aria-current')).toBe('true')
    await other?.find('button').trigger('click')
    expect(thumbs.emitted<[MaterialView]>('show')?.[0]?.[0].id).toBe('m2')
  })

  it('is beside a line of several files, which says how many there are and how many wait', () => {
    const files = [1, 2, 3].map((slot) =>
      material({ id: `f${slot}`, line: 'application', slot, review: slot === 1 ? 'accepted' : 'none' }),
    )
    const several = caseView({ materials: files })
    const thumbs = mounted(MaterialThumbs, {
      book: bookOf(several),
      documents: {},
      lines: linesOf(several),
      selected: null,
      shown: null,
    })
    expect(thumbs.get('[data-line="application"] [data-files]').text()).toBe('3 份文件，2 份待审看')
    expect(thumbs.findAll('[data-files]')).toHaveLength(1)
  })

  it('is judged when it lies open, and not the line beside it', async () => {
    const review = vi.fn(() => Promise.resolve())
    const bar = mounted(ReviewBar, {
      book: bookOf(view, review),
      material: view.materials[1],
      ready: true,
      old: false,
      closed: false,
    })
    window.dispatchEvent(new KeyboardEvent('keydown', { key: '1' }))
    await nextTick()
    expect(review.mock.calls).toEqual([['m2', 'accepted', '']])
    await vi.waitFor(() => expect(bar.emitted('done')).toHaveLength(1))
  })
})

describe('several files at once', () => {
  const files = ['申请书.pdf', '程序.exe'].map((name) => new File(['x'], name))

  it('say which of them cannot be taken, and go without it', async () => {
    const rows: Gathered[] = files.map((file) => ({
      file,
      path: file.name,
      line: 'application',
      by_name: true,
    }))
    const against = (file: File): string | null => (file.name.endsWith('.exe') ? '不是可收的类型' : null)
    const sorting = mounted(SortFiles, { files: rows, lines: linesOf(caseView()), against })
    expect(sorting.get('[role="alert"]').text()).toBe('不是可收的类型')
    expect(sorting.findAll('select')).toHaveLength(1)
    await sorting.get('form').trigger('submit')
    expect(sorting.emitted<[Gathered[]]>('send')?.[0]?.[0].map((one) => one.file.name)).toEqual([
      '申请书.pdf',
    ])
  })

  it('go to their lines only when this case is meant, and else stay as they were sorted', async () => {
    const sendAll = vi.fn()
    const uploads = {
      limits: ref(null),
      faults: ref([]),
      transfers: shallowReactive(new Map()),
      coming: ref(0),
      sendAll,
    }
    const book = { ...(bookOf(caseView()) as object), mean: vi.fn(() => Promise.reject(new Error('no'))) }
    const lines = linesOf(caseView())
    const tray = mounted(MaterialTray, { book, uploads, lines, selected: null, shown: null, closed: false })
    const input = tray.get('input[type=file]')
    Object.defineProperty(input.element, 'files', { value: files })
    await input.trigger('change')
    await tray.get('form[data-sorting]').trigger('submit')
    await flushPromises()
    expect([book.mean.mock.calls.length, sendAll.mock.calls.length]).toEqual([1, 0])
    expect(tray.findAll('[data-sorting] li')).toHaveLength(2)
    // what keeps them back is told; who leaves it himself knows
    expect(tray.emitted('problem')).toHaveLength(1)
    const left = Object.assign(Problem.of(new Error('no')), { declined: true })
    book.mean.mockImplementation(() => Promise.reject(left))
    await tray.get('form[data-sorting]').trigger('submit')
    await flushPromises()
    expect(tray.emitted('problem')).toHaveLength(1)
    book.mean.mockImplementation(() => Promise.resolve(undefined as never))
    await tray.get('form[data-sorting]').trigger('submit')
    await flushPromises()
    expect(sendAll).toHaveBeenCalledOnce()
  })

  it('stand once in what the approver is about to send, and can be left out', async () => {
    const sendAll = vi.fn()
    const uploads = { limits: ref(null), faults: ref([]), transfers: shallowReactive(new Map()), sendAll }
    const panel = mounted(SendPanel, { book: bookOf(caseView()), uploads, line: null, dropped: files })
    expect(panel.findAll('li')).toHaveLength(2)
    await panel.findAll('li .icon-button')[1]?.trigger('click')
    await panel.get('form').trigger('submit')
    await vi.waitFor(() => expect(sendAll).toHaveBeenCalledTimes(1))
    expect(sendAll.mock.calls[0]?.[0]).toEqual([{ line: 'other', file: files[0] }])
  })
})
