/**
 * Keeps this page's one seat in a call: takes it, again after a reload, supplies it with media, does what the ladder
 * says when the way breaks, and gives it up to a newer page.
 *
 *     none → asking → negotiating → up ⇄ broken          (a lost leg: asking again, with a new leg)
 *
 * All steps run one after the other; one that fails is tried again, ever more slowly. It knows calls only as
 * they are shown to it, and draws nothing.
 */
import { reactive, ref } from 'vue'
import { Problem } from '../../wire/http'
import type { LadderAct, Load } from '../rules/ladder'
import { holdOf, legOf } from '../rules/standing'
import { Ahead } from './ahead'
import { Connecting, over } from './connecting'
import { accompanied, Gauging } from './gauging'
import { offerIn, type Answered, type Surroundings } from './held'
import { LOOK_MS } from './heartbeat'
import { browserMeans, type Means, type Stop } from './means'
import { Supply } from './supply'
import { MediaWay } from './way'
import type { CallView } from '../../wire/messages'

export type { Answered, Quality, Surroundings } from './held'

const PAUSE_MS = 500
const PAUSE_AT_MOST_MS = 8_000
const FIGURES_EVERY_MS = 2_000
/** Where a page keeps in which call it has the seat. */
const SEAT = 'yunjian.seat'

export class SeatKeeper {
  readonly muted = reactive<Record<'0' | '1', boolean>>({ '0': false, '1': false })
  /** somebody at this page has left something out himself */
  readonly chosen = ref(false)
  /** calls whose seat this page has taken, and calls whose seat was taken from it */
  readonly claimed = reactive(new Set<string>())
  readonly replaced = reactive(new Set<string>())
  /** calls whose seat this page is about to take */
  readonly entering = reactive(new Set<string>())

  /** camera, microphone and what is shown beside the face */
  readonly supply: Supply
  readonly way: MediaWay
  readonly gauging: Gauging
  private readonly ahead: Ahead
  private readonly connecting: Connecting
  private working: Promise<void> = Promise.resolve()
  private stop_again: Stop | null = null
  private pause_ms = PAUSE_MS
  private readonly stops: Stop[]

  constructor(
    private readonly around: Surroundings,
    private readonly means: Means = browserMeans,
  ) {
    const up = () => this.way.media.value === 'up'
    this.way = new MediaWay(means.time, {
      perform: (act, order) => this.perform(act, order),
      up: () => this.rise(),
      waiting: () => around.doubt(),
      broken: () => this.gauging.lose(),
    })
    this.supply = new Supply(means, {
      send: () => this.connecting.send(),
      close: async (mid, on) => this.connecting.held?.lines.close(mid, on),
      tellLines: () => this.connecting.tellLines(),
      talks: () => up() && around.current()?.state === 'live' && !holdOf(around.current()),
      muted: (mid) => this.muted[mid],
    })
    this.gauging = new Gauging({
      held: () => this.connecting.held,
      up,
      accompanied: (call_id) => accompanied(around.find(call_id), around.me()),
      chosen: () => this.chosen.value,
      server: () => means.time.server(),
      measured: (call_id, quality) => around.measured(call_id, quality),
      carry: (load) => this.way.notice({ type: 'carry', load }),
      given: (pictures) => this.supply.watch(this.way.load === 'whole' ? pictures : null),
      expiring: (held) => {
        this.working = this.working.then(() => this.connecting.extend(held)).catch(around.say)
      },
      say: around.say,
    })
    this.connecting = new Connecting({
      around,
      means,
      way: this.way,
      supply: this.supply,
      muted: this.muted,
      seated: () => {
        const call = around.current()
        return call && this.claimed.has(call.id) ? call.id : null
      },
      begins: () => this.gauging.forget(),
      closed: () => this.gauging.end(),
      later: (step) => this.run(step),
    })
    this.ahead = new Ahead(around.ask, (call_id, leg_id, offer) =>
      this.connecting.make(call_id, leg_id, offer, new Map()),
    )
    this.stops = [
      means.onMoved(() => this.way.notice({ type: 'moved' })),
      means.time.every(FIGURES_EVERY_MS, () => this.measure()),
      means.time.every(LOOK_MS, () => this.feelPulse()),
    ]
  }

  /** Closes camera and microphone when no call of this page runs or is about to. */
  rest(): void {
    if (this.around.busy() || [...this.claimed].some((call_id) => !this.over(call_id))) return
    this.supply.rest()
  }

  /** What rings here now, so that all that an answer needs is negotiated. Null: nothing any more. */
  ringing(ring: { call_id: string; ring_id: string } | null): void {
    this.ahead.ringing(ring, this.connecting.held === null)
  }

  /** The person answers this ring: begins to connect what was negotiated, and says as which leg; undefined without. */
  begin(ring_id: string): string | undefined {
    return this.ahead.begin(ring_id)
  }

  /**
   * This page has dialled, or answered and got this: the seat is its own. Resolves when it has tried to connect,
   * and to send.
   */
  claim(call_id: string, got: Answered = {}): Promise<unknown> {
    this.claimed.add(call_id)
    sessionStorage.setItem(SEAT, call_id)
    const { leg_id } = got
    const ready = this.ahead.take(got)
    // not waiting to be told what the answer has changed
    if (leg_id) {
      this.run(async () => {
        if (this.connecting.held) ready?.held.media.close()
        else if (ready) await this.connecting.adopt(ready.held, ready.begun)
        else await this.connecting.connect(call_id, leg_id, offerIn(got))
      })
    }
    // a person who is just being asked for his devices already sees and hears
    const tried = this.working.then(() => this.supply.opening).then(() => this.connecting.send())
    // what he does not have is known once he was asked, and told beside what the answer has changed
    tried.then(() => this.connecting.tellLines()).catch(() => undefined)
    this.attend()
    return tried.catch(() => undefined)
  }

  /** Takes the seat of a running call to this page; an older page of the same person loses it. */
  enter(call_id: string): void {
    if (this.claimed.has(call_id)) return
    this.replaced.delete(call_id)
    this.entering.add(call_id)
    this.run(async () => {
      try {
        const call = this.around.find(call_id)
        if (this.claimed.has(call_id) || !call || call.state === 'ended') return
        const leg = legOf(call, this.around.me())
        // who had muted himself stays muted over a reload
        for (const mid of ['0', '1'] as const) this.muted[mid] = leg?.muted.includes(mid) ?? false
        if (call.state === 'live') await this.connecting.rejoin(call_id)
        else await this.around.ask({ type: 'call.join', call_id })
        this.claimed.add(call_id)
        sessionStorage.setItem(SEAT, call_id)
      } finally {
        this.entering.delete(call_id)
      }
    })
  }

  /** A newer page of this person has the seat now. */
  giveUp(call_id: string): void {
    this.replaced.add(call_id)
    this.claimed.delete(call_id)
    if (satIn(call_id)) sessionStorage.removeItem(SEAT)
    this.attend()
  }

  async mute(mid: '0' | '1', on: boolean): Promise<void> {
    this.muted[mid] = on
    await this.connecting.send()
    await this.connecting.held?.lines.close(mid, on)
  }

  /** Carries less or all of it again, because somebody at this page wants it so. */
  carry(load: Load): void {
    this.chosen.value = load !== 'whole'
    this.gauging.forget()
    this.way.notice({ type: 'carry', load })
  }

  /** Looks at the call again: to be called whenever it, the connection or a claim has changed. */
  attend(): void {
    this.way.notice({ type: 'served', on: this.around.connected() })
    this.run(() => this.step())
  }

  /** Tracks of the other seats, by m-line. */
  get remote(): Connecting['remote'] {
    return this.connecting.remote
  }

  /** A call is about to be drawn as it is now: what this page sends in it does not wait for that. */
  heed(call: CallView): void {
    this.connecting.heed(call)
  }

  /** The worker has more, or another, to offer to this leg than it has been offered. */
  renegotiate(leg_id: string): void {
    this.run(async () => {
      const { held } = this.connecting
      if (held?.leg_id === leg_id) await this.connecting.extend(held)
    })
  }

  /** The server says that the worker of this leg is gone or hears nothing of it. */
  unheard(leg_id: string): void {
    if (this.connecting.held?.leg_id === leg_id) this.way.notice({ type: 'unheard' })
  }

  close(): void {
    this.ahead.forget()
    for (const stop of this.stops) stop()
    this.claimed.clear()
    this.drop()
    this.supply.close()
  }

  private run(step: () => Promise<void>): void {
    this.working = this.working.then(step).catch((reason: unknown) => {
      // what was begun for a call that is over meanwhile is nobody's trouble
      if (!(reason instanceof Problem && reason.code === 'call_ended')) this.around.say(reason)
      this.stop_again?.()
      this.stop_again = this.means.time.after(this.pause_ms, () => this.attend())
      this.pause_ms = Math.min(this.pause_ms * 2, PAUSE_AT_MOST_MS)
    })
  }

  private async step(): Promise<void> {
    const call = this.around.current()
    await this.connecting.send()
    const { held } = this.connecting
    // answered, and not told yet that the call is live
    if (!call && held && this.claimed.has(held.call_id) && !this.over(held.call_id)) return
    if (!call || call.state === 'ended' || this.replaced.has(call.id)) {
      this.drop()
      this.way.was_up.value = false
      this.pause_ms = PAUSE_MS
      for (const call_id of [...this.claimed]) if (this.over(call_id)) this.claimed.delete(call_id)
      this.rest()
      return
    }
    if (!this.claimed.has(call.id) || !this.around.connected()) return
    const leg = legOf(call, this.around.me())
    // who has dialled connects while it rings, and sends nothing yet
    if (call.state === 'open' && leg?.state !== 'joined') return
    if (held?.call_id !== call.id) {
      // between two connections of a seat it is the ladder's turn
      if (!held && this.way.rung !== 'none' && this.way.rung !== 'beginning') return
      if (leg?.state === 'joined') await this.connecting.connect(call.id, leg.id)
      else await this.connecting.rejoin(call.id)
    } else if (leg?.id === held.leg_id) {
      // our place was given up while we were away
      if (leg.state === 'lost') await this.connecting.rejoin(call.id)
      else await this.connecting.fit(held, call)
    } else if (call.legs.some((one) => one.id === held.leg_id)) {
      // every leg that this page takes is held before the next step: a later one is another page's
      this.giveUp(call.id)
    }
  }

  private perform(act: LadderAct, order: number): void {
    if (this.connecting.held) this.connecting.held.doubted = true
    this.working = this.working
      .then(() => {
        if (!this.way.counts(order)) return
        return act === 'restart' ? this.connecting.restart(order) : this.connecting.renew()
      })
      .catch((reason: unknown) => {
        if (!this.way.counts(order)) return
        // a worker that is just being started again is worth waiting for on the same rung
        if (reason instanceof Problem && reason.code === 'media_unavailable')
          this.means.time.after(PAUSE_MS, () => this.way.counts(order) && this.way.order(act))
        else this.way.notice({ type: 'failed' })
      })
  }

  private rise(): void {
    if (this.connecting.held) this.connecting.held.doubted = false
    this.pause_ms = PAUSE_MS
    this.measure()
    this.around.well()
  }

  private drop(): void {
    this.stop_again?.()
    this.connecting.release()
    this.way.end()
    this.chosen.value = false
    this.gauging.forget()
  }

  private measure(): void {
    this.supply.look()
    this.gauging.look()
  }

  private feelPulse(): void {
    const { held } = this.connecting
    held?.media.pulse().then(
      (pulse) => {
        const felt = this.connecting.held === held ? held.heart.look(pulse, this.means.time.now()) : null
        // a first connection is up when the browser has its keys, not when a check is answered
        if (felt && (felt === 'weak' || this.way.rung !== 'beginning')) this.way.notice({ type: felt })
      },
      () => undefined,
    )
  }

  private over(call_id: string): boolean {
    const call = this.around.find(call_id)
    return call !== undefined && over(call, this.around.me())
  }
}

/** Whether this page had the seat of this call, over a reload too. */
export function satIn(call_id: string): boolean {
  return sessionStorage.getItem(SEAT) === call_id
}
