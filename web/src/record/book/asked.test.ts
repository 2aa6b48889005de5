/**
 * What a clerk does on the page of one case while he sits in a call about another. The server is played; the
 * book and its wire are what they are.
 */
import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { closeWire } from '../../wire/socket'
import { useCase, type CaseBook } from './useCase'
import { caseView } from '../../../tests/kit/cases'

const server = vi.hoisted(() => ({ body: null as unknown, sent: [] as string[] }))
vi.mock('socket.io-client', () => ({
  io: () => {
    const socket = {
      connected: true,
      active: true,
      io: { engine: { close: () => undefined } },
      on: (name: string, hear: () => void) => {
        if (name === 'connect') queueMicrotask(hear)
      },
      emit: (_: string, command: { type: string }, answer?: (ack: unknown) => void) => {
        server.sent.push(command.type)
        const result = { audience: 'window', version: 3, case: server.body, drafts: {}, moved: null }
        answer?.({ ok: true, result: { ...result, due: null } })
      },
      connect: () => socket,
      disconnect: () => socket,
    }
    return socket
  },
}))

enableAutoUnmount(afterEach)
beforeEach(() => {
  server.body = caseView()
  server.sent = []
})
afterEach(closeWire)

async function opened(): Promise<CaseBook> {
  let book!: CaseBook
  mount(
    defineComponent({
      setup() {
        book = useCase('case-000000000000000001')
        return () => h('div')
      },
    }),
  )
  await vi.waitFor(() => expect(book.audience.value).toBe('window'))
  book.sits(() => ({ call_id: 'call-1', case_id: 'case-000000000000000002' }))
  return book
}

it.each<[string, string, (book: CaseBook) => Promise<unknown>]>([
  ['a promise', 'case.promise', (book) => book.promise('tax', '2026-12-23', '2026-11', 'zh-CN')],
  ['a consent', 'case.consent', (book) => book.consent(true, '2026-11', 'zh-CN')],
  ['a consent taken back', 'case.consent', (book) => book.withdrawConsent()],
  ['a point of the checklist', 'case.check', (book) => book.check('seal', 'ok')],
  ['a grade', 'case.grade', (book) => book.grade('material-1', 'A')],
  ['a proposal adopted', 'case.close_proposal', (book) => book.closeProposal('proposal-1', true)],
  ['a message among staff', 'case.say', (book) => book.say('staff', '请看附件', null)],
  ['a comment settled', 'case.resolve', (book) => book.resolve('comment-1', true)],
  ['a phone for papers', 'case.invite_phone', (book) => book.invitePhone('tax', '0'.repeat(64))],
])('asks which case is meant before %s', async (_, type, act) => {
  const book = await opened()
  server.sent = []
  const left = act(book)
  await vi.waitFor(() => expect(book.question.value?.kind).toBe('other'))
  expect(server.sent).toEqual([])
  book.answer(false)
  await expect(left).rejects.toMatchObject({ declined: true })
  expect(server.sent).toEqual([])
  const meant = act(book)
  await vi.waitFor(() => expect(book.question.value?.kind).toBe('other'))
  book.answer(true)
  await meant
  expect(server.sent).toEqual([type])
})

it('does not interrupt who types into the form, which warns above it', async () => {
  const book = await opened()
  server.sent = []
  await book.edit('remark', '无', 0)
  expect(book.question.value).toBeNull()
  expect(server.sent).toEqual(['case.edit'])
})
