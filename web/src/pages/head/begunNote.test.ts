import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h, ref, shallowRef } from 'vue'
import { createMemoryHistory, createRouter, RouterView } from 'vue-router'
import { i18n, learn } from '../../i18n'
import CommentsBar from '../../record/talk/CommentsBar.vue'
import { call } from '../../../tests/kit/calls'
import { caseView } from '../../../tests/kit/cases'
import BegunNote from './BegunNote.vue'

const desk = vi.hoisted(() => ({ call: {} as Record<string, unknown> }))
vi.mock('../../call/desk/useCall', () => ({ useCall: () => desk.call }))

const current = shallowRef<ReturnType<typeof call> | null>(null)
const rings = shallowRef<{ call: ReturnType<typeof call> }[]>([])
enableAutoUnmount(afterEach)
beforeAll(() => {
  Element.prototype.scrollIntoView = () => undefined
  vi.stubGlobal('CSS', { escape: (text: string) => text })
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe = (): void => undefined
      unobserve = (): void => undefined
      disconnect = (): void => undefined
    },
  )
  return learn('work')
})
beforeEach(() => {
  current.value = null
  rings.value = []
  desk.call = { current, rings }
})
afterEach(() => (document.body.innerHTML = ''))

/** The page of a case, of which one line lies open; two of them to go between. */
async function at(case_id: string) {
  const comment = vi.fn(() => Promise.resolve())
  const line = ref('identity')
  const book = { view: shallowRef(caseView()), me: 'p1', case_id, comment, personOf: () => 'here' } as never
  const shown = vi.fn(({ where }: { where: string }) => (line.value = where.slice('line:'.length)))
  const Page = defineComponent(
    () => () =>
      h('main', [
        h(BegunNote, { book, onShow: shown }),
        h(CommentsBar, { book, on: `line:${line.value}`, name: line.value, closed: false }),
      ]),
  )
  const bare = { render: () => h('i') }
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/approver/cases/a', component: Page },
      { path: '/approver/cases/:id', component: bare },
      { path: '/approver', component: bare },
      { path: '/sign-in', name: 'sign_in', component: bare },
    ],
  })
  await router.push('/approver/cases/a')
  const page = mount(RouterView, { global: { plugins: [router, i18n] }, attachTo: document.body })
  await flushPromises()
  const go = async (path: string): Promise<string> => {
    await router.push(path)
    await flushPromises()
    return router.currentRoute.value.path
  }
  const write = async (text: string): Promise<void> => {
    if (!page.find('textarea').exists()) await page.get('[data-tool=material-comments]').trigger('click')
    await page.get('textarea').setValue(text)
  }
  return { page, line, comment, shown, go, write, where: () => router.currentRoute.value.path }
}
const asked = (): HTMLElement | null => document.querySelector('[data-begun-ask]')
const press = async (which: string): Promise<void> => {
  document.querySelector<HTMLElement>(`[${which}]`)!.click()
  await flushPromises()
}

it('keeps a comment that is begun in sight: open at its line, told at another one', async () => {
  const { page, line, shown, write } = await at('case-1')
  await write('这一页没有盖')
  expect(page.find('[data-begun]').exists()).toBe(false)
  line.value = 'licence'
  await flushPromises()
  // the box of another line is not his
  expect(page.find('textarea').exists()).toBe(false)
  expect(page.get('[data-begun]').text()).toContain('审查意见写了一半，没有提出：身份证')
  await page.get('[data-begun-go]').trigger('click')
  await flushPromises()
  expect(shown).toHaveBeenCalledWith({ what: 'comments', where: 'line:identity' })
  const box = page.get<HTMLTextAreaElement>('textarea')
  expect([box.element.value, document.activeElement === box.element]).toEqual(['这一页没有盖', true])
  expect(page.find('[data-begun]').exists()).toBe(false)
})

it('asks before the page of the case is left, and keeps what is written either way', async () => {
  const { page, comment, go, write, where } = await at('case-2')
  expect(await go('/approver')).toBe('/approver')
  await go('/approver/cases/a')
  await write('章不清')
  expect(await go('/approver')).toBe('/approver/cases/a')
  expect(asked()?.textContent).toContain('身份证')
  await press('data-begun-stay')
  expect(document.activeElement).toBe(page.get('textarea').element)
  expect(await go('/approver/cases/b')).toBe('/approver/cases/a')
  await press('data-begun-leave')
  expect(where()).toBe('/approver/cases/b')
  await go('/approver/cases/a')
  expect(page.get<HTMLTextAreaElement>('textarea').element.value).toBe('章不清')
  // once it is sent nothing is asked
  await page.get('form[data-writes]').trigger('submit')
  await flushPromises()
  expect(comment).toHaveBeenCalledWith('line:identity', '章不清')
  expect(await go('/approver')).toBe('/approver')
})

it('holds nobody who signs out or goes to the call that he took', async () => {
  const { page, go, write } = await at('case-3')
  await write('先记下')
  current.value = call({ state: 'live', case_id: 'b' })
  expect(await go('/approver/cases/b')).toBe('/approver/cases/b')
  await go('/approver/cases/a')
  // he has answered, and the news of it is still on its way
  current.value = null
  rings.value = [{ call: call({ state: 'open', case_id: 'c' }) }]
  expect(await go('/approver/cases/c')).toBe('/approver/cases/c')
  await go('/approver/cases/a')
  expect(page.get<HTMLTextAreaElement>('textarea').element.value).toBe('先记下')
  expect(await go('/sign-in')).toBe('/sign-in')
})
