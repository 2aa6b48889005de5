/**
 * What a seat uses of a browser, held by a test: time that stands until it is moved, devices and connections
 * of its own.
 */
import { flushPromises } from '@vue/test-utils'
import type { Devices, Opened } from '../../src/call/seat/devices'
import type { MediaOffer, Surroundings } from '../../src/call/seat/held'
import type { Flow, Mid } from '../../src/call/seat/media'
import type { Means, Peer, Stop, Ticking } from '../../src/call/seat/means'
import type { Unsent } from '../../src/wire/socket'
import type { CallView } from './calls'

export class HeldTime implements Ticking {
  private at_ms = 0
  private readonly due = new Set<{ at_ms: number; every_ms: number | null; then: () => void }>()

  now = () => this.at_ms
  server = () => this.at_ms

  after = (ms: number, then: () => void): Stop => this.put(ms, null, then)
  every = (ms: number, then: () => void): Stop => this.put(ms, ms, then)

  private put(ms: number, every_ms: number | null, then: () => void): Stop {
    const one = { at_ms: this.at_ms + ms, every_ms, then }
    this.due.add(one)
    return () => this.due.delete(one)
  }

  /** Lets so much time go by; what is begun at a moment is done before the next. */
  async pass(ms: number): Promise<void> {
    const end_ms = this.at_ms + ms
    for (;;) {
      const next = [...this.due].sort((one, other) => one.at_ms - other.at_ms)[0]
      if (!next || next.at_ms > end_ms) break
      this.at_ms = next.at_ms
      if (next.every_ms === null) this.due.delete(next)
      else next.at_ms += next.every_ms
      next.then()
      await flushPromises()
    }
    this.at_ms = end_ms
  }
}

let tracks_made = 0

export function track(kind: 'audio' | 'video'): MediaStreamTrack {
  tracks_made += 1
  const made = Object.assign(new EventTarget(), {
    id: `track${tracks_made}`,
    kind,
    enabled: true,
    muted: false,
    readyState: 'live',
    stop: () => void (made.readyState = 'ended'),
  })
  return made as unknown as MediaStreamTrack
}

/** It is pulled out. */
export function pull(gone: MediaStreamTrack): void {
  gone.stop()
  gone.dispatchEvent(new Event('ended'))
}

/** The devices of a place: what is opened next is what stands here. */
export class HeldPlace {
  found: Devices = { microphone: track('audio'), camera: track('video'), trouble: {} }
  /** what one device that is opened anew gives, in turn; without any it is not there */
  next: (Opened | Promise<Opened>)[] = []
  papers: (MediaStreamTrack | null)[] = []
  screens: (MediaStreamTrack | null)[] = []
  plug = (): void => undefined
  hear: (peak: number) => void = () => undefined
  listening = 0

  readonly means: Means['place'] = {
    both: () => Promise.resolve(this.found),
    one: async () => this.next.shift() ?? { track: null, trouble: 'absent' },
    paper: () => Promise.resolve(this.papers.shift() ?? null),
    screen: () => Promise.resolve(this.screens.shift() ?? null),
    listen: (_microphone, hear) => {
      this.hear = hear
      this.listening += 1
      return () => void (this.listening -= 1)
    },
    onPlugged: (then) => {
      this.plug = then
      return () => (this.plug = () => undefined)
    },
  }
}

/** A connection to a worker that takes everything. */
export class HeldPeer {
  state: Flow | null = null
  groups: 2 | 5 | 1 = 2
  layers = false
  closed = false
  begun = false
  sent: readonly Mid[] = []
  renewed = 0
  fitting = true
  figures_now = { loss: 0 as number | null, relayed: false, round_trip_s: 0.02, given: null as unknown }
  gauge_now: object | null = null
  pulses: { bytes: number; answers: number } = { bytes: 0, answers: 0 }

  constructor(
    readonly given: Parameters<Means['connect']>,
    readonly log: string[],
  ) {
    this.sent = [...given[2].keys()]
  }

  /** How the packets go from now on. */
  flow(state: Flow): void {
    this.state = state
    this.given[3].state(state)
  }

  get peer(): Peer {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const own = this
    return {
      get state() {
        return own.state
      },
      get groups() {
        return own.groups
      },
      get layers() {
        return own.layers
      },
      arrived: new Map(),
      fits: () => own.fitting,
      renew: () => void (own.renewed += 1),
      answer: (sdp, load) => Promise.resolve(`answer to ${sdp}, ${load}`),
      prepare: (sdp, load) => Promise.resolve(`answer to ${sdp}, ${load}`),
      begin: () => {
        own.begun = true
        return Promise.resolve()
      },
      send: (tracks) => {
        own.sent = [...tracks.keys()]
        return Promise.resolve()
      },
      layer: (on) => {
        own.log.push(`layer ${String(on)}`)
        return Promise.resolve()
      },
      gauge: () => Promise.resolve(own.gauge_now as never),
      figures: () =>
        Promise.resolve({ loss_out: 0, frames_decoded: 0, held_back: false, ...own.figures_now } as never),
      pulse: () => Promise.resolve(own.pulses),
      close: () => void (own.closed = true),
    }
  }
}

/** A page with one call, and a server that answers what it is asked. */
export class HeldPage {
  readonly time = new HeldTime()
  readonly place = new HeldPlace()
  readonly peers: HeldPeer[] = []
  readonly asked: string[] = []
  readonly commands: Unsent[] = []
  readonly said: unknown[] = []
  readonly log: string[] = []
  call: CallView | null = null
  connected = true
  move = (): void => undefined
  /** what the server answers to a command, by type; what throws refuses it */
  answers: Partial<Record<Unsent['type'], () => object>> = {}
  private legs = 0
  private offers = 0

  get peer(): HeldPeer {
    const last = this.peers.at(-1)
    if (!last) throw new Error('there is no connection')
    return last
  }

  offer(): MediaOffer & Record<string, unknown> {
    this.offers += 1
    return { sdp: `offer${this.offers}`, ice_servers: [] }
  }

  readonly means: Means = {
    time: this.time,
    place: this.place.means,
    connect: (...given) => {
      const made = new HeldPeer(given, this.log)
      this.peers.push(made)
      return made.peer
    },
    onMoved: (then) => {
      this.move = then
      return () => (this.move = () => undefined)
    },
  }

  readonly around: Surroundings = {
    ask: async <R>(command: Unsent): Promise<R> => {
      this.asked.push(command.type)
      this.commands.push(command)
      const own = this.answers[command.type]
      if (own) return own() as R
      if (command.type === 'call.connect') return this.offer() as R
      if (command.type === 'call.join') return { leg_id: `joined${(this.legs += 1)}` } as R
      return {} as R
    },
    connected: () => this.connected,
    doubt: () => void this.log.push('doubt'),
    me: () => 'clerk',
    current: () => this.call,
    find: (call_id) => (this.call?.id === call_id ? this.call : undefined),
    busy: () => false,
    say: (reason) => void this.said.push(reason),
    measured: (_, quality) => void this.log.push(quality.level),
    well: () => void this.log.push('well'),
  }
}
