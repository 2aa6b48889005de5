/** 后续办件: which kinds each desk may begin, what is told of those that follow, and that the first case is shown. */
import { enableAutoUnmount, flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { ref } from 'vue'
import { caseView, person } from '../../../../tests/kit/cases'
import { i18n, learn } from '../../../i18n'
import { Problem } from '../../../wire/http'
import type { CaseView, SequelView } from '../../../wire/messages'
import type { DeskSeat } from '../../rules/course/courseStep'
import { prolongedLate, sequelsFor } from '../../rules/course/sequels'
import type { Course } from '../useCourse'
import SequelList from './SequelList.vue'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

const TODAY = '2026-12-02'
const zhou = person('zhou', '周明远')

function sequel(kind: SequelView['kind'], outcome: SequelView['outcome']): SequelView {
  const ended_on = outcome === 'open' ? null : '2026-12-01'
  return { case_id: `case-${kind}`, kind, by: zhou, at: '2026-11-30T02:00:00Z', outcome, ended_on }
}

/** a case that granted a licence to that day, and what follows it */
function granted(
  valid_until: string | null,
  sequels: SequelView[] = [],
  over: Partial<CaseView> = {},
): CaseView {
  const view = caseView({ state: 'delivered' })
  const at = '2026-11-24T02:00:00Z'
  const deliver = { due_on: '2026-12-08', due_days: [], skipped_days: [], provisional: false }
  return {
    ...view,
    course: {
      ...view.course,
      ruling: { kind: 'granted', reason: '', bases: [], by: zhou, at, deliver },
      results: [
        {
          id: 'a',
          kind: 'licence',
          name: '食品经营许可证',
          number: 'JY1',
          originals: 1,
          copies: 1,
          valid_from: '2021-12-02',
          valid_until,
          by: zhou,
          at,
        },
      ],
      sequels,
    },
    ...over,
  }
}

function list(view: CaseView, seat: DeskSeat, beginSequel = vi.fn(async () => ({}))) {
  const book = { rests: () => ({ seen_version: 7 }), beginSequel }
  const course = { book, seat, today: ref(TODAY), acts: () => true } as unknown as Course
  const global = { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } }
  return { beginSequel, shown: mount(SequelList, { props: { view, course }, global }) }
}

it('offers to each desk what may begin there, once something was granted that stands', () => {
  const of = (view: CaseView, seat: DeskSeat): string => sequelsFor(view, seat, TODAY).join(' ')
  expect([of(granted('2027-01-01'), 'window'), of(granted('2027-01-01'), 'approver')]).toEqual([
    'altered prolonged reissued rectified deregistered',
    'revoked deregistered rectified',
  ])
  expect(of(granted(null), 'window')).not.toContain('prolonged')
  expect(of(granted('2026-12-01'), 'window')).not.toContain('prolonged')
  expect(of(granted(TODAY), 'window')).toContain('prolonged')
  expect(of(granted(null, [sequel('altered', 'open')]), 'window')).not.toContain('altered')
  expect(of(granted(null, [sequel('altered', 'ended')]), 'window')).toContain('altered')
  expect(of(granted(null, [sequel('revoked', 'granted')]), 'window')).toBe('deregistered')
  expect(of(granted(null, [sequel('deregistered', 'granted')]), 'approver')).toBe('')
  for (const state of ['accepted', 'denied', 'withdrawn', 'reviewing'] as const)
    expect(of(granted(null, [], { state }), 'window'), state).toBe('')
  expect([prolongedLate(granted('2026-12-31'), TODAY), prolongedLate(granted('2027-01-01'), TODAY)]).toEqual([
    true,
    false,
  ])
})

it('begins one at the window with what the page showed, and warns of a late 延续', async () => {
  const { shown, beginSequel } = list(granted('2026-12-20'), 'window')
  await shown.get('[data-sequel-begin]').trigger('click')
  expect(shown.find('[data-sequel-late]').exists()).toBe(false)
  await shown.get('[data-sequel-kind]').setValue('prolonged')
  expect(shown.get('[data-sequel-late]').text()).toContain('三十日')
  await shown.get('[data-sequel-form]').trigger('submit')
  await flushPromises()
  expect(beginSequel.mock.calls).toEqual([['prolonged', false, '', { seen_version: 7 }]])
  expect(shown.find('[data-sequel-form]').exists()).toBe(false)
})

it('wants a reason of a unit that begins it of itself, and keeps the form when it is refused', async () => {
  const refuse = vi.fn(() =>
    Promise.reject(new Problem({ code: 'sequel_open', detail: '已有同一种后续办件' } as never)),
  )
  const { shown } = list(granted(null), 'approver', refuse)
  await shown.get('[data-sequel-begin]').trigger('click')
  await shown.get('[data-sequel-form]').trigger('submit')
  expect(refuse).not.toHaveBeenCalled()
  expect(shown.get('.fault').text()).toContain('依职权')
  await shown.get('[data-sequel-reason]').setValue('以欺骗手段取得')
  await shown.get('[data-sequel-form]').trigger('submit')
  await flushPromises()
  expect(refuse).toHaveBeenCalledWith('revoked', true, '以欺骗手段取得', { seen_version: 7 })
  expect(shown.find('[data-sequel-form]').exists()).toBe(true)
})

it('names what follows and what came of it, and the first case with its way there', () => {
  const { shown } = list(granted(null, [sequel('altered', 'granted'), sequel('reissued', 'open')]), 'window')
  const rows = shown.findAll('[data-sequel]').map((one) => one.text())
  expect(rows[0]).toContain('补证')
  expect(rows[0]).toContain('正在办理')
  expect(rows[1]).toContain('变更')
  expect(rows[1]).toContain('已准予')
  const of = {
    case_id: 'first',
    number: '3702-1',
    kind: 'revoked',
    begun_by: 'unit',
    reason: '欺骗',
  } as const
  const follows = list(caseView({ state: 'accepted', sequel_of: of }), 'approver').shown
  expect(follows.get('[data-sequel-of]').text()).toContain('依职权发起，对办件 3702-1 作撤销')
  expect(follows.getComponent(RouterLinkStub).props().to).toEqual({
    name: 'approver_case',
    params: { id: 'first' },
  })
  expect(
    list(caseView({ state: 'accepted' }), 'window')
      .shown.find('[data-sequels]')
      .exists(),
  ).toBe(false)
})
