/**
 * The way of this seat's media to the worker: keeps the ladder (rules/ladder.ts), its time and its orders. What is
 * ordered others do.
 */
import { ref } from 'vue'
import {
  AT_REST,
  climb,
  told,
  type LadderAct,
  type Load,
  type MediaNoticed,
  type Rung,
  type ToldRung,
} from '../rules/ladder'
import type { MediaState } from '../rules/standing'
import type { Stop, Ticking } from './means'

export interface Climbed {
  /** to be done in its turn, unless another order has overtaken it by then */
  perform: (act: LadderAct, order: number) => void
  up: () => void
  waiting: () => void
  broken: () => void
}

export class MediaWay {
  readonly media = ref<MediaState>('none')
  readonly was_up = ref(false)
  /** the rung of the ladder on which the media stand, when that is to be told */
  readonly told = ref<ToldRung | null>(null)
  private ladder = AT_REST
  private stop_rung: Stop | null = null
  /** counts what the ladder has ordered: what is overtaken before its turn is not done any more */
  private orders = 0

  constructor(
    private readonly time: Ticking,
    private readonly then: Climbed,
  ) {}

  get rung(): Rung {
    return this.ladder.rung
  }

  get load(): Load {
    return this.ladder.load
  }

  /** Whether a connection may only use the relay. */
  get relay(): boolean {
    return this.ladder.relay
  }

  /** Whether this order still counts. */
  counts(order: number): boolean {
    return order === this.orders
  }

  notice(noticed: MediaNoticed): void {
    const before = this.ladder
    const { ladder, act } = climb(before, noticed, this.time.now())
    this.ladder = ladder
    if (ladder !== before) this.stand(before.rung)
    if (act) this.order(act)
  }

  order(act: LadderAct): void {
    this.orders += 1
    this.then.perform(act, this.orders)
  }

  /** There is no way any more, and nothing to be done about one. */
  end(): void {
    this.orders += 1
    this.notice({ type: 'ended' })
    this.media.value = 'none'
  }

  private stand(before: Rung): void {
    const { rung, until_ms } = this.ladder
    this.told.value = told(this.ladder)
    this.stop_rung?.()
    this.stop_rung =
      until_ms === null
        ? null
        : this.time.after(Math.max(1, until_ms - this.time.now() + 1), () => this.notice({ type: 'time' }))
    if (rung === before) return
    if (rung === 'up') {
      // what was ordered to get here is not needed any more
      this.orders += 1
      this.media.value = 'up'
      this.was_up.value = true
      this.then.up()
    } else if (rung === 'waiting') {
      this.then.waiting()
    } else if (rung !== 'none' && rung !== 'beginning') {
      this.media.value = 'broken'
      this.then.broken()
    }
  }
}
