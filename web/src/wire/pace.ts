/**
 * How fast files may leave this page while people talk: a call comes first. Who talks tells how the line is doing,
 * who sends a file asks before each piece how large it may be and how long the line is then left alone. Both know
 * only this module.
 *
 * The line is judged by what the call suffers (its encoder held back by bandwidth, packets lost on the way out, the
 * round trip grown by a filled queue) and by what the last piece took: on a line of 256 kbit/s a piece of 8 KiB and
 * twice its own time of rest, on a fast one pieces that grow until they take a quarter of a second.
 */

/** What the call sees of this page's way out; null while there is no call. */
export interface WayOut {
  /** the encoder of a picture makes it smaller for want of bandwidth */
  held_back: boolean
  /** share of our packets that did not arrive, 0 to 1 */
  loss: number
  /** the round trip beyond the shortest seen, seconds */
  queued_s: number
  /** the shortest round trip seen: what no piece can be faster than, seconds */
  shortest_s: number
}

export type Ease = 'free' | 'calm' | 'tight' | 'narrow'

export interface PacedPiece {
  bytes: number
  /** the rest after it, in times of what it took */
  rest: number
}

export const WHOLE_BYTES = 4 * 1024 * 1024
const FIRST_BYTES = 8 * 1024
const SMALLEST_BYTES = 8 * 1024
const PIECE_S = 0.25
/** bytes a second below which a line is thought narrow, or tight, whatever the call says */
const NARROW_RATE = 48_000
const TIGHT_RATE = 125_000

export function ease(line: WayOut | null, rate: number | null): Ease {
  if (!line) return 'free'
  const slow = rate ?? Infinity
  if (line.loss > 0.03 || line.queued_s > 0.2 || slow < NARROW_RATE) return 'narrow'
  if (line.held_back || line.loss > 0.01 || line.queued_s > 0.08 || slow < TIGHT_RATE) return 'tight'
  return 'calm'
}

/** The next piece, where the last ones went at `rate` bytes a second (null: none did yet). */
export function piece(line: WayOut | null, rate: number | null): PacedPiece {
  const room = rate === null ? FIRST_BYTES : Math.floor(rate * PIECE_S)
  const fitting = Math.min(WHOLE_BYTES, Math.max(SMALLEST_BYTES, room))
  switch (ease(line, rate)) {
    case 'free':
      return { bytes: WHOLE_BYTES, rest: 0 }
    case 'calm':
      return { bytes: fitting, rest: 0 }
    case 'tight':
      return { bytes: Math.min(fitting, 32 * 1024), rest: 1.5 }
    case 'narrow':
      return { bytes: SMALLEST_BYTES, rest: 2 }
  }
}

let current: WayOut | null = null
const hearers = new Set<() => void>()

/** What a call of this page says of the line; null when it is over. */
export function tell(line: WayOut | null): void {
  const turned = (line === null) !== (current === null)
  current = line
  if (turned) hearers.forEach((hear) => hear())
}

export function line(): WayOut | null {
  return current
}

/** Called when a call begins to use the line or lets go of it. */
export function onTurn(hear: () => void): () => void {
  hearers.add(hear)
  return () => hearers.delete(hear)
}

/** One file's way through the line: call `before` ahead of each piece, `after` when it is there. */
export class Pacer {
  private rate: number | null = null
  private began_ms = 0
  private bytes = 0
  private rest_until_ms = 0

  constructor(private readonly now_ms: () => number = () => performance.now()) {}

  /** Size of the next piece, and how long to wait before it is sent. */
  before(): { bytes: number; wait_ms: number } {
    return {
      bytes: piece(current, this.rate).bytes,
      wait_ms: current ? Math.max(0, this.rest_until_ms - this.now_ms()) : 0,
    }
  }

  begun(bytes: number): void {
    this.began_ms = this.now_ms()
    this.bytes = bytes
  }

  after(): void {
    const now_ms = this.now_ms()
    const took_ms = Math.max(1, now_ms - this.began_ms)
    // the answer of the server takes a round trip, however fast the line is
    const on_line_ms = Math.max(1, took_ms - (current?.shortest_s ?? 0) * 1_000)
    this.rate = (this.bytes * 1_000) / on_line_ms
    this.rest_until_ms = now_ms + took_ms * piece(current, this.rate).rest
  }
}
