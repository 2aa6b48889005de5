/** 帮办代办 of a case: who helps, and how it is asked for in the applicant's own words. */
import { enableAutoUnmount, flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { person } from '../../../../tests/kit/cases'
import { i18n, learn } from '../../../i18n'
import type { AgentView } from '../../../wire/messages'
import { closeWire } from '../../../wire/socket'
import AgentList from './AgentList.vue'
import AgentPapers from './AgentPapers.vue'

const sent = vi.hoisted(() => [] as Record<string, unknown>[])
vi.mock('socket.io-client', () => ({
  io: () => {
    const socket = {
      connected: true,
      active: true,
      io: { engine: { close: () => undefined } },
      on: (name: string, hear: () => void) => {
        if (name === 'connect') queueMicrotask(hear)
      },
      emit: (_: string, command: Record<string, unknown>, answer?: (ack: unknown) => void) => {
        sent.push(command)
        answer?.({ ok: true, result: {} })
      },
      connect: () => socket,
      disconnect: () => socket,
    }
    return socket
  },
}))

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
afterEach(() => {
  closeWire()
  vi.unstubAllGlobals()
  sent.length = 0
})

const ASKED: AgentView = {
  task_id: 'task-1',
  kind: 'proxy',
  stage: 'accepted',
  asked_at: '2026-12-02T02:00:00Z',
  agent: person('liu', '刘洋'),
  next_on: null,
  mandate_until: null,
  ended_at: null,
  papers: [],
}

async function papers(of: Partial<AgentView>, prints = true): Promise<VueWrapper> {
  const headers = { 'content-type': 'application/json' }
  const agents = [{ ...ASKED, ...of }]
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ agents }), { headers }))
  const shown = mount(AgentPapers, {
    props: { case_id: 'case-1', task_id: 'task-1', version: 1, prints, today: '2026-12-02' },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  await flushPromises()
  return shown
}
const offers = (shown: VueWrapper) =>
  shown.findAll('[data-agent-make]').map((one) => one.attributes('data-agent-make'))

async function list(agents: AgentView[], over = false): Promise<VueWrapper> {
  const headers = { 'content-type': 'application/json' }
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ agents }), { headers }))
  const shown = mount(AgentList, {
    props: { case_id: 'case-1', cause: 'missed_call', over },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  await flushPromises()
  return shown
}

it('tells who helps and how far it is, and asks for nothing where nothing is left to do', async () => {
  const shown = await list(
    [
      {
        task_id: 'task-1',
        kind: 'proxy',
        stage: 'accepted',
        asked_at: '2026-12-02T02:00:00Z',
        agent: person('liu', '刘洋'),
        next_on: null,
        mandate_until: '2026-12-31',
        ended_at: null,
        papers: [],
      },
    ],
    true,
  )
  expect(shown.find('[data-agent-stage="accepted"]').text()).toMatch(/代办.*办理中.*刘洋.*委托书到/s)
  expect(shown.find('[data-agent-ask]').exists()).toBe(false)
  expect((await list([])).text()).toContain('没有帮办代办')
})

it('is asked for with what the applicant wants, and not without', async () => {
  const shown = await list([])
  await shown.find('[data-agent-ask]').trigger('click')
  await shown.find('form').trigger('submit')
  expect(sent.filter(({ type }) => type === 'case.ask_agent')).toEqual([])
  expect(shown.find('[role="alert"]').text()).not.toBe('')
  await shown.find('input[value="proxy"]').setValue(true)
  await shown.find('[data-agent-text]').setValue('行动不便，请代领证照')
  await shown.find('form').trigger('submit')
  await flushPromises()
  const asked = () => sent.find(({ type }) => type === 'case.ask_agent')
  await vi.waitFor(() => expect(asked()).toBeDefined(), 10_000)
  expect(asked()).toMatchObject({
    case_id: 'case-1',
    kind: 'proxy',
    cause: 'missed_call',
    text: '行动不便，请代领证照',
  })
})

it('offers at each step the papers that there are of it, and those that were made to be kept', async () => {
  const start = {
    id: 'task-1-a',
    kind: 'agent_start' as const,
    number: '370103-DS-20261202-0001',
    state: 'ready' as const,
    draft: true,
    at: '2026-12-02T02:10:00Z',
  }
  const STEPS: [Partial<AgentView>, string[]][] = [
    [{ stage: 'asked', agent: null }, []],
    [{}, ['agent_start', 'mandate']],
    [{ papers: [start] }, ['mandate']],
    [{ papers: [{ ...start, state: 'failed' }] }, ['agent_start', 'mandate']],
    [{ kind: 'help', papers: [start] }, []],
    [{ papers: [start], mandate_until: '2026-12-31' }, ['renewal']],
    [{ stage: 'suspended', papers: [start] }, ['mandate', 'agent_pause']],
    [{ stage: 'closed', papers: [start] }, ['agent_end']],
  ]
  for (const [of, wanted] of STEPS) expect(offers(await papers(of))).toEqual(wanted)
  const read = await papers({ papers: [start] }, false)
  expect(offers(read)).toEqual([])
  expect(read.find('[data-agent-paper="agent_start"]').text()).toMatch(/受理单.*可打印.*草稿.*0001/s)
  expect(read.find('a[download]').attributes('href')).toBe('/api/v1/papers/task-1-a/content?download=1')
})

it('makes a mandate with what for and up to which day, and not without', async () => {
  const shown = await papers({})
  await shown.find('[data-agent-make="mandate"]').trigger('click')
  await shown.find('form').trigger('submit')
  expect(sent.filter(({ type }) => type === 'case.print_agent')).toEqual([])
  await shown.find('[data-agent-scope]').setValue(' 代领证照 ')
  await shown.find('[data-agent-until]').setValue('2026-12-31')
  await shown.find('form').trigger('submit')
  const asked = () => sent.find(({ type }) => type === 'case.print_agent')
  await vi.waitFor(() => expect(asked()).toBeDefined(), 10_000)
  const about = { case_id: 'case-1', task_id: 'task-1' }
  expect(asked()).toMatchObject({ ...about, paper: 'mandate', scope: '代领证照', until: '2026-12-31' })
})
