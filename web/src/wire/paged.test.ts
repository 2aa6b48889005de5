// @vitest-environment node
import { expect, it } from 'vitest'
import { localProblem } from './http'
import { atCursor, usePaged, type Page } from './paged'

/** A list of pages, and a hand on each answer. */
function made(lists: Record<string, Page<string>>) {
  const asked: (string | null)[] = []
  const answers: (() => void)[] = []
  const list = usePaged<string>(
    (cursor) =>
      new Promise((done, failed) => {
        asked.push(cursor)
        answers.push(() => {
          const told = lists[cursor ?? '']
          if (told) done(told)
          else failed(localProblem('unsent'))
        })
      }),
  )
  const over = async (act: Promise<void>): Promise<void> => {
    let ended = false
    void act.then(() => (ended = true))
    while (!ended) {
      answers.splice(0).forEach((answer) => answer())
      await Promise.resolve()
    }
  }
  return { ...list, lists, asked, answers, over }
}
const three = (): Record<string, Page<string>> => ({
  '': { rows: ['a'], next_cursor: '2' },
  '2': { rows: ['b'], next_cursor: '3' },
  '3': { rows: ['c'], next_cursor: null },
})

it('is read page by page until none follows', async () => {
  const { rows, more, over, look, further, asked } = made(three())
  expect(rows.value).toBeNull()
  await over(look())
  expect([rows.value, more.value]).toEqual([['a'], true])
  await over(further())
  await over(further())
  expect([rows.value, more.value, asked]).toEqual([['a', 'b', 'c'], false, [null, '2', '3']])
  await over(look())
  expect([rows.value, more.value]).toEqual([['a'], true])
})

it('is asked anew for as many pages as are shown, and one more', async () => {
  const { rows, more, over, again, lists, asked } = made(three())
  await over(again())
  await over(again(true))
  expect([rows.value, more.value, asked]).toEqual([['a', 'b'], true, [null, null, '2']])
  lists['2'] = { rows: ['B'], next_cursor: null }
  await over(again())
  expect([rows.value, more.value]).toEqual([['a', 'B'], false])
})

it('does not count a page on whose question fails, and goes on with one that was asked for meanwhile', async () => {
  const { rows, problem, over, again, answers, lists, asked } = made(three())
  await over(again())
  const { '2': second } = lists
  delete lists['2']
  await over(again(true))
  expect([rows.value, problem.value?.code]).toEqual([['a'], 'unsent'])
  asked.length = 0
  lists['2'] = second!
  await over(again())
  expect([rows.value, problem.value, asked]).toEqual([['a'], null, [null]])
  // a list that asks by itself overtakes who wants more: he gets it
  const wanted = again(true)
  await over(again())
  answers.splice(0).forEach((answer) => answer())
  await wanted
  expect(rows.value).toEqual(['a', 'b'])
})

it('keeps what is shown where the next question fails, and says why until one succeeds', async () => {
  const { rows, problem, over, look, further, lists } = made({ '': { rows: ['a'], next_cursor: 'gone' } })
  await over(look())
  await over(further())
  expect([rows.value, problem.value?.code]).toEqual([['a'], 'unsent'])
  lists['gone'] = { rows: ['b'], next_cursor: null }
  await over(further())
  expect([rows.value, problem.value]).toEqual([['a', 'b'], null])
})

it('does not show the answer to what is asked for no more', async () => {
  const { rows, look, answers, lists } = made(three())
  const early = look()
  lists[''] = { rows: ['new'], next_cursor: null }
  const late = look()
  answers[1]!()
  await late
  lists[''] = { rows: ['old'], next_cursor: null }
  answers[0]!()
  await early
  expect(rows.value).toEqual(['new'])
})

it('says where a page is', () => {
  expect(atCursor('/owed', null)).toBe('/owed')
  expect(atCursor('/owed', 'a b')).toBe('/owed?cursor=a%20b')
  expect(atCursor('/cases?combined=true', 'x')).toBe('/cases?combined=true&cursor=x')
})
