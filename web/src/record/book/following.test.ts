import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import type { AnyEvent, CaseOpened } from '../../wire/messages'
import type { CaseEvent } from '../rules/reducer'
import { useFollowing } from './following'
import { caseView } from '../../../tests/kit/cases'

const id = caseView().id
let scope: EffectScope
beforeEach(() => (scope = effectScope()))
afterEach(() => scope.stop())

/** A case whose server answers when it is told to. */
function followed() {
  const answers: ((opened: Partial<CaseOpened>) => void)[] = []
  const applied: CaseEvent[] = []
  const moved: unknown[] = []
  let hear: (told: AnyEvent) => void = () => undefined
  let connect: () => void = () => undefined
  const live = {
    ask: <R>() => new Promise<R>((answer) => answers.push(answer as never)),
    onEvent: (heard: typeof hear) => ((hear = heard), () => (hear = () => undefined)),
    onConnected: (again: typeof connect) => ((connect = again), () => undefined),
  }
  const book = scope.run(() =>
    useFollowing(live as never, id, false, {
      applied: (event) => applied.push(event),
      moved: (event) => moved.push(event),
    }),
  )!
  const answer = async (version: number, over: Partial<CaseOpened> = {}): Promise<void> => {
    answers.shift()?.({
      audience: 'window',
      version,
      case: caseView(),
      drafts: {},
      due: null as never,
      moved: null,
      ...over,
    })
    await vi.waitFor(() => expect(book.snapshot.value?.version).toBeGreaterThanOrEqual(version))
  }
  const event = (version: number, type = 'skipped', over = {}): void =>
    hear({ type, subject: `case:${id}`, version, at: '2026-12-01T03:00:00Z', ...over } as never)
  return { book, answers, applied, moved, answer, event, connect: () => connect() }
}

it('lets events that overtake the snapshot wait for it, and tells each once', async () => {
  const { book, answer, event, connect, applied } = followed()
  connect()
  event(4)
  event(5)
  expect(book.snapshot.value).toBeNull()
  await answer(4)
  expect(book.snapshot.value?.version).toBe(5)
  expect(applied.map((one) => one.version)).toContain(5)
})

it('asks for the whole case after a gap, and hears only the last answer', async () => {
  const { book, answer, answers, event, connect } = followed()
  connect()
  await answer(3)
  event(6)
  expect(answers).toHaveLength(1)
  connect()
  expect(answers).toHaveLength(2)
  answers.shift()?.({ version: 1 })
  await answer(6)
  expect([book.snapshot.value?.version, book.problem.value]).toEqual([6, null])
})

it('stands still at what a newer server tells', async () => {
  const { book, answer, event, connect, applied } = followed()
  connect()
  await answer(3)
  event(4, 'case.dreamt')
  expect([book.outgrown.value, book.snapshot.value?.version, applied]).toEqual([true, 3, []])
})

it('tells of a file that was moved from the snapshot and from the event', async () => {
  const { answer, event, connect, moved } = followed()
  connect()
  const before = { type: 'material.moved', version: 2 }
  await answer(3, { moved: before as never })
  event(4, 'material.moved', { materials: [], by: { id: 'p' } })
  expect(moved).toMatchObject([before, { version: 4 }])
})

it('counts the days anew once a consultation became a case of an item that promises others', async () => {
  const { book, answer, answers, event, connect } = followed()
  connect()
  const asked = caseView({ item: { ...caseView().item, id: 'none', promised_days: 0 } })
  await answer(3, { case: asked, due: { due_on: '2026-12-03' } as never })
  event(4, 'case.created', { case: { ...asked, fields: {} } })
  expect(answers).toHaveLength(0)
  event(5, 'case.created', { case: caseView() })
  await answer(5, { due: { due_on: '2026-12-08' } as never })
  await vi.waitFor(() => expect(book.due.value?.due_on).toBe('2026-12-08'))
})

it('hears nothing more once its page is gone', async () => {
  const { book, answer, event, connect } = followed()
  connect()
  await answer(3)
  scope.stop()
  event(4)
  expect(book.snapshot.value?.version).toBe(3)
})
