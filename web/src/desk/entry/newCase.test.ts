/**
 * The form of a new case while the line is cut. The server and its socket are played; the page and its wire
 * are what they are.
 */
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import NewCase from './NewCase.vue'
import { i18n, learn } from '../../i18n'
import { closeWire } from '../../wire/socket'

const line = vi.hoisted(() => ({ hear: new Map<string, (...given: unknown[]) => void>(), up: true }))
vi.mock('socket.io-client', () => ({
  io: () => {
    const socket = {
      connected: true,
      active: true,
      io: { engine: { close: () => undefined } },
      on: (name: string, hear: () => void) => void line.hear.set(name, hear),
      emit: () => undefined,
      connect: () => (line.hear.get('connect')?.(), socket),
      disconnect: () => socket,
    }
    return socket
  },
}))

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
beforeEach(() => {
  vi.useFakeTimers()
  line.up = true
  vi.stubGlobal('fetch', () => {
    if (!line.up) return Promise.reject(new TypeError('Failed to fetch'))
    const body = { items: [{ id: 'item-001', name: '变更登记', unit_name: '青岛' }] }
    return Promise.resolve(
      new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } }),
    )
  })
})
afterEach(() => {
  closeWire()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('says of a search without a connection that it could not be done, and searches again when it is back', async () => {
  const page = mount(NewCase as never, {
    props: { here: '济南', approvers: null } as never,
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  line.hear.get('connect')?.()
  const settled = async (): Promise<void> => {
    await vi.advanceTimersByTimeAsync(200)
    await flushPromises()
  }
  line.up = false
  window.dispatchEvent(new Event('offline'))
  const input = page.get('#new-item')
  await input.trigger('focus')
  await input.setValue('变更')
  await settled()
  expect(page.get('[role=status].none').attributes('data-failed')).toBe('true')
  expect(page.text()).not.toContain('没有这样的事项')
  await page.get('form').trigger('submit')
  await settled()
  const word = () => page.get('#new-item-word').text()
  expect(word()).toContain('连接断开')

  line.up = true
  window.dispatchEvent(new Event('online'))
  await settled()
  expect(page.findAll('[role=option]')).toHaveLength(1)
  expect(word()).toBe('')
  expect(page.find('.problem').exists()).toBe(false)
  await page.get('form').trigger('submit')
  await settled()
  expect(word()).toBe('请从列表里选一个事项')
})

it('asks first only on demand, and moves the filled button to what was opened', async () => {
  const page = mount(NewCase as never, {
    props: { here: '济南', approvers: null } as never,
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  line.hear.get('connect')?.()
  const filled = () => page.findAll('[data-filled]').map((one) => one.text())
  expect(page.find('#new-question').exists()).toBe(false)
  expect(filled()).toEqual([expect.stringContaining('登记办件')])

  await page.get('[data-ask-first]').trigger('click')
  await flushPromises()
  expect(page.get('[data-ask-first]').attributes('aria-expanded')).toBe('true')
  expect(document.activeElement?.id).toBe('new-asked')
  expect(filled()).toEqual([expect.stringContaining('先咨询，连线')])

  // Escape puts it away; the focus stays at what opened it
  await page.get('#new-question').trigger('keydown', { key: 'Escape' })
  await flushPromises()
  expect(page.find('#new-question').exists()).toBe(false)
  expect(document.activeElement).toBe(page.get('[data-ask-first]').element)
})

it('lets the call be the next step of a consultation that is not in one', async () => {
  const page = mount(NewCase as never, {
    props: {
      here: '济南',
      approvers: null,
      consulted: { id: 'c', unit_id: 'u', item_id: '', register: () => Promise.resolve() },
      second: true,
    } as never,
    global: { plugins: [i18n] },
  })
  expect(page.findAll('[data-filled]')).toHaveLength(0)
  await page.setProps({ second: false } as never)
  expect(page.findAll('[data-filled]')).toHaveLength(1)
})
