/** Where words of a row are written that may not lie over each other. Pure. */
import { share, type Sight } from './pixels'

/** A word near the right edge is written to the left of its second. */
const EDGE = 0.92
/** Written to its left, a word needs the room up to the one before. */
const ROOM = 0.14
const LEAST_PX = 24
/** what an icon with its count takes: near the right edge it stands at its second, or ends at the edge */
const ICON_PX = 40

export interface WordPlace {
  /** whether there is room for its word */
  worded: boolean
  edge: boolean
  style: Record<string, string>
}

/** Whether a word that ends there has room behind the one before. */
function hasRoom(way: number, before: number | undefined, sight: Sight): boolean {
  return before === undefined || way - share(before, sight) > ROOM
}

/** Of seconds in the order of time. */
export function placed(seconds: readonly number[], sight: Sight): WordPlace[] {
  return seconds.map((at_s, n) => {
    const way = share(at_s, sight)
    const [before, next] = [seconds[n - 1], seconds[n + 1]]
    if (way > EDGE) {
      const worded = hasRoom(way, before, sight)
      const right = `${((1 - way) * 100).toFixed(3)}%`
      const least = next === undefined ? 0 : ICON_PX
      return {
        worded,
        edge: true,
        style: { right: worded ? right : `max(${least}px, calc(${right} - ${ICON_PX}px))`, left: 'auto' },
      }
    }
    const inside = Math.min(Math.max(at_s, sight.from_s), sight.to_s)
    const left = `${(share(inside, sight) * 100).toFixed(3)}%`
    if (next === undefined) return { worded: true, edge: false, style: { left } }
    const begins = share(Math.min(next, sight.to_s), sight)
    // a word near the edge reaches back, and an icon there at most to where it ends at the edge
    const reach = begins > EDGE ? (hasRoom(begins, at_s, sight) ? begins - ROOM : null) : begins
    const from = share(Math.max(at_s, sight.from_s), sight)
    const room =
      reach === null
        ? `min(${(begins - from) * 100}%, ${(1 - from) * 100}% - ${ICON_PX}px)`
        : `${(reach - from) * 100}%`
    return {
      worded: true,
      edge: false,
      style: { left, maxWidth: `max(${LEAST_PX}px, calc(${room} - 2px))` },
    }
  })
}
