import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import AccountDialog from '../admin/AccountDialog.vue'
import { actsOn, pairsAllowed, pairsToAllow } from '../admin/accounts'
import { i18n, learn } from '../i18n'
import type { PersonRow } from '../wire/messages'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case', 'admin'))

const person = (over: Partial<PersonRow> = {}): PersonRow => ({
  id: 'p-1',
  login: 'hanmei',
  name: '韩梅',
  staff_number: 'QD-9',
  unit_id: 'u',
  unit_name: '青岛',
  window_name: null,
  roles: ['approver'],
  conflicts: [],
  active: true,
  ...over,
})
const admin = { id: 'a-1', roles: ['admin' as const] }
const officer = { id: 's-1', roles: ['security' as const] }
const both = { first: 'supervisor' as const, second: 'approver' as const, held: true }

describe('what may be done to an account', () => {
  it('is of an administrator: password, sign-ins, whether it is open', () => {
    expect(actsOn(admin, person())).toEqual(['reset', 'sign_out', 'block'])
    expect(actsOn(admin, person({ active: false }))).toEqual(['reset', 'sign_out', 'unblock'])
    expect(actsOn(admin, person({ id: 'a-1' }))).toEqual([])
    expect(actsOn(admin, person({ roles: ['operator'] }))).toEqual([])
    for (const role of ['admin', 'security'] as const)
      expect(actsOn(admin, person({ roles: [role] }))).toEqual(['sign_out', 'block'])
  })

  it('is of a security officer: which roles may be beside one another', () => {
    expect(actsOn(officer, person())).toEqual(['exempt'])
    const let_be = person({ roles: ['approver', 'supervisor'], conflicts: [{ ...both, allowed: '仅一人' }] })
    expect(actsOn(officer, let_be)).toEqual(['exempt', 'unexempt'])
    expect(pairsAllowed(let_be)).toEqual([['supervisor', 'approver']])
    expect(
      pairsToAllow(person({ roles: ['approver', 'supervisor'], conflicts: [{ ...both, allowed: null }] }))[0],
    ).toEqual(['supervisor', 'approver'])
    expect(actsOn(officer, person({ roles: ['operator'] }))).toEqual([])
  })
})

describe('the dialog of an account', () => {
  const asked: [string, string, string | undefined][] = []
  const answers = (status: number, body: unknown): void => {
    asked.length = 0
    vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
      asked.push([init.method ?? '', path, init.body as string | undefined])
      return Promise.resolve(new Response(status === 204 ? null : JSON.stringify(body), { status }))
    })
  }
  const shown = (me: unknown, of: PersonRow) =>
    mount(AccountDialog as never, {
      props: { me, person: of } as never,
      global: {
        plugins: [i18n],
        stubs: { ElDialog: { template: '<div><slot /><slot name="footer" /></div>' } },
      },
    })
  afterEach(() => vi.unstubAllGlobals())

  it('blocks with a reason, and not without one', async () => {
    answers(204, null)
    const page = shown(admin, person())
    expect(page.find('[data-go]').exists()).toBe(false)
    await page.get('[data-act=block]').trigger('click')
    await page.get('[data-go]').trigger('click')
    expect(asked).toEqual([])
    expect(page.get('[role=alert]').text()).toBe('请填写理由')
    await page.get('input').setValue(' 调离 ')
    await page.get('[data-go]').trigger('click')
    await flushPromises()
    expect(asked).toEqual([['POST', '/api/v1/people/p-1/block', JSON.stringify({ reason: '调离' })]])
    expect(page.find('[data-done=block]').exists()).toBe(true)
    expect(page.emitted('changed')).toHaveLength(1)
    expect(page.find('[data-go]').exists()).toBe(false)
  })

  it('tells a temporary password once, and forgets it with the next choice', async () => {
    answers(201, { password: 'aB3-xyz', until: '2026-12-02T04:00:00Z' })
    const page = shown(admin, person())
    await page.get('[data-act=reset]').trigger('click')
    await page.get('[data-go]').trigger('click')
    await flushPromises()
    expect((page.get('[data-given]').element as HTMLInputElement).value).toBe('aB3-xyz')
    expect(page.find('[data-go]').exists()).toBe(false)
    await page.get('[data-act=sign_out]').trigger('click')
    expect(page.html()).not.toContain('aB3-xyz')
  })

  it('lets a security officer choose the pair', async () => {
    answers(204, null)
    const page = shown(
      officer,
      person({ roles: ['approver', 'supervisor'], conflicts: [{ ...both, allowed: '仅一人' }] }),
    )
    await page.get('[data-act=unexempt]').trigger('click')
    await page.get('[data-go]').trigger('click')
    await flushPromises()
    expect(asked).toEqual([
      ['DELETE', '/api/v1/people/p-1/exemptions?first=supervisor&second=approver', undefined],
    ])
  })
})
