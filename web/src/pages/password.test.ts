import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import PasswordPage from './PasswordPage.vue'
import { i18n, learn } from '../i18n'
import { router } from '../router'
import { mustChange } from '../wire/session'

enableAutoUnmount(afterEach)

const person = {
  id: 'p-1',
  login: 'lixiulan',
  name: '李秀兰',
  staff_number: 'SZ-0306',
  roles: ['clerk'],
  unit: { id: 'u', name: '济南' },
  window: { id: 'w', name: '3号窗口' },
}
const sent: unknown[] = []
let answer: [number, unknown]

beforeEach(async () => {
  sent.length = 0
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    if (init.method === 'PUT') sent.push([path, JSON.parse(String(init.body))])
    const [status, body] = init.method === 'PUT' ? answer : [200, { person, must_change: true, idle_s: 1800 }]
    return Promise.resolve(new Response(JSON.stringify(body), { status }))
  })
  await learn('work', 'case')
})
afterEach(() => vi.unstubAllGlobals())

describe('one’s own password', () => {
  it('is changed before anything else where it is a temporary one, with the one that counts now', async () => {
    await router.push('/anywhere')
    expect(router.currentRoute.value.name).toBe('password')
    expect(mustChange.value).toBe(true)

    const page = mount(PasswordPage, { global: { plugins: [i18n, router] }, attachTo: document.body })
    const [before, after] = [
      page.get<HTMLInputElement>('[autocomplete=current-password]'),
      page.get<HTMLInputElement>('[autocomplete=new-password]'),
    ]
    await page.get('form').trigger('submit')
    expect(sent).toEqual([])
    expect(document.activeElement).toBe(before.element)

    await before.setValue('given once')
    await after.setValue('four quite unrelated words')
    answer = [401, { title: '登录名或密码不对。', status: 401, code: 'bad_credentials' }]
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(page.text()).not.toContain('登录名')
    expect(document.activeElement).toBe(before.element)
    expect(mustChange.value).toBe(true)

    answer = [200, { ended: 2 }]
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(sent.at(-1)).toEqual([
      '/api/v1/session/password',
      { old: 'given once', new: 'four quite unrelated words' },
    ])
    expect(page.get('[data-changed]').text()).toContain('2')
    expect(page.find('input[type=password]').exists()).toBe(false)
    expect(mustChange.value).toBe(false)
    await router.push('/anywhere')
    expect(router.currentRoute.value.name).toBe('not_found')
  })
})
