// @vitest-environment node
// @vitest-environment node
import { expect, it } from 'vitest'
import { LinesTold } from './linesTold'

function lines(refusing = { now: false }) {
  const said: string[] = []
  const say = (word: string) => (mid: string, on: boolean) => {
    said.push(`${word} ${mid} ${String(on)}`)
    return refusing.now ? Promise.reject(new Error('unsent')) : Promise.resolve()
  }
  return { told: new LinesTold({ mute: say('mute'), lack: say('lack') }), said }
}

it('each change of a line is told once, and closing is no lacking', async () => {
  const { told, said } = lines()
  await told.close('0', true)
  await told.close('0', true)
  await told.lack('0', true)
  await told.close('0', false)
  expect(said).toEqual(['mute 0 true', 'lack 0 true', 'mute 0 false'])
})

it('what stands in the record is not told again, and what was told since is not forgotten for it', async () => {
  const { told, said } = lines()
  told.begin('1', true, false)
  await told.close('1', true)
  await told.lack('1', false)
  expect(said).toEqual([])
  await told.close('1', false)
  told.begin('1', true, false)
  await told.close('1', false)
  expect(said).toEqual(['mute 1 false'])
})

it('what could not be told is told again', async () => {
  const refusing = { now: true }
  const { told, said } = lines(refusing)
  await expect(told.close('2', true)).rejects.toThrow('unsent')
  refusing.now = false
  await told.close('2', true)
  expect(said).toEqual(['mute 2 true', 'mute 2 true'])
})
