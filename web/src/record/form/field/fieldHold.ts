/**
 * The soft lock on a field, taken while one types in it and renewed; while somebody else has it, it is asked for again
 * and again. It knows nothing of what is typed.
 */
import { Timers } from './timers'

export const HOLD_EVERY_MS = 4000
export const HELD_RETRY_MS = 3000

/** Why an edit or a lock was not given; whatever is not one of the named codes is told in the server's words. */
export interface EditRefusal {
  code: string
  title: string
}

export class FieldHold {
  private holding = false
  private gone = false
  private timers = new Timers<'next'>()

  constructor(
    /** takes or renews (true) or drops (false) it; resolves with the refusal or null */
    private readonly ask: (on: boolean) => Promise<EditRefusal | null>,
    private readonly told: {
      /** somebody else has it */
      held(): void
      /** it is ours after somebody else had it */
      freed(): void
    },
  ) {}

  take(): void {
    if (this.holding) return
    this.holding = true
    void this.renew()
  }

  drop(): void {
    this.timers.stop('next')
    if (!this.holding) return
    this.holding = false
    void this.ask(false)
  }

  /** Somebody else has it, as an answer said: asks until it is free. */
  wait(): void {
    this.holding = false
    this.told.held()
    this.again()
  }

  /** Dropped for good. */
  dispose(): void {
    this.gone = true
    this.drop()
    this.timers.clear()
  }

  private async renew(): Promise<void> {
    const refused = await this.ask(true)
    if (this.gone || !this.holding) return
    if (refused?.code === 'field_held') this.wait()
    else this.timers.at('next', HOLD_EVERY_MS, () => void this.renew())
  }

  private again(): void {
    this.timers.at('next', HELD_RETRY_MS, () => void this.retry())
  }

  private async retry(): Promise<void> {
    const refused = await this.ask(true)
    if (this.gone) return
    if (refused) {
      this.again()
      return
    }
    this.holding = true
    this.told.freed()
  }
}
