/**
 * Seconds and pixels of the tracks: the part that is in sight, its ruler, and marks that lie so close together that
 * they are one. Pure.
 */

/** The seconds of the call that are in sight. */
export interface Sight {
  from_s: number
  to_s: number
}

/** Rows with more marks than this merge those that a hand could not tell apart. */
export const MERGE_OVER = 200
const MERGE_PX = 8
const CLOSEST_S = 10

export function share(second: number, sight: Sight): number {
  return (second - sight.from_s) / Math.max(0.001, sight.to_s - sight.from_s)
}

/** Nearer (`factor` < 1) or farther around a second, which stays where it is; never beyond the whole. */
export function zoomed(sight: Sight, whole: Sight, factor: number, around_s: number): Sight {
  const all = whole.to_s - whole.from_s
  const length = Math.min(all, Math.max(Math.min(CLOSEST_S, all), (sight.to_s - sight.from_s) * factor))
  const from = around_s - share(around_s, sight) * length
  return moved({ from_s: from, to_s: from + length }, whole)
}

/** The same length, inside the whole. */
export function moved(sight: Sight, whole: Sight): Sight {
  const length = Math.min(sight.to_s - sight.from_s, whole.to_s - whole.from_s)
  const from = Math.min(Math.max(whole.from_s, sight.from_s), whole.to_s - length)
  return { from_s: from, to_s: from + length }
}

/** The same length, so that `second` is in it; the same sight when it already is. */
export function brought(second: number, sight: Sight, whole: Sight): Sight {
  if (second >= sight.from_s && second <= sight.to_s) return sight
  const half = (sight.to_s - sight.from_s) / 2
  return moved({ from_s: second - half, to_s: second + half }, whole)
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]

/** Seconds for the ruler, each at least `apart_px` from the next. */
export function ticks(sight: Sight, width_px: number, apart_px = 90): number[] {
  const length = sight.to_s - sight.from_s
  const step = STEPS.find((one) => (one / Math.max(0.001, length)) * width_px >= apart_px) ?? 7200
  const found: number[] = []
  for (let at = Math.ceil(sight.from_s / step) * step; at <= sight.to_s; at += step) found.push(at)
  return found
}

/** One mark, or several at one place. */
export interface Cluster<T> {
  at_s: number
  last_s: number
  marks: T[]
}

/**
 * The marks in sight, in order. Those that would lie over each other are one: within 8 px once the row has
 * over 200, always within `room_px`.
 */
export function clusters<T extends { at_s: number }>(
  marks: readonly T[],
  sight: Sight,
  width_px: number,
  room_px = 0,
): Cluster<T>[] {
  const seen = marks.filter((one) => one.at_s >= sight.from_s && one.at_s <= sight.to_s)
  const near_px = Math.max(room_px, marks.length > MERGE_OVER ? MERGE_PX : 0)
  const near_s = near_px ? ((sight.to_s - sight.from_s) * near_px) / Math.max(1, width_px) : -1
  const found: Cluster<T>[] = []
  for (const mark of seen) {
    const last = found.at(-1)
    if (last && mark.at_s - last.at_s <= near_s) {
      last.marks.push(mark)
      last.last_s = mark.at_s
    } else found.push({ at_s: mark.at_s, last_s: mark.at_s, marks: [mark] })
  }
  return found
}
