/** Money as the wire has it, in fen, and as people read and write it, in yuan. */

/** 12500 is 125.00. */
export function yuan(fen: number): string {
  return (fen / 100).toFixed(2)
}

/** What somebody typed as yuan, in fen; null where it is no amount. */
export function fenOf(typed: string): number | null {
  const found = /^(\d{1,8})(?:\.(\d{1,2}))?$/.exec(typed.trim())
  const fen = found ? Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0')) : 0
  return fen > 0 ? fen : null
}
