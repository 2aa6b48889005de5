import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick, ref, shallowRef } from 'vue'
import OwedList from '../../desk/OwedList.vue'
import { i18n, learn } from '../../i18n'
import CommentsOn from './CommentsOn.vue'
import CommentWrite from './CommentWrite.vue'
import MessagesPanel from './MessagesPanel.vue'
import ProblemAlert from '../../ui/ProblemAlert.vue'
import { Problem } from '../../wire/http'
import type { Comment } from '../../wire/messages'
import { closeWire } from '../../wire/socket'
import { by, caseView } from '../../../tests/kit/cases'

// jsdom measures nothing
class Eyes {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

enableAutoUnmount(afterEach)
beforeEach(() => vi.stubGlobal('ResizeObserver', Eyes))
afterEach(() => vi.unstubAllGlobals())
beforeAll(async () => {
  await learn('work', 'case')
  // jsdom scrolls nothing
  Element.prototype.scrollTo = () => undefined
})

const unsent = (): Problem => new Problem({ title: '操作没有发出', status: 0, code: 'unsent' })
const shown = (part: unknown, props: object) =>
  mount(part as never, { props: props as never, global: { plugins: [i18n] }, attachTo: document.body })

describe('what is told of an act that was refused', () => {
  it('goes when it holds no longer', async () => {
    const problem = unsent()
    const alert = shown(ProblemAlert, { problem })
    expect(alert.text()).toContain('操作没有发出')
    problem.pass()
    await nextTick()
    expect(alert.find('[role=alert]').exists()).toBe(false)
  })

  it('goes from below a message and a comment when their text is changed', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"phrases":[]}')))
    const book = {
      view: ref(caseView()),
      me: 'p1',
      case_id: 'c1',
      say: () => Promise.reject(unsent()),
      personOf: () => 'here',
    }
    const say = shown(MessagesPanel, { book, call_id: null, seat: 'approver' })
    const write = shown(CommentWrite, {
      label: '',
      hint: '',
      word: '提出',
      keep: 'k',
      send: () => Promise.reject(unsent()),
    })
    for (const page of [say, write]) {
      const box = page.get('textarea')
      await box.setValue('请补签')
      await page.get('form').trigger('submit')
      await flushPromises()
      expect(page.get('[role=alert]').text()).toBe('操作没有发出')
      await box.setValue('')
      expect(page.find('[role=alert]').exists()).toBe(false)
    }
  })

  it('leads a comment that was declined back to its text', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"phrases":[]}')))
    const asked: Element[] = []
    const declined = Object.assign(unsent(), { declined: true })
    const write = shown(CommentWrite, {
      label: '',
      hint: '',
      word: '提出',
      keep: 'k2',
      send: () => Promise.reject((asked.push(document.activeElement as Element), declined)),
    })
    await write.get('textarea').setValue('请补签')
    write.get<HTMLButtonElement>('[type=submit]').element.focus()
    await write.get('form').trigger('submit')
    await flushPromises()
    // the question gives the focus back to where it was then
    expect(asked).toEqual([write.get('textarea').element])
    expect(write.find('[role=alert]').exists()).toBe(false)
  })
})

describe('a list that could not be loaded', () => {
  it('says so, and counts nothing', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')))
    const list = shown(OwedList, { side: 'approver' })
    await flushPromises()
    expect(list.get('[data-owed]').text()).toContain('没有载入')
    expect(list.text()).not.toContain('0 件')
    list.unmount()
    closeWire()
  })
})

describe('a comment that is ended', () => {
  const comment = (id: string): Comment => ({
    id,
    on: 'case',
    state: 'open',
    entries: [{ by, at: '2026-11-24T06:05:00Z', text: '请说明' }],
    closed_by: null,
    closed_at: null,
  })

  it('leads to the next open one, then to the next step, and never into the box for a new one', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"phrases":[]}')))
    document.body.innerHTML = '<div class="foot"><button data-filled="true">受理</button></div>'
    const view = shallowRef(caseView({ comments: [comment('c1'), comment('c2')] }))
    const resolve = (id: string) => {
      view.value = {
        ...view.value,
        comments: view.value.comments.map((one) => (one.id === id ? { ...one, state: 'resolved' } : one)),
      }
      return Promise.resolve({})
    }
    const page = shown(CommentsOn, {
      book: { view, me: 'p1', case_id: 'c1', audience: ref('approver'), personOf: () => 'here', resolve },
      on: 'case',
      name: '本办件',
      closed: false,
    })
    const end = async (id: string): Promise<void> => {
      const button = page.get<HTMLButtonElement>(`[data-comment=${id}] [data-resolve]`)
      button.element.focus()
      await button.trigger('click')
      await flushPromises()
    }
    await end('c1')
    expect(document.activeElement).toBe(page.get('[data-comment=c2] [data-resolve]').element)
    await end('c2')
    expect(document.activeElement?.textContent).toBe('受理')
  })
  it('stays where the other one writes an answer, with his text and the focus, until he leaves it', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"phrases":[]}')))
    const view = shallowRef(caseView({ comments: [comment('c1'), comment('c2')] }))
    const page = shown(CommentsOn, {
      book: { view, me: 'p1', case_id: 'c1', audience: ref('window'), personOf: () => 'there' },
      on: 'case',
      name: '本办件',
      closed: false,
    })
    const box = page.get<HTMLTextAreaElement>('[data-comment=c1] textarea')
    box.element.focus()
    await box.setValue('已经补')
    const comments = view.value.comments.map((one) =>
      one.id === 'c1' ? { ...one, state: 'resolved' as const } : one,
    )
    view.value = { ...view.value, comments }
    await flushPromises()
    expect(document.activeElement).toBe(box.element)
    expect(box.element.value).toBe('已经补')
    expect(page.get('[data-comment=c1]').attributes('data-comment-state')).toBe('resolved')
    page.get<HTMLElement>('[data-comment=c2] textarea').element.focus()
    await flushPromises()
    expect(page.find('[data-comment=c1]').exists()).toBe(false)
    // and does not hold the key of the next step in an empty box once his answer is sent
    view.value = {
      ...view.value,
      comments: comments.map((one) => ({ ...one, state: 'resolved' as const })),
    }
    await flushPromises()
    expect(page.find('[data-comment=c2]').exists()).toBe(false)
  })
})
