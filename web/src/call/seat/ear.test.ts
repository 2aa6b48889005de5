// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { troubleOf } from './devices'
import { Attention, SILENT_FOR_MS, type Heard } from './ear'

/** Feeds so many milliseconds of one peak, every 100 ms; what is said at the end. */
function feed(to: Attention, from_ms: number, for_ms: number, peak: number, muted = false): Heard {
  let heard: Heard = { silent: false, speaks_muted: false }
  for (let at = from_ms; at <= from_ms + for_ms; at += 100) heard = to.take(peak, at, muted)
  return heard
}

describe('a microphone', () => {
  it('that brings nothing for ten seconds is silent', () => {
    const attention = new Attention()
    expect(feed(attention, 0, SILENT_FOR_MS - 100, 0).silent).toBe(false)
    expect(feed(attention, SILENT_FOR_MS, 0, 0).silent).toBe(true)
    expect(feed(attention, SILENT_FOR_MS + 100, 0, 0.001).silent).toBe(false)
  })

  it('of a quiet room is not silent, nor is a muted one', () => {
    expect(feed(new Attention(), 0, 30_000, 0.0005).silent).toBe(false)
    expect(feed(new Attention(), 0, 30_000, 0, true).silent).toBe(false)
  })

  it('that is spoken into while muted is noticed, a knock is not', () => {
    const attention = new Attention()
    expect(feed(attention, 0, 200, 0.2, true).speaks_muted).toBe(false)
    expect(feed(attention, 300, 1_000, 0, true).speaks_muted).toBe(false)
    expect(feed(attention, 2_000, 600, 0.2, true).speaks_muted).toBe(true)
    expect(feed(attention, 2_700, 3_000, 0, true).speaks_muted).toBe(true)
    expect(feed(attention, 5_800, 3_000, 0, true).speaks_muted).toBe(false)
  })

  it('that is opened needs no hint any more', () => {
    const attention = new Attention()
    feed(attention, 0, 600, 0.2, true)
    expect(attention.take(0.2, 700, false).speaks_muted).toBe(false)
  })
})

describe('a device that was not given', () => {
  it.each([
    ['NotAllowedError', 'Permission denied', undefined, 'refused'],
    ['NotAllowedError', 'Permission dismissed', 'prompt', 'refused'],
    ['NotAllowedError', 'Permission denied by system', undefined, 'refused_by_system'],
    [
      'NotAllowedError',
      'The request is not allowed by the user agent or the platform',
      'granted',
      'refused_by_system',
    ],
    ['NotAllowedError', 'The request is not allowed by the user agent or the platform', 'denied', 'refused'],
    ['NotFoundError', '', 'granted', 'absent'],
    ['NotReadableError', '', 'granted', 'busy'],
  ] as const)('%s %s (%s) is %s', (name, message, permission, expected) => {
    expect(troubleOf(new DOMException(message, name), permission)).toBe(expected)
  })
})
