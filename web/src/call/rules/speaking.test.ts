// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { Talking, Teller, TOLD_EVERY_MS } from './speaking'

function feed(to: Talking, from_ms: number, for_ms: number, peaks: Record<string, number>): string[] {
  let speak: ReadonlySet<string> = new Set()
  for (let at = from_ms; at <= from_ms + for_ms; at += 100)
    speak = to.take(new Map(Object.entries(peaks)), at)
  return [...speak].sort()
}

describe('who speaks', () => {
  it('is who is loud for a moment, not who knocks', () => {
    const talking = new Talking()
    expect(feed(talking, 0, 100, { a: 0.3, b: 0 })).toEqual([])
    expect(feed(talking, 200, 200, { a: 0.3, b: 0 })).toEqual(['a'])
  })

  it('speaks on over the gaps between words, and no longer', () => {
    const talking = new Talking()
    feed(talking, 0, 500, { a: 0.3 })
    expect(feed(talking, 600, 800, { a: 0 })).toEqual(['a'])
    expect(feed(talking, 1_500, 300, { a: 0 })).toEqual([])
  })

  it('may be several, and nobody who has gone', () => {
    const talking = new Talking()
    expect(feed(talking, 0, 400, { a: 0.3, b: 0.2 })).toEqual(['a', 'b'])
    expect(feed(talking, 500, 0, { b: 0.2 })).toEqual(['b'])
  })

  it('is the same set while it is the same people', () => {
    const talking = new Talking()
    feed(talking, 0, 400, { a: 0.3 })
    const first = talking.take(new Map([['a', 0.3]]), 500)
    expect(talking.take(new Map([['a', 0.1]]), 600)).toBe(first)
  })
})

describe('what is told of it', () => {
  it('is another speaker, alone, and not more than one in eight seconds', () => {
    const teller = new Teller()
    expect(teller.take(new Set(['a']), 0)).toBe('a')
    expect(teller.take(new Set(['a']), TOLD_EVERY_MS + 1)).toBe(null)
    expect(teller.take(new Set(['a', 'b']), TOLD_EVERY_MS + 2)).toBe(null)
    expect(teller.take(new Set(['b']), TOLD_EVERY_MS + 3)).toBe('b')
    expect(teller.take(new Set(['a']), TOLD_EVERY_MS + 900)).toBe(null)
    expect(teller.take(new Set(['a']), 2 * TOLD_EVERY_MS + 4)).toBe('a')
  })
})
