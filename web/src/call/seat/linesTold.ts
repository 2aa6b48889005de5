/**
 * What this page has told of its own lines in one leg: which somebody has closed, and which have no device. The other
 * pages cannot tell either from a line that is late. Each change is told once; one that could not be told, again.
 */
import type { Mid } from './media'

export class LinesTold {
  private readonly closed = new Map<Mid, boolean>()
  private readonly lacking = new Map<Mid, boolean>()

  constructor(
    private readonly say: {
      mute: (mid: Mid, on: boolean) => Promise<unknown>
      lack: (mid: '0' | '1', on: boolean) => Promise<unknown>
    },
  ) {}

  /** What stands in the record already, unless this page has told another since. */
  begin(mid: '0' | '1', muted: boolean, lacking: boolean): void {
    if (!this.closed.has(mid)) this.closed.set(mid, muted)
    if (!this.lacking.has(mid)) this.lacking.set(mid, lacking)
  }

  close(mid: Mid, on: boolean): Promise<void> {
    return tell(this.closed, mid, on, this.say.mute)
  }

  lack(mid: '0' | '1', on: boolean): Promise<void> {
    return tell(this.lacking, mid, on, this.say.lack)
  }
}

async function tell<M extends Mid>(
  told: Map<Mid, boolean>,
  mid: M,
  on: boolean,
  say: (mid: M, on: boolean) => Promise<unknown>,
): Promise<void> {
  if (told.get(mid) === on) return
  told.set(mid, on)
  try {
    await say(mid, on)
  } catch (reason) {
    told.delete(mid)
    throw reason
  }
}
