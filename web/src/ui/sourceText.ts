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
