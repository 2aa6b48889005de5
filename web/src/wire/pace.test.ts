// @vitest-environment node
import { afterEach, describe, expect, it } from 'vitest'
import { ease, onTurn, Pacer, piece, tell, WHOLE_BYTES, type WayOut } from './pace'

const good: WayOut = { held_back: false, loss: 0, queued_s: 0, shortest_s: 0.02 }

describe('how much of the line a file may have', () => {
  it.each([
    ['nobody talks', null, null, 'free'],
    ['nobody talks, a slow line', null, 10_000, 'free'],
    ['a good line', good, 1e6, 'calm'],
    ['the picture is held back', { ...good, held_back: true }, 1e6, 'tight'],
    ['a queue begins', { ...good, queued_s: 0.1 }, 1e6, 'tight'],
    ['some loss', { ...good, loss: 0.02 }, 1e6, 'tight'],
    ['the last piece was slow', good, 100_000, 'tight'],
    ['much loss', { ...good, loss: 0.05 }, 1e6, 'narrow'],
    ['a long queue', { ...good, queued_s: 0.3 }, 1e6, 'narrow'],
    ['256 kbit/s', good, 32_000, 'narrow'],
  ] as const)('%s', (_name, line, rate, wanted) => {
    expect(ease(line, rate)).toBe(wanted)
  })

  it('is a quarter of a second on a good line, and all where nobody talks', () => {
    expect(piece(good, 4e6)).toEqual({ bytes: 1e6, rest: 0 })
    expect(piece(good, null)).toEqual({ bytes: 8 * 1024, rest: 0 })
    expect(piece(null, 100)).toEqual({ bytes: WHOLE_BYTES, rest: 0 })
  })
})

describe('one file on its way', () => {
  afterEach(() => tell(null))

  /** sends until `for_s` is over on a line of so many bytes a second; the bytes sent, and the share of time that the line was used */
  function send(rate: number, shortest_s: number, for_s: number): { bytes: number; busy: number } {
    let now_ms = 0
    const pacer = new Pacer(() => now_ms)
    let [bytes, busy_ms] = [0, 0]
    while (now_ms < for_s * 1_000) {
      const next = pacer.before()
      now_ms += next.wait_ms
      pacer.begun(next.bytes)
      const took_ms = (next.bytes / rate + shortest_s) * 1_000
      now_ms += took_ms
      busy_ms += (next.bytes / rate) * 1_000
      bytes += next.bytes
      pacer.after()
    }
    return { bytes, busy: busy_ms / now_ms }
  }

  it('leaves a narrow line to the talk for two thirds of the time', () => {
    tell(good)
    const sent = send(32_000, 0.02, 60)
    expect(sent.busy).toBeLessThan(0.34)
    expect(sent.bytes).toBeGreaterThan(500_000)
  })

  it('fills a fast one within seconds, however long the round trip', () => {
    tell({ ...good, shortest_s: 0.16 })
    expect(send(4e6, 0.16, 10).bytes).toBeGreaterThan(15e6)
  })

  it('waits for nothing where nobody talks', () => {
    const pacer = new Pacer(() => 0)
    pacer.begun(WHOLE_BYTES)
    pacer.after()
    expect(pacer.before()).toEqual({ bytes: WHOLE_BYTES, wait_ms: 0 })
  })

  it('is told when a call takes the line and when it lets go', () => {
    let turns = 0
    const off = onTurn(() => (turns += 1))
    tell(good)
    tell({ ...good, loss: 0.5 })
    tell(null)
    tell(null)
    off()
    tell(good)
    expect(turns).toBe(2)
  })
})
