import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { nextTick, ref } from 'vue'
import { i18n, learn } from '../../i18n'
import { takeStep } from '../../ui/shortcuts'
import type { ClockView } from '../../wire/messages'
import ClockNote from './ClockNote.vue'
import ReferralGone from './ReferralGone.vue'
import { by, caseView } from '../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

const limit = { due_on: '2026-12-09', due_days: [], skipped_days: [], provisional: false }
const clock: ClockView = {
  started_on: '2026-12-01',
  started: 'decided',
  promised_days: 6,
  legal_days: 20,
  extension_at_most: 10,
  legal: limit,
  halts: [],
  extension: null,
}

it('says by the key of the next step what is missing before the clock is stopped, and only leads to it then', async () => {
  const stopClock = vi.fn(() => Promise.resolve({}))
  const page = mount(ClockNote as never, {
    props: {
      view: caseView({ state: 'accepted' }),
      clock,
      book: { stopClock, rests: () => ({}), view: ref(null) },
    } as never,
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  await page.get('[data-act=stop]').trigger('click')
  await nextTick()
  const confirm = () => page.get<HTMLButtonElement>('[data-confirm-clock]').element
  takeStep(confirm())
  await nextTick()
  expect(page.get('form').text()).toContain('请选择特别程序')
  expect(document.activeElement).toBe(page.get('select').element)
  await page.get('select').setValue('test')
  await page.get('textarea').setValue('送检，约五日')
  takeStep(confirm())
  expect(document.activeElement).toBe(confirm())
  expect(stopClock).not.toHaveBeenCalled()
})

it.each(['granted', 'issued', 'archived'] as const)(
  'turns no clock of a case that is decided: %s',
  (state) => {
    const page = mount(ClockNote as never, {
      props: { view: caseView({ state }), clock, book: { rests: () => ({}), view: ref(null) } } as never,
      global: { plugins: [i18n] },
    })
    expect(page.find('[data-act]').exists()).toBe(false)
    expect(page.text()).toContain('20 个工作日')
  },
)

it('names the case that went to another unit, and of its applicant the surname alone', () => {
  const view = caseView()
  const referral = {
    from_unit_name: '甲',
    to_unit_name: '乙',
    reason: '属地',
    by,
    at: '2026-11-24T06:10:00Z',
  }
  const which = mount(ReferralGone, { props: { referral, view }, global: { plugins: [i18n] } }).get(
    '[data-which]',
  )
  expect(which.text()).toContain(`${view.applicant.name[0]}** · ${view.item.name}`)
  expect(which.text()).not.toContain(view.applicant.name)
  expect(which.find('[data-case-code]').text()).toContain('识别码')
})
