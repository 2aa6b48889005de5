/** The bytes of a file as they come: all that is there so far, and when it is worth looking again. Pure. */

export class Growing {
  private readonly pieces: Uint8Array<ArrayBuffer>[] = []
  length = 0
  over = false
  private readonly waiting: { until: number; go: () => void }[] = []

  add(piece: Uint8Array<ArrayBuffer>): void {
    this.pieces.push(piece)
    this.length += piece.length
    this.wake()
  }

  end(): void {
    this.over = true
    this.wake()
  }

  /** Waits until so many bytes are there, or no more will come. */
  reach(bytes: number): Promise<void> {
    if (this.over || this.length >= bytes) return Promise.resolve()
    return new Promise((go) => this.waiting.push({ until: bytes, go }))
  }

  /** All so far, without a copy of its own. */
  blob(media_type: string): Blob {
    return new Blob(this.pieces, { type: media_type })
  }

  /** A copy of the bytes from `begin` to `end`, as far as they are there. */
  copy(begin = 0, end = this.length): Uint8Array<ArrayBuffer> {
    const upto = Math.min(end, this.length)
    const out = new Uint8Array(Math.max(0, upto - begin))
    let at = 0
    for (const piece of this.pieces) {
      const from = Math.max(begin - at, 0)
      const to = Math.min(upto - at, piece.length)
      if (from < to) out.set(piece.subarray(from, to), at + from - begin)
      at += piece.length
      if (at >= upto) break
    }
    return out
  }

  private wake(): void {
    for (let index = this.waiting.length - 1; index >= 0; index--) {
      const one = this.waiting[index]
      if (one && (this.over || this.length >= one.until)) {
        this.waiting.splice(index, 1)
        one.go()
      }
    }
  }
}

/** Whether a PDF is written so that its first page can be read before the rest is there (ISO 32000-1, annex F). */
export function linearized(head: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(head.subarray(0, 1024)).includes('/Linearized')
}

const ROOT = /(\d{1,10})\s+(\d{1,5})\s+obj\b(?:(?!endobj)[^]){0,4000}?\/Type\s*\/Catalog\b/
const SEARCHED_BYTES = 1024 * 1024

/**
 * A PDF that is not yet whole, with the trailer that it still lacks, naming the catalogue that is already there: the
 * way in for a reader that gathers the objects by itself (ISO 32000-1, 7.5.5). Without a catalogue, as it is.
 */
export function rooted(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder('latin1')
  const found =
    ROOT.exec(text.decode(bytes.subarray(0, SEARCHED_BYTES))) ??
    ROOT.exec(text.decode(bytes.subarray(-SEARCHED_BYTES)))
  if (!found) return bytes
  const trailer = new TextEncoder().encode(
    `\nendstream\nendobj\ntrailer\n<< /Root ${found[1]} ${found[2]} R >>\nstartxref\n0\n%%EOF\n`,
  )
  const out = new Uint8Array(bytes.length + trailer.length)
  out.set(bytes)
  out.set(trailer, bytes.length)
  return out
}
