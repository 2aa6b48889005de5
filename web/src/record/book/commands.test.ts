// @vitest-environment node
import { expect, it } from 'vitest'
import { useActing, type Rests } from './acting'
import { useCommands } from './commands'
import type { Unsent } from '../../wire/socket'
import { caseView } from '../../../tests/kit/cases'

function desk() {
  const sent: string[] = []
  const asked: string[] = []
  let meant: Promise<void> = Promise.resolve()
  const live = {
    ask: <R>(command: Unsent): Promise<R> => {
      sent.push(command.type)
      return Promise.resolve({} as R)
    },
  }
  const view = caseView()
  const { commands, acts_done } = useCommands(
    live,
    { case_id: view.id, as_applicant: false, view: () => view },
    { act: useActing(() => 3).act, mean: () => (asked.push('mean'), meant) },
  )
  return {
    commands,
    acts_done,
    sent,
    asked,
    refuse: (): void => void (meant = Promise.reject(new Error('left'))),
  }
}

it('asks which case is meant before each of them but what is typed, taken back or asked about by the server', async () => {
  const { commands, sent, asked } = desk()
  const unasked: string[] = []
  for (const [name, send] of Object.entries<(...given: never[]) => Promise<unknown>>(commands)) {
    asked.length = 0
    await send(...([] as never[]))
    if (!asked.length) unasked.push(name)
  }
  expect(sent).toHaveLength(Object.keys(commands).length)
  expect(unasked.sort()).toEqual(
    [
      ...[
        'draft',
        'hold',
        'summarise',
        'edit',
        'withdrawPhone',
        'takePage',
        'sendOriginals',
        'receiveOriginals',
        'refer',
      ],
      ...['decide', 'stopClock', 'resumeClock', 'extendLimit', 'printForm', 'submit'],
      ...['rule', 'issue', 'report', 'agreeElectronic', 'beginDelivery', 'checkReceiver', 'endDelivery'],
      ...['askFee', 'settleFee', 'finishCase', 'archiveCase', 'conclude', 'registerConsulted', 'changeMode'],
      ...['renewMandate', 'verify', 'beginSequel'],
    ].sort(),
  )
})

it('sends nothing that was left at the question, and counts what was done', async () => {
  const { commands, acts_done, sent, refuse } = desk()
  await commands.draft('remark', '无', 0)
  expect(acts_done.value).toBe(0)
  await commands.edit('remark', '无', 0)
  await commands.check('seal', 'ok')
  expect(acts_done.value).toBe(2)
  sent.length = 0
  refuse()
  await expect(commands.check('seal', 'ok')).rejects.toThrow('left')
  expect([sent, acts_done.value]).toEqual([[], 2])
})

it('says at once what waits for no question: what follows it leaves the page after it', () => {
  const { commands, sent } = desk()
  void commands.edit('remark', '无', 0)
  expect(sent).toEqual(['case.edit'])
})

it('rests a decision on what stood there when it was begun', async () => {
  const given: unknown[] = []
  const live = { ask: <R>(command: Unsent) => (given.push(command), Promise.resolve({} as R)) }
  const begun: Rests = { seen_version: 2, other_call_ids: [] }
  const { commands } = useCommands(
    live,
    { case_id: 'case-1', as_applicant: false, view: () => null },
    useActing(() => 9),
  )
  await commands.decide('accepted', '齐全', false, begun)
  await commands.resumeClock()
  expect(given).toMatchObject([
    { type: 'case.decide', seen_version: 2, decision: 'accepted' },
    { type: 'case.resume_clock', seen_version: 9 },
  ])
})
