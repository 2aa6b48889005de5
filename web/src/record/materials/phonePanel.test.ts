import { webcrypto } from 'node:crypto'
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { shallowRef } from 'vue'
import { by, caseView } from '../../../tests/kit/cases'
import { i18n, learn } from '../../i18n'
import { Problem } from '../../wire/http'
import type { CaseView, PhoneView } from '../../wire/messages'
import PhonePanel from './PhonePanel.vue'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
beforeEach(() => {
  vi.stubGlobal('crypto', webcrypto)
  vi.stubGlobal('isSecureContext', true)
})
afterEach(() => vi.unstubAllGlobals())

const link = (state: PhoneView['state']): PhoneView => ({
  id: 'phone-1',
  line: 'identity',
  state,
  by,
  made_at: '2026-12-02T01:00:00Z',
  expires_at: '2026-12-02T01:05:00Z',
  pages: [],
})

/** The panel of a line whose link was made, and the case that it shows. */
async function panel(invitePhone = () => Promise.resolve({ phone_id: 'phone-1' })) {
  const view = shallowRef<CaseView>(caseView({ phones: [link('waiting')] }))
  const withdrawPhone = () => Promise.resolve()
  const page = mount(PhonePanel, {
    props: { book: { view, invitePhone, withdrawPhone } as never, line: 'identity', closed: false },
    global: { plugins: [i18n] },
  })
  await flushPromises()
  await vi.waitFor(() => expect(page.find('[data-withdraw-phone], [data-invite-phone]').exists()).toBe(true))
  return { page, view }
}

describe('the code for a phone', () => {
  it('is offered anew once its link has ended, and no more once the case is decided', async () => {
    const { page, view } = await panel()
    expect(page.find('[data-qr]').exists()).toBe(true)
    view.value = caseView({ phones: [link('withdrawn')] })
    await flushPromises()
    expect(page.get('[data-invite-phone]').text()).toBe('换一个二维码')
    await page.setProps({ closed: true })
    expect(page.find('[data-invite-phone]').exists()).toBe(false)
    expect(page.find('[data-phone-link=withdrawn]').exists()).toBe(true)
  })

  it('that could not be made is not offered anew after the decision either', async () => {
    const refused = new Problem({ status: 409, title: '办件已办结', code: 'case_closed' })
    const { page } = await panel(() => Promise.reject(refused))
    await page.setProps({ closed: true })
    expect(page.find('[data-invite-phone]').exists()).toBe(false)
    expect(page.text()).toContain('办件已办结')
  })
})
