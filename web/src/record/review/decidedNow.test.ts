import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { nextTick } from 'vue'
import { i18n, learn } from '../../i18n'
import { spoken } from '../../ui/announce'
import type { CaseView } from '../../wire/messages'
import { caseView, person } from '../../../tests/kit/cases'
import DecidedNow from './DecidedNow.vue'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

const by = person('person-09', '周明远')
const decided = (kind: string, points: string[] = []) =>
  caseView({
    state: kind as CaseView['state'],
    decision: { kind, reason: '缺落款日期', by, at: `2026-11-24T07:00:0${points.length}Z`, points } as never,
  })
const referred = caseView({
  referrals: [
    {
      from_unit_name: '甲局',
      to_unit_name: '乙局',
      reason: '属地',
      by,
      at: '2026-11-24T06:10:00Z',
    },
  ] as never,
})
const above = (covered = true) =>
  mount(DecidedNow, { props: { view: caseView(), covered }, global: { plugins: [i18n] } })

it('stands above what covers the note of it, and leads there', async () => {
  const page = above()
  expect(page.find('.banner').exists()).toBe(false)
  await page.setProps({ view: decided('to_correct', ['申请书', '身份证']) })
  expect(page.get('[data-decided-now=to_correct]').text()).toContain('已出具补正告知，2 项：缺落款日期')
  await page.get('[data-look]').trigger('click')
  expect(page.emitted('look')).toEqual([['decided']])
  await page.setProps({ view: decided('refused') })
  expect(page.get('[data-decided-now=refused]').text()).toContain('不予受理：缺落款日期')
  await page.setProps({ view: decided('accepted') })
  expect(page.get('[data-decided-now=accepted]').text()).toContain('已受理')
  // seen there, it does not come again when something covers it anew
  await page.setProps({ covered: false })
  await page.setProps({ covered: true })
  expect(page.find('.banner').exists()).toBe(false)
})

it('says a referral once, whether its note is covered or not', async () => {
  const page = above(false)
  await page.setProps({ view: referred })
  await nextTick()
  expect(spoken.value).toBe('本件已转办至乙局：属地')
  expect(page.find('.banner').exists()).toBe(false)
  const covered = above()
  await covered.setProps({ view: referred })
  expect(covered.get('[data-referred-now]').text()).toContain('本件已转办至乙局：属地')
  await covered.get('[data-look]').trigger('click')
  expect(covered.emitted('look')).toEqual([['referred']])
})
