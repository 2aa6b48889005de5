import { mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { i18n } from '../../i18n'
import type { TaskView } from '../../wire/messages'
import { person } from '../../../tests/kit/cases'
import TaskPane from './TaskPane.vue'
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
  ended_at: null,
  ...over,
})

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
      props: { task: task({ demands: [demand] }), does: true, supervises: false, opens: true, act },
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
      props: { task: task(), does: false, supervises: true, opens: false, act: async () => true },
      global: { plugins: [i18n] },
    })
    expect(pane.find('[data-task-enter]').exists()).toBe(false)
    expect(pane.find('[data-claim], [data-hand], [data-suspend]').exists()).toBe(false)
    expect(pane.find('[data-supervise]').exists()).toBe(true)
    expect(pane.find('[data-open-case]').exists()).toBe(false)
    pane.unmount()
  })
})
