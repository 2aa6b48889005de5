import { webcrypto } from 'node:crypto'
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { shallowRef } from 'vue'
import { by, caseView, material } from '../../../tests/kit/cases'
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
  taken: [],
})

/** The panel of a line whose link was made, and the case that it shows. */
async function panel(
  invitePhone = () => Promise.resolve({ phone_id: 'phone-1' }),
  put = () => Promise.resolve(true),
) {
  const view = shallowRef<CaseView>(caseView({ phones: [link('waiting')] }))
  const withdrawPhone = () => Promise.resolve()
  const takePage = vi.fn(() => Promise.resolve())
  const page = mount(PhonePanel, {
    props: {
      book: { view, invitePhone, withdrawPhone, takePage } as never,
      line: 'identity',
      closed: false,
      put,
    },
    global: { plugins: [i18n] },
  })
  await flushPromises()
  await vi.waitFor(() => expect(page.find('[data-withdraw-phone], [data-invite-phone]').exists()).toBe(true))
  return { page, view, takePage }
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

  it('tells of a page only once it lies among the papers here', async () => {
    vi.stubGlobal(
      'fetch',
      vi.fn(() => Promise.resolve(new Response('x'))),
    )
    const answers: ((lies: boolean) => void)[] = []
    const { view, takePage } = await panel(undefined, () => new Promise((done) => answers.push(done)))
    const came = (...ids: string[]): CaseView =>
      caseView({
        phones: [{ ...link('connected'), pages: ids }],
        materials: ids.map((id) => material({ id, line: 'other', purpose: 'page' })),
      })
    view.value = came('m1')
    await vi.waitFor(() => expect(answers).toHaveLength(1))
    expect(takePage).not.toHaveBeenCalled()
    answers[0]!(true)
    await flushPromises()
    expect(takePage.mock.calls).toEqual([['phone-1', 'm1']])
    // one for which there was no room is not told of
    view.value = came('m1', 'm2')
    await vi.waitFor(() => expect(answers).toHaveLength(2))
    answers[1]!(false)
    await flushPromises()
    expect(takePage).toHaveBeenCalledOnce()
  })
})
