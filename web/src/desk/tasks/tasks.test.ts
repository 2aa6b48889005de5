import { flushPromises, mount } from '@vue/test-utils'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { i18n, learn } from '../../i18n'
import type { TaskView } from '../../wire/messages'
import { person } from '../../../tests/kit/cases'
import CasePick from './CasePick.vue'
import TaskPane from './TaskPane.vue'
import TaskTable from './TaskTable.vue'
import { demandOf, overdue } from './useTasks'

const demand = {
  text: '今天要有结果',
  by: person('head'),
  at: '2026-11-24T06:00:00Z',
  answer_by: '2026-11-24T09:00:00Z',
  answered_at: null,
}
const task = (over: Partial<TaskView> = {}): TaskView => ({
  id: 'task-1',
  version: 3,
  case_id: 'case-1',
  call_id: null,
  accepted_at: null,
  mandates: [],
  kind: 'callback',
  state: 'open',
  round: 1,
  item_name: '食品经营许可证补发',
  applicant_masked: '蒋**',
  phone_masked: '138****7703',
  unit_id: 'unit-xh',
  unit_name: '青岛西海岸',
  owner: person('liu'),
  wanted: '证件送到本人手里',
  sources: [{ cause: 'missed_call', text: 'declined', at: '2026-11-24T06:00:00Z', by: null }],
  results: [],
  demands: [],
  made_at: '2026-11-24T06:00:00Z',
  joined_at: null,
  next_step: '回拨窗口',
  next_at: '2026-11-24T06:30:00Z',
  level: 0,
  raise_at: null,
  ended_at: null,
  ...over,
})

beforeAll(() => learn('work', 'case'))

describe('a task', () => {
  it('is overdue at its time, and demanded until it is answered or over', () => {
    expect(overdue(task(), Date.parse('2026-11-24T06:29:59Z'))).toBe(false)
    expect(overdue(task(), Date.parse('2026-11-24T06:30:00Z'))).toBe(true)
    expect(overdue(task({ next_at: null }), Date.parse('2027-01-01T00:00:00Z'))).toBe(false)
    expect(demandOf(task({ demands: [demand] }))).toEqual(demand)
    expect(demandOf(task({ demands: [{ ...demand, answered_at: demand.at }] }))).toBeNull()
    expect(demandOf(task({ demands: [demand], ended_at: demand.at }))).toBeNull()
  })

  it('is answered by Ctrl+Enter with what is next in China’s time, and not without it', async () => {
    const act = vi.fn(async () => true)
    const pane = mount(TaskPane, {
      props: {
        task: task({ demands: [demand] }),
        me: 'liu',
        does: true,
        supervises: false,
        opens: true,
        act,
      },
      global: { plugins: [i18n] },
      attachTo: document.body,
    })
    const press = () => window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true }))
    await pane.find('[data-task-text]').setValue('已改寄')
    expect(pane.find('[data-task-enter]').classes()).toContain('held')
    await pane.find('[data-task-step]').setValue('查签收')
    await pane.find('[data-task-at]').setValue('2026-12-02T17:00')
    press()
    expect(act).toHaveBeenCalledWith({
      type: 'task.enter',
      task_id: 'task-1',
      seen_version: 3,
      outcome: 'contacted',
      text: '已改寄',
      next_step: '查签收',
      next_at: '2026-12-02T17:00:00+08:00',
    })
    pane.unmount()
  })

  it('is only read by who may not do it', () => {
    const pane = mount(TaskPane, {
      props: { task: task(), me: 'liu', does: false, supervises: true, opens: false, act: async () => true },
      global: { plugins: [i18n] },
    })
    expect(pane.find('[data-task-enter]').exists()).toBe(false)
    expect(pane.find('[data-claim], [data-hand], [data-suspend]').exists()).toBe(false)
    expect(pane.find('[data-supervise]').exists()).toBe(true)
    expect(pane.find('[data-open-case]').exists()).toBe(false)
    pane.unmount()
  })

  it('of 代办 shows its mandate, and goes on only with whose it is once it is accepted', async () => {
    const act = vi.fn(async () => true)
    const shown = (over: Partial<TaskView>): ReturnType<typeof mount> =>
      mount(TaskPane, {
        props: {
          task: task({ kind: 'proxy', owner: null, mandates: [], ...over }),
          me: 'liu',
          does: true,
          supervises: false,
          opens: true,
          act,
        },
        global: { plugins: [i18n] },
      })
    const asked = shown({})
    expect(asked.find('[data-task-enter]').exists()).toBe(false)
    expect(asked.find('[data-mandate-open]').exists()).toBe(false)
    await asked.find('[data-claim]').trigger('click')
    expect(act).toHaveBeenCalledWith({ type: 'task.claim', task_id: 'task-1', seen_version: 3 })
    const accepted_at = '2026-11-24T07:00:00Z'
    const mandate = {
      material_id: 'm',
      scope: '代领证照',
      signed_on: '2026-11-24',
      by: person('liu'),
      at: accepted_at,
    }
    const theirs = shown({ accepted_at, owner: person('wang') })
    expect(theirs.find('[data-task-enter], [data-suspend], [data-terminate]').exists()).toBe(false)
    expect(theirs.find('[data-hand]').exists()).toBe(true)
    const mine = shown({ accepted_at, owner: person('liu'), mandates: [{ ...mandate, until: '2026-11-25' }] })
    expect(mine.find('[data-mandate]').text()).toContain('已过期')
    expect(mine.find('[data-claim]').exists()).toBe(false)
    const files = [
      { id: 'material-1', name: '委托书.pdf', side: 'window', purpose: 'material', state: 'stored' },
      { id: 'material-2', name: '样表.pdf', side: 'approver', purpose: 'sample', state: 'stored' },
    ]
    const answer = JSON.stringify({ case: { materials: files } })
    const headers = { 'content-type': 'application/json' }
    vi.stubGlobal('fetch', async () => new Response(answer, { headers }))
    await mine.find('[data-mandate-open]').trigger('click')
    await flushPromises()
    expect(mine.findAll('[data-mandate-file] option').map((one) => one.text())).toEqual(['委托书.pdf'])
    await mine.find('[data-mandate-file]').setValue('material-1')
    await mine.find('[data-mandate-scope]').setValue('代领证照')
    await mine.find('[data-mandate-signed]').setValue('2026-12-01')
    await mine.find('[data-mandate-until]').setValue('2026-12-31')
    await mine.find('[data-mandate] form').trigger('submit')
    expect(act).toHaveBeenLastCalledWith({
      type: 'task.mandate',
      task_id: 'task-1',
      seen_version: 3,
      material_id: 'material-1',
      scope: '代领证照',
      signed_on: '2026-12-01',
      until: '2026-12-31',
    })
    vi.unstubAllGlobals()
  })
})

describe('the list of those who are helped', () => {
  it('says of whom it acts for whether a mandate is good, over or not there', () => {
    const given = (until: string) => [
      { material_id: 'm', scope: '代领', signed_on: '2026-11-01', until, by: person('liu'), at: demand.at },
    ]
    const tasks = [
      task({ id: 'help', kind: 'help' }),
      task({ id: 'none', kind: 'proxy' }),
      task({ id: 'good', kind: 'proxy', mandates: given('2026-11-24') }),
      task({ id: 'over', kind: 'proxy', mandates: given('2026-11-23') }),
    ]
    const list = mount(TaskTable, {
      props: { tasks, chosen: null, now: Date.parse('2026-11-24T09:00:00Z'), me: 'liu' },
      global: { plugins: [i18n] },
    })
    const words = tasks.map(({ id }) => {
      const word = list.find(`[data-task="${id}"] [data-mandated]`)
      return word.exists() ? word.text() : ''
    })
    expect(words).toEqual(['', '没有委托书', '有委托书', '委托书已过期'])
  })

  it('finds the case of a new one by words that stand in no address', async () => {
    const asked: [string, unknown][] = []
    vi.stubGlobal('fetch', async (address: string, { body }: { body: string }) => {
      asked.push([address, JSON.parse(body)])
      return new Response(JSON.stringify({ cases: [], next_cursor: null }), {
        headers: { 'content-type': 'application/json' },
      })
    })
    const pick = mount(CasePick, { global: { plugins: [i18n] }, attachTo: document.body })
    await pick.find('form').trigger('submit')
    expect(asked).toEqual([])
    await pick.find('[data-pick-words]').setValue(' 孙雅宁 ')
    await pick.find('form').trigger('submit')
    await flushPromises()
    expect(asked).toEqual([['/api/v1/search/cases', { q: '孙雅宁', side: 'window' }]])
    expect(pick.find('[role="status"]').text()).toContain('没有找到办件')
    await pick.find('[data-pick-words]').trigger('keydown.esc')
    expect(pick.emitted('leave')).toHaveLength(1)
    vi.unstubAllGlobals()
  })
})
