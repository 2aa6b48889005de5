// @vitest-environment node
// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { HANGS_MS, pictures, Stall, type Pictures } from './stall'

const EVERY_MS = 2_000
const of = (track_id: string, frames: number): Pictures => ({ track_id, frames })

/** looks every two seconds from a moment on */
function looked(stall: Stall, seen: readonly (Pictures | null)[], from_ms = 0): (string | null)[] {
  return seen.map((now, n) => stall.look(now, from_ms + n * EVERY_MS))
}
const still = (times: number, track_id = 'a', frames = 48) =>
  Array.from({ length: times }, () => of(track_id, frames))

describe('the pictures of a track', () => {
  const source = { type: 'media-source', id: 's', kind: 'video', trackIdentifier: 'a' }
  const sent = (framesSent: number, mediaSourceId = 's') => ({
    type: 'outbound-rtp',
    mediaSourceId,
    framesSent,
  })

  it('are those of its source', () => {
    expect(pictures([{ ...source, frames: 7 }, sent(5)], 'a')).toEqual(of('a', 7))
    expect(pictures([{ ...source, frames: 7 }], 'b')).toBeNull()
    expect(pictures([{ ...source, frames: 7 }], undefined)).toBeNull()
  })

  it('are what was sent of them, in all layers, where a browser does not count the source', () => {
    expect(pictures([source, sent(5), sent(3), sent(90, 'other')], 'a')).toEqual(of('a', 8))
  })

  it('are not guessed', () => {
    expect(pictures([source], 'a')).toBeNull()
    expect(pictures([source, { type: 'outbound-rtp', mediaSourceId: 's' }], 'a')).toBeNull()
    expect(pictures([{ ...source, kind: 'audio', frames: 7 }], 'a')).toBeNull()
  })
})

describe('a camera', () => {
  it('that gives no picture for five seconds is opened anew, once', () => {
    expect(looked(new Stall(), still(4))).toEqual([null, null, null, 'open'])
    expect(looked(new Stall(), still(7)).filter(Boolean)).toEqual(['open'])
  })

  it('that gives one now and then goes on, and so does one whose count begins anew', () => {
    const slow = [10, 10, 10, 11, 11, 11, 12, 12, 12, 0, 0, 0].map((frames) => of('a', frames))
    expect(looked(new Stall(), slow).filter(Boolean)).toEqual([])
  })

  it('that hangs again soon after it was opened anew is told', () => {
    const stall = new Stall()
    looked(stall, still(4))
    expect(looked(stall, still(4, 'b', 0), 4 * EVERY_MS)).toEqual([null, null, null, 'tell'])
  })

  it('that was well for long since is opened anew once more', () => {
    const stall = new Stall()
    looked(stall, still(4))
    const well = Array.from({ length: 31 }, (_, n) => of('b', n * 48))
    expect(looked(stall, well, 4 * EVERY_MS).filter(Boolean)).toEqual([])
    expect(looked(stall, still(4, 'b', 9_999), 35 * EVERY_MS)).toEqual([null, null, null, 'open'])
  })

  it('of which no picture is expected for a while is looked at from then on', () => {
    const seen = [...still(3), null, ...still(4)]
    expect(looked(new Stall(), seen)).toEqual([null, null, null, null, null, null, null, 'open'])
  })

  it('is not judged over a time in which nobody looked', () => {
    const stall = new Stall()
    looked(stall, still(2))
    expect(stall.look(of('a', 48), 60_000)).toBeNull()
    expect(stall.look(of('a', 48), 62_000)).toBeNull()
    expect(stall.look(of('a', 48), 64_000)).toBeNull()
    expect(stall.look(of('a', 48), 60_000 + HANGS_MS + 1_000)).toBe('open')
  })

  it('that took the place of another is given its own time', () => {
    expect(looked(new Stall(), [...still(3), ...still(3, 'b')])).toEqual(Array<null>(6).fill(null))
  })
})
