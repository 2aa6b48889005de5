/** The applicant's screen says who helps him and when something is next, and which cases belong together. */
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { caseView, person } from '../../../../tests/kit/cases'
import { i18n, learn } from '../../../i18n'
import type { AgentView, CaseView } from '../../../wire/messages'
import HelpedBy from './HelpedBy.vue'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
afterEach(() => vi.unstubAllGlobals())

const helper: AgentView = {
  task_id: 'task-1',
  kind: 'help',
  stage: 'accepted',
  asked_at: '2026-12-01T02:00:00Z',
  agent: person('li', '李秀兰'),
  next_on: '2026-12-04',
  mandate_until: null,
  ended_at: null,
  papers: [],
}

async function screen(view: CaseView, agents: AgentView[] | null) {
  vi.stubGlobal('fetch', async () => {
    const headers = { 'content-type': 'application/json' }
    return agents
      ? new Response(JSON.stringify({ agents }), { headers })
      : new Response('{}', { status: 503, headers })
  })
  const shown = mount(HelpedBy, { props: { view }, global: { plugins: [i18n] } })
  await flushPromises()
  return shown
}

it('names who helps and the next day, and of what is over no day', async () => {
  const over: AgentView = {
    ...helper,
    task_id: 'task-2',
    kind: 'proxy',
    stage: 'closed',
    ended_at: '2026-12-02T02:00:00Z',
  }
  const shown = await screen(caseView(), [helper, over])
  const [first, second] = shown.findAll('[data-helped]').map((one) => one.text())
  expect(first).toMatch(/李秀兰\s+办理中.*12月4日/s)
  expect(second).toMatch(/代办.*已办结/s)
  expect(second).not.toContain('12月4日')
})

it('shows which cases belong together, though nobody can be read who helps', async () => {
  const view = caseView()
  const by = person('zhou', '周明远')
  const sequel = {
    case_id: 'next',
    kind: 'altered',
    by,
    at: '2026-12-01T02:00:00Z',
    outcome: 'open',
    ended_on: null,
  } as const
  const of = {
    case_id: 'first',
    number: '3702-1',
    kind: 'prolonged',
    begun_by: 'applicant',
    reason: '',
  } as const
  const shown = await screen({ ...view, sequel_of: of, course: { ...view.course, sequels: [sequel] } }, null)
  expect(shown.find('[data-helped-by]').exists()).toBe(false)
  expect(shown.get('[data-follows]').text()).toContain('本件是办件 3702-1 的延续')
  expect(shown.get('[data-followed]').text()).toMatch(/变更\s+正在办理/)
})
