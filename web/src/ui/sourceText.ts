/** Places in a text that is written by hand. */

export interface TextSpan {
  offset: number
  length: number
}

/** A line of the text, counted from 1; past its end, the end. */
export function spanOfLine(text: string, line: number): TextSpan {
  const lines = text.split('\n')
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0)
  return { offset: Math.min(before, text.length), length: lines[line - 1]?.length ?? 0 }
}

/** The line of a place, counted from 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

const HIGH = /[\uD800-\uDBFF]/
const LOW = /[\uDC00-\uDFFF]/

/** The one place where `was` differs from `now`: from and to in `was`, and what stands there in `now`. No character is split. */
export function differing(was: string, now: string): { from: number; to: number; piece: string } {
  const least = Math.min(was.length, now.length)
  let from = 0
  while (from < least && was[from] === now[from]) from += 1
  if (from && HIGH.test(was.charAt(from - 1))) from -= 1
  let tail = 0
  while (tail < least - from && was.at(-1 - tail) === now.at(-1 - tail)) tail += 1
  if (tail && LOW.test(was.charAt(was.length - tail))) tail -= 1
  return { from, to: was.length - tail, piece: now.slice(from, now.length - tail) }
}
