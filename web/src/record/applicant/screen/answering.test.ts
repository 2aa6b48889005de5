// @vitest-environment node
import { expect, it } from 'vitest'
import { Problem } from '../../../wire/http'
import { useAnswering } from './useAnswering'

it('does one thing at a time, and tells what went wrong until something else is done', async () => {
  const { act, busy, problem } = useAnswering(() => Promise.resolve({}))
  let done = (): void => undefined
  const doing = act(() => new Promise<string>((yes) => (done = () => yes('said'))))
  expect(busy.value).toBe(true)
  expect(await act(() => Promise.resolve('twice'))).toBeNull()
  done()
  expect(await doing).toBe('said')
  expect(busy.value).toBe(false)
  const refused = new Problem({ title: '已过时', status: 409, code: 'stale' })
  expect(await act(() => Promise.reject(refused))).toBeNull()
  expect(problem.value?.code).toBe('stale')
  await act(() => Promise.resolve())
  expect(problem.value).toBeNull()
})

it('sends his question once, until something else is shown', async () => {
  const said: string[] = []
  const { ask, asked, clear } = useAnswering((about) => {
    said.push(about)
    return said.length > 1 ? Promise.reject(new Error('no line')) : Promise.resolve({ version: 1 })
  })
  await ask('任职日期')
  expect([asked.value, said]).toEqual([true, ['任职日期']])
  clear()
  await ask('')
  expect(asked.value).toBe(false)
})
