import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import DutyMark from './DutyMark.vue'
import DutyPane from './DutyPane.vue'
import { standingOf } from './duty'
import { i18n, learn } from '../i18n'
import { spoken } from '../ui/announce'
import type { MissedCall } from '../wire/messages'
import { isCut } from '../wire/socket'
import { person } from '../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

const global = {
  plugins: [i18n],
  stubs: { RouterLink: { props: ['to'], template: '<a :data-to="to.name"><slot /></a>' } },
}
const call = (
  case_id: string,
  at = '2026-11-24T06:00:00Z',
  reason: MissedCall['reason'] = 'missed',
): MissedCall => ({
  case_id,
  call_id: `call-${case_id}`,
  reason,
  ask_again_at: null,
  caller: person('clerk', '李秀兰'),
  window_id: 'window-3',
  target_unit_id: 'unit-xh',
  target_unit_name: '青岛西海岸',
  card: { item_name: '分公司注销登记', applicant_masked: '赵**' } as MissedCall['card'],
  at,
  times: 1,
  asked_by: null,
  asked_at: null,
})

describe('how an approver stands to calls', () => {
  it('is that nothing rings while a call engages him, whatever he chose', () => {
    expect(standingOf('online', false)).toMatchObject({ word: 'online', hint: 'desk.duty.online_hint' })
    expect(standingOf('away', false)).toMatchObject({ word: 'away', hint: 'desk.duty.away_hint' })
    for (const duty of ['online', 'away'] as const)
      expect(standingOf(duty, true)).toMatchObject({ word: 'busy', hint: `desk.duty.busy_hint.${duty}` })
  })

  it('is said so at the desk', () => {
    const pane = mount(DutyPane, {
      props: { duty: 'online', in_call: true, colleagues: null, busy: false },
      global,
    })
    expect(pane.text()).toContain('通话中，来电不会响铃')
    expect(pane.text()).not.toContain('窗口来电会响铃')
  })

  it('is that nothing rings while he is cut off from the server, and holds again with it', async () => {
    expect(standingOf('online', true, true).word).toBe('busy')
    const pane = mount(DutyPane, {
      props: { duty: 'online', in_call: false, cut: true, colleagues: null, busy: false },
      global,
    })
    expect(pane.get('[data-duty]').text()).toBe('连接断开')
    expect(pane.text()).toContain('窗口来电不会响铃；恢复后继续在岗')
    await pane.setProps({ cut: false })
    expect(pane.get('[data-duty]').text()).toBe('在岗')
    expect(isCut('connecting') || isCut('connected')).toBe(false)
    expect(isCut('reconnecting') && isCut('lost')).toBe(true)
  })

  it('keeps the focus on its button when it is set', async () => {
    const pane = mount(DutyPane, {
      props: { duty: 'away', in_call: false, colleagues: null, busy: false },
      global,
      attachTo: document.body,
    })
    const button = pane.get<HTMLButtonElement>('[data-duty-set]')
    button.element.focus()
    await pane.setProps({ duty: 'online' })
    expect(button.text()).toBe('离岗')
    expect(document.activeElement).toBe(button.element)
  })
})

describe('the mark in the head of a page', () => {
  const mark = (over: object = {}) =>
    mount(DutyMark, {
      props: { duty: 'online', in_call: false, busy: false, missed: null, ...over },
      global,
      attachTo: document.body,
    })

  it('says the duty and lets it be set, and the focus comes back', async () => {
    const shown = mark()
    const button = shown.get('[data-duty-mark]')
    expect(button.attributes('data-duty-mark')).toBe('online')
    expect(button.get('.visually-hidden').text()).toBe('接听状态：在岗')
    await button.trigger('click')
    await nextTick()
    expect(document.activeElement).toBe(shown.get('[data-duty-set]').element)
    await shown.get('[data-duty-set]').trigger('click')
    expect(shown.emitted('duty')).toEqual([['away']])
    expect(document.activeElement).toBe(button.element)
    expect(shown.find('[data-duty-set]').exists()).toBe(false)
  })

  it('counts the missed calls, leads to them, and says each that is new once', async () => {
    vi.useFakeTimers()
    const shown = mark()
    expect(shown.find('[data-missed-mark]').exists()).toBe(false)
    await shown.setProps({ missed: [call('c1')] })
    await nextTick()
    // what was missed before the page was opened is counted and not said
    expect(spoken.value).toBe('')
    expect(shown.get('[data-missed-mark]').attributes()).toMatchObject({
      'data-missed-mark': '1',
      'data-to': 'approver',
    })
    await shown.setProps({ missed: [call('c2', '2026-11-24T06:05:00Z'), call('c1')] })
    await nextTick()
    expect(spoken.value).toContain('的来电未接：分公司注销登记 赵**')
    expect(shown.get('[data-missed-mark]').attributes('data-missed-mark')).toBe('2')
    await vi.advanceTimersByTimeAsync(8_000)
    // the same list again says nothing, nor does what somebody declined
    await shown.setProps({
      missed: [
        call('c2', '2026-11-24T06:05:00Z'),
        call('c1'),
        call('c3', '2026-11-24T06:06:00Z', 'declined'),
      ],
    })
    await nextTick()
    expect(spoken.value).toBe('')
    await shown.setProps({ missed: [call('c1', '2026-11-24T06:09:00Z')], unseen: true })
    await nextTick()
    expect(spoken.value).not.toBe('')
    expect(shown.find('[data-duty-mark]').exists()).toBe(false)
    vi.useRealTimers()
  })
})
