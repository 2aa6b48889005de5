import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { h, shallowRef } from 'vue'
import { createMemoryHistory, createRouter, RouterView } from 'vue-router'
import { i18n, learn } from '../i18n'
import ScanPane from './ScanPane.vue'

const scan = vi.hoisted(() => ({ pages: [] as unknown[] }))
vi.mock('./useScan', () => ({
  MOST_PAGES: 60,
  useScan: () => ({
    pages: shallowRef(scan.pages),
    working: shallowRef(false),
    failed: shallowRef(false),
    undoable: shallowRef(false),
  }),
}))

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

async function table(pages: number) {
  scan.pages = Array.from({ length: pages }, (_, at) => ({ id: `page-${at}`, found: true, flat_url: '' }))
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      {
        path: '/window/cases/:id',
        component: ScanPane,
        props: { camera: null, name: '清税证明', sides: [], closed: false },
      },
      { path: '/window', component: { render: () => h('i') } },
      { path: '/sign-in', component: { render: () => h('i') } },
    ],
  })
  await router.push('/window/cases/a')
  const page = mount(RouterView, { global: { plugins: [router, i18n] }, attachTo: document.body })
  await flushPromises()
  const at = () => router.currentRoute.value.path
  return { router, page, at }
}

it('asks about pages that are not sent on the way to another case or to the list, and goes on when they are dropped', async () => {
  const { router, page, at } = await table(1)
  for (const path of ['/window/cases/b', '/window']) {
    await router.push(path)
    await flushPromises()
    expect(at()).toBe('/window/cases/a')
    expect(page.get('[role=alertdialog]').text()).toContain('1')
    expect(document.activeElement).toBe(page.get('[data-stay-scan]').element)
    await page.get('[data-stay-scan]').trigger('click')
    expect(page.find('[role=alertdialog]').exists()).toBe(false)
  }
  await router.push('/window/cases/b')
  await flushPromises()
  await page.get('[data-drop-scan]').trigger('click')
  await flushPromises()
  expect(at()).toBe('/window/cases/b')
})

it('holds nobody who has taken nothing, or signs out', async () => {
  const empty = await table(0)
  await empty.router.push('/window/cases/b')
  expect(empty.at()).toBe('/window/cases/b')
  const full = await table(1)
  await full.router.push('/sign-in')
  expect(full.at()).toBe('/sign-in')
})
