import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { i18n, learn } from '../../i18n'
import ReviewBar from './ReviewBar.vue'
import type { CaseBook } from '../book/useCase'
import { material } from '../../../tests/kit/cases'

const review = vi.fn(() => Promise.resolve({}))
let bar: VueWrapper

const press = (key: string) => window.dispatchEvent(new KeyboardEvent('keydown', { key }))
const judged = () => (review.mock.calls as unknown[][]).map(([id, verdict]) => [id, verdict])

beforeEach(async () => {
  vi.stubGlobal('fetch', () =>
    Promise.resolve(new Response('{"phrases": []}', { headers: { 'content-type': 'application/json' } })),
  )
  await learn('work')
  vi.useFakeTimers()
  review.mockClear()
  bar = mount(ReviewBar, {
    props: {
      book: { review } as unknown as CaseBook,
      material: material({ id: 'm1', line: 'application' }),
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
    await bar.setProps({ material: material({ id: 'm2', line: 'appointment' }) })
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
})
