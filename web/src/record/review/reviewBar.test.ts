import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick, shallowRef } from 'vue'
import { i18n, learn } from '../../i18n'
import ReviewBar from './ReviewBar.vue'
import type { CaseBook } from '../book/useCase'
import { by, material } from '../../../tests/kit/cases'
import type { CaseView, MaterialView } from '../../wire/messages'

const view = shallowRef<CaseView | null>(null)
const m1 = material({ id: 'm1', line: 'application', name: '申请书.pdf' })
const m2 = material({ id: 'm2', line: 'appointment' })
const stand = (...materials: MaterialView[]) => (view.value = { materials } as unknown as CaseView)
const review = vi.fn((id: string, verdict: MaterialView['review'], reason: string) => {
  stand(
    ...(view.value?.materials ?? []).map((one) =>
      one.id === id ? { ...one, review: verdict, review_reason: reason, reviewed_by: by } : one,
    ),
  )
  return Promise.resolve({})
})
let bar: VueWrapper

const press = (key: string, more: KeyboardEventInit = {}, on: EventTarget = window) =>
  on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...more }))
const judged = () => (review.mock.calls as unknown[][]).map(([id, verdict]) => [id, verdict])

beforeEach(async () => {
  vi.stubGlobal('fetch', () =>
    Promise.resolve(new Response('{"phrases": []}', { headers: { 'content-type': 'application/json' } })),
  )
  await learn('work', 'case')
  vi.useFakeTimers()
  review.mockClear()
  stand(m1, m2)
  bar = mount(ReviewBar, {
    props: {
      book: { review, view, me: by.id } as unknown as CaseBook,
      material: m1,
      ready: false,
      old: false,
      closed: false,
    },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
})
afterEach(() => {
  bar.unmount()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a word about a material', () => {
  it('counts once the material stands before the eyes', async () => {
    press('1')
    await bar.find('input').trigger('click')
    expect(judged()).toEqual([])
    await bar.setProps({ ready: true })
    press('1')
    expect(judged()).toEqual([['m1', 'accepted']])
  })

  it('is not said of the next one by a key pressed twice, or a double click', async () => {
    await bar.setProps({ ready: true })
    press('1')
    await vi.advanceTimersByTimeAsync(0)
    expect(bar.emitted('done')).toHaveLength(1)
    // the page has gone on, and the next one is drawn at once
    await bar.setProps({ material: m2 })
    press('1')
    await bar.find('input').trigger('click')
    await vi.advanceTimersByTimeAsync(500)
    press('1')
    expect(judged()).toEqual([['m1', 'accepted']])
    expect(bar.attributes('data-held')).toBe('')
    await vi.advanceTimersByTimeAsync(100)
    await nextTick()
    press('1')
    expect(judged()).toEqual([
      ['m1', 'accepted'],
      ['m2', 'accepted'],
    ])
  })
  it('leaves the focus of who wrote a reason at the next judgement, and after the last at the next step', async () => {
    document.body.insertAdjacentHTML(
      'beforeend',
      '<footer class="foot"><button data-filled data-step="review">看第一份</button></footer>',
    )
    const step = document.querySelector<HTMLElement>('.foot button')!
    for (const [of, kind, on] of [
      [m1, 'review', bar.get('.bar input').element],
      [m2, 'to_correct', step],
    ] as const) {
      await bar.setProps({ material: of, ready: true })
      await vi.advanceTimersByTimeAsync(700)
      press('2')
      await nextTick()
      await nextTick()
      const entry = bar.get<HTMLInputElement>('.reason input')
      expect(document.activeElement).toBe(entry.element)
      await entry.setValue('缺公章')
      step.dataset['step'] = kind
      await bar.get('form.reason').trigger('submit')
      await vi.advanceTimersByTimeAsync(0)
      await nextTick()
      expect(document.activeElement).toBe(on)
    }
    expect(judged()).toEqual([
      ['m1', 'returned'],
      ['m2', 'returned'],
    ])
    document.querySelector('.foot')?.remove()
  })

  it('is not said of the next one by a key that is to correct a slip, however late that one is drawn', async () => {
    await bar.setProps({ ready: true })
    press('3')
    await vi.advanceTimersByTimeAsync(0)
    await bar.setProps({ material: m2, ready: false })
    await vi.advanceTimersByTimeAsync(2000)
    await bar.setProps({ ready: true })
    press('1')
    await vi.advanceTimersByTimeAsync(500)
    press('1')
    expect(judged()).toEqual([['m1', 'not_needed']])
    await vi.advanceTimersByTimeAsync(100)
    press('1')
    expect(judged()).toHaveLength(2)
  })

  it('is taken back by its key or button, and the page is told where', async () => {
    await bar.setProps({ ready: true })
    press('3')
    await vi.advanceTimersByTimeAsync(0)
    expect(bar.emitted('done')).toEqual([['申请书.pdf：不需要']])
    await bar.setProps({ material: m2 })
    expect(bar.get('[data-said]').text()).toContain('申请书.pdf')
    // where one writes, the key means the text
    const box = document.body.appendChild(document.createElement('input'))
    press('z', { ctrlKey: true }, box)
    box.remove()
    expect(review).toHaveBeenCalledTimes(1)
    press('z', { ctrlKey: true })
    await vi.advanceTimersByTimeAsync(0)
    expect(review.mock.lastCall).toEqual(['m1', 'none', ''])
    expect(bar.emitted('undone')).toEqual([['m1']])
    expect(bar.find('[data-said]').exists()).toBe(false)
    press('z', { ctrlKey: true })
    expect(review).toHaveBeenCalledTimes(2)
  })

  it('gives back what stood there before it', async () => {
    const returned = { ...m1, review: 'returned' as const, review_reason: '缺日期', reviewed_by: by }
    stand(returned)
    await bar.setProps({ material: returned, ready: true })
    press('1')
    await vi.advanceTimersByTimeAsync(0)
    await bar.get('[data-undo]').trigger('click')
    expect(review.mock.lastCall).toEqual(['m1', 'returned', '缺日期'])
  })

  it('says nothing that somebody else had said in his name', async () => {
    const accepted = { ...m1, review: 'accepted' as const, reviewed_by: { ...by, id: 'somebody' } }
    stand(accepted)
    await bar.setProps({ material: accepted, ready: true })
    press('3')
    await vi.advanceTimersByTimeAsync(0)
    await bar.get('[data-undo]').trigger('click')
    expect(review.mock.lastCall).toEqual(['m1', 'none', ''])
  })

  it('cannot be taken back once something came after', async () => {
    await bar.setProps({ ready: true })
    press('1')
    await vi.advanceTimersByTimeAsync(0)
    expect(bar.find('[data-undo]').exists()).toBe(true)
    const before = view.value?.materials ?? []
    stand(...before, material({ id: 'm3', line: 'application', number: 2, slot: 1 }))
    await nextTick()
    expect(bar.find('[data-undo]').exists()).toBe(false)
    stand(...before)
    await bar.setProps({ closed: true })
    expect(bar.find('[data-undo]').exists()).toBe(false)
  })

  it('says why nothing more is judged: accepted is not decided', async () => {
    for (const [state, why] of [
      ['accepted', '办件已受理'],
      ['granted', '办件已决定'],
      ['withdrawn', '办件已办结'],
    ]) {
      view.value = { ...view.value, state } as unknown as CaseView
      await bar.setProps({ closed: true })
      expect(bar.text()).toContain(why)
    }
  })
})
