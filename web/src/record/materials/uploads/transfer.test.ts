// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { AT_ONCE, Meter, nextOf, type Transfer } from './transfer'

const file = (id: string, over: Partial<Transfer> = {}): Transfer => ({
  id,
  line: id,
  purpose: 'material',
  answers: null,
  name: `${id}.pdf`,
  size_bytes: 10,
  sent_bytes: 0,
  bytes_per_s: 0,
  material_id: null,
  state: 'queued',
  problem: null,
  ...over,
})
const none = (): boolean => false

describe('which file goes next', () => {
  it('is the oldest, as long as not too many run', () => {
    const all = ['a', 'b', 'c', 'd'].map((id) => file(id))
    expect(nextOf(all, none)).toEqual(['a', 'b', 'c'])
    const [first, ...others] = all
    expect(nextOf([{ ...first!, state: 'waiting' }, ...others], none)).toHaveLength(AT_ONCE - 1)
    expect(nextOf([{ ...first!, state: 'paused' }, ...others], none)).toEqual(['b', 'c', 'd'])
  })

  it('waits for the one before it on its line, until the server has an address for that or nothing comes of it', () => {
    const two = (state: Transfer['state']): Transfer[] => [
      file('a', { line: 'identity', state }),
      file('b', { line: 'identity' }),
    ]
    expect(nextOf(two('running'), none)).toEqual([])
    expect(nextOf(two('running'), (id) => id === 'a')).toEqual(['b'])
    expect(nextOf(two('failed'), none)).toEqual(['b'])
    // one that goes the other way stands beside no material
    expect(
      nextOf([file('a', { line: 'identity', purpose: 'guide', state: 'running' }), two('queued')[1]!], none),
    ).toEqual(['b'])
    // and one that has an address goes on whatever is before it
    expect(nextOf(two('running'), (id) => id === 'b')).toEqual(['b'])
  })
})

it('tells how fast a file goes each second, never backwards', () => {
  const meter = new Meter()
  expect(meter.rate(1_000, 0, 0)).toBe(0)
  expect(meter.rate(3_000, 7, 500)).toBe(7)
  expect(meter.rate(5_000, 0, 2_000)).toBe(2_000)
  // after a cut the server has less than was told
  expect(meter.rate(4_000, 2_000, 3_000)).toBe(0)
})
