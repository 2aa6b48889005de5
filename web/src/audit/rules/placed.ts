/** Where words of a row are written that may not lie over each other. Pure. */
import { share, type Sight } from './pixels'

/** A word near the right edge is written to the left of its second. */
const EDGE = 0.92
/** Written to its left, a word needs the room up to the one before. */
const ROOM = 0.14
const LEAST_PX = 24

export interface Place {
  /** whether there is room for its word */
  worded: boolean
  edge: boolean
  style: Record<string, string>
}

/** Of seconds in the order of time. */
export function placed(seconds: readonly number[], sight: Sight): Place[] {
  return seconds.map((at_s, n) => {
    const way = share(at_s, sight)
    const [before, next] = [seconds[n - 1], seconds[n + 1]]
    if (way > EDGE)
      return {
        worded: before === undefined || way - share(before, sight) > ROOM,
        edge: true,
        style: { right: `${((1 - way) * 100).toFixed(3)}%`, left: 'auto' },
      }
    const inside = Math.min(Math.max(at_s, sight.from_s), sight.to_s)
    const left = `${(share(inside, sight) * 100).toFixed(3)}%`
    if (next === undefined) return { worded: true, edge: false, style: { left } }
    const room = share(Math.min(next, sight.to_s), sight) - share(Math.max(at_s, sight.from_s), sight)
    return {
      worded: true,
      edge: false,
      style: { left, maxWidth: `max(${LEAST_PX}px, calc(${room * 100}% - 2px))` },
    }
  })
}
