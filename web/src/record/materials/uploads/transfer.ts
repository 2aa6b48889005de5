/** A file on its way as the pages see it, and which of those that wait may go; pure. */
import type { Problem } from '../../../wire/http'
import type { MaterialView } from '../../../wire/messages'

/** What a file is for: a material from the window, or what the approver sends the other way. */
export type Purpose = MaterialView['purpose']

/** What is sent, when it is not a material of its line; `answers` names the other side's file that it returns. */
export interface Sending {
  purpose?: Purpose
  answers?: string | null
  /**
   * 0 beside the files of the line, else the next version of that one; null: as the server has it, where
   * nothing is there
   */
  slot?: number | null
}

export interface Transfer {
  id: string
  line: string
  purpose: Purpose
  answers: string | null
  name: string
  size_bytes: number
  sent_bytes: number
  bytes_per_s: number
  /** known as soon as the server has named the material */
  material_id: string | null
  /** cancelled: can still be undone; missing: the file has to be chosen again */
  state: 'queued' | 'running' | 'waiting' | 'paused' | 'cancelled' | 'missing' | 'failed'
  problem: Problem | null
}

/** What is not on its way any more without somebody's doing. */
export const UNDER_WAY: ReadonlySet<Transfer['state']> = new Set([
  'queued',
  'running',
  'waiting',
  'cancelled',
])
/** What will be named by the server by itself. */
const COMES: ReadonlySet<Transfer['state']> = new Set(['queued', 'running', 'waiting'])
export const AT_ONCE = 3
const RATE_OVER_MS = 1_000

/**
 * Whether the server has still to name one that was given before for the same line: files of a line stand in
 * the order in which it names them.
 */
function follows(one: Transfer, all: Iterable<Transfer>, named: (id: string) => boolean): boolean {
  for (const before of all) {
    if (before.id === one.id) return false
    if (
      before.line === one.line &&
      before.purpose === one.purpose &&
      COMES.has(before.state) &&
      !named(before.id)
    )
      return true
  }
  return false
}

/** Those that start now, the oldest first; `all` as they were given, `named`: the server has an address for it. */
export function nextOf(all: readonly Transfer[], named: (id: string) => boolean): string[] {
  const running = all.filter((one) => one.state === 'running' || one.state === 'waiting').length
  const queued = all.filter((one) => one.state === 'queued' && (named(one.id) || !follows(one, all, named)))
  return queued.slice(0, Math.max(0, AT_ONCE - running)).map((one) => one.id)
}

/** How fast a file goes, told anew each second. */
export class Meter {
  #from: { at: number; bytes: number } | null = null

  /** `bytes`: so many are sent at `now`; `before`: what was told last. */
  rate(bytes: number, before: number, now: number): number {
    this.#from ??= { at: now, bytes }
    const over_ms = now - this.#from.at
    if (over_ms < RATE_OVER_MS) return before
    const rate = Math.max(0, ((bytes - this.#from.bytes) * 1_000) / over_ms)
    this.#from = { at: now, bytes }
    return rate
  }
}
