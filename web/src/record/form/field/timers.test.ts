// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Timers } from './timers'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('timers by name', () => {
  const made = () => {
    const ran: string[] = []
    return {
      ran,
      timers: new Timers<'a' | 'b'>(() => Date.now()),
      run: (what: string) => () => ran.push(what),
    }
  }

  it('run what was asked for last, each name for itself', () => {
    const { ran, timers, run } = made()
    timers.at('a', 100, run('first'))
    timers.at('b', 150, run('other'))
    vi.advanceTimersByTime(50)
    timers.at('a', 200, run('second'))
    vi.advanceTimersByTime(300)
    expect(ran).toEqual(['other', 'second'])
    expect([timers.has('a'), timers.has('b')]).toEqual([false, false])
  })

  it('throttle: at once, then no sooner than so long after the last time', () => {
    const { ran, timers, run } = made()
    timers.throttle('a', 100, run('now'))
    timers.throttle('a', 100, run('then'))
    timers.throttle('a', 100, run('no more'))
    expect(ran).toEqual(['now'])
    vi.advanceTimersByTime(99)
    expect(ran).toEqual(['now'])
    vi.advanceTimersByTime(1)
    expect(ran).toEqual(['now', 'then'])
    vi.advanceTimersByTime(60)
    timers.throttle('a', 100, run('later'))
    expect(ran).toHaveLength(2)
    vi.advanceTimersByTime(40)
    expect(ran).toEqual(['now', 'then', 'later'])
  })

  it('run nothing that was stopped, and nothing any more once they are cleared', () => {
    const { ran, timers, run } = made()
    timers.at('a', 100, run('stopped'))
    timers.at('b', 100, run('cleared'))
    timers.stop('a')
    timers.clear()
    timers.at('a', 100, run('after'))
    vi.advanceTimersByTime(500)
    expect(ran).toEqual([])
  })
})
