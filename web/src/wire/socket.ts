/**
 * The live connection of a page: one Socket.IO connection, commands out, events and ephemerals in.
 *
 * A command keeps the id that the page made for it until its ack is there: what was not acknowledged when the
 * connection broke is sent again with the same id, and the server answers a repeat with the stored ack. Only what
 * reads, what is typed and the call itself (`WAITS`) waits for a connection; an act of a person is refused at once
 * while there is none, so that nothing he did is done later, unseen.
 * Events may come twice, late or not at all; whoever reads them watches versions. Knows no feature.
 */
import { io, type Socket } from 'socket.io-client'
import { readonly, ref, type DeepReadonly, type Ref } from 'vue'
import { around, localProblem, Problem } from './http'
import type {
  Ack,
  AnyCommand,
  AnyEphemeral,
  AnyEvent,
  CallQuality,
  CaseFocus,
  CasePoint,
  DocumentDraw,
  DocumentLook,
  DocumentPoint,
  CaseTyping,
} from './messages'

export type { Ack } from './messages'

/** `lost` still tries, but has failed for so long that a person should look at the network. */
export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'lost'

/** Whether the connection was there, or should be by now, and is not: what was known over it may have changed. */
export function isCut(connection: ConnectionState): boolean {
  return connection === 'reconnecting' || connection === 'lost'
}

type Without<M, K extends string> = M extends unknown ? Omit<M, K> : never

/** A command as a page writes it; the connection adds the id. */
export type Unsent = Without<AnyCommand, 'id'>

/** The ephemerals that a page may send; the server adds who it was. */
export type Hint = Without<
  CallQuality | CaseTyping | CaseFocus | CasePoint | DocumentPoint | DocumentDraw | DocumentLook,
  'by' | 'sensitive'
>

/** What may wait for the connection; whatever is not named here is refused while there is none. */
const WAITS: ReadonlySet<AnyCommand['type']> = new Set<AnyCommand['type']>([
  // what is read and followed
  'case.open',
  'case.summarise',
  'desk.open',
  'unit.open',
  'call.open',
  'missed.watch',
  'listed.watch',
  'monitor.watch',
  // what is typed into a field, marked as waiting there
  'case.edit',
  'case.draft',
  'case.hold',
  // a consent, which can be taken back at any time and is said to wait
  'case.consent',
  // duty, and a call that stands: it tells of its connection itself, and has its own way back
  'desk.duty',
  'call.cancel',
  'call.prepare',
  'call.answer',
  'call.decline',
  'call.join',
  'call.connect',
  'call.describe',
  'call.mute',
  'call.lack',
  'call.hang_up',
  'call.withdraw',
  'monitor.turn',
  'monitor.end',
  'rehearsal.open',
  'rehearsal.describe',
  'rehearsal.look',
  'rehearsal.restart',
  'rehearsal.close',
])

const LOST_AFTER_MS = 15_000
/** That nothing was sent stands so long at least, if the connection is back before it could be read. */
const READ_MS = 6_000
const ACK_WITHIN_MS = 10_000
/**
 * The server beats every 2 s: after QUIET_TICKS without one the page says so, after DEAD_TICKS it dials anew. Ticks
 * are counted and not time, so that a page that slept does not take its own sleep for the server's.
 */
const TICK_MS = 430
const QUIET_TICKS = 6
const DEAD_TICKS = 16

interface Pending {
  /** it may wait for the connection */
  waits: boolean
  /** it has left this page */
  sent: boolean
  command: Unsent & { id: string }
  settle: (ack: Ack) => void
  fail: (problem: Problem) => void
  resend: ReturnType<typeof setTimeout> | undefined
}

/** A random id of 128 bits; `randomUUID` is absent where the page is not a secure context. */
export function freshId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export class LiveWire {
  readonly connection: DeepReadonly<Ref<ConnectionState>>
  private readonly state = ref<ConnectionState>('connecting')
  private readonly socket: Socket
  private readonly pending = new Map<string, Pending>()
  private readonly greeters = new Set<() => void>()
  private readonly events = new Set<(event: AnyEvent) => void>()
  private readonly ephemerals = new Set<(ephemeral: AnyEphemeral) => void>()
  private readonly closers = new Set<() => void>()
  private lost: ReturnType<typeof setTimeout> | undefined
  /** ticks since the last beat of this connection; null until it has had one */
  private quiet: number | null = null
  /** there is no connection, and that is known: not so while one is opened first, or is quiet for a moment */
  private gone = false
  /** the last refusal for want of a connection: one is told, at the place of the last act, until the connection is back */
  private unsent: { problem: Problem; at: number } | null = null
  private passing: ReturnType<typeof setTimeout> | undefined
  /** the browser said that there is no network: stands until it says otherwise, or a new connection is made */
  private offline = false
  /** somebody else has noticed that nothing comes through */
  private doubted = false
  private readonly ticking = setInterval(() => this.tick(), TICK_MS)

  constructor(options: {
    url?: string
    language: () => string
    signed_out: () => void
    person?: (() => string | null) | undefined
    extraHeaders?: Record<string, string>
  }) {
    this.connection = readonly(this.state)
    // names this page over all its connections: a seat is kept over a reconnect, and lost to a newer page
    const page = freshId()
    this.socket = io(options.url ?? '', {
      // government networks sometimes let no WebSocket through; then polling
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      reconnectionDelay: 200,
      reconnectionDelayMax: 3000,
      auth: (give) => {
        const person = options.person?.()
        give({ language: options.language(), page, ...(person ? { person } : {}) })
      },
      ...(options.extraHeaders ? { extraHeaders: options.extraHeaders } : {}),
    })
    this.socket.on('connect', () => this.connected())
    this.socket.on('disconnect', (reason) => {
      this.quiet = null
      this.parted()
      // Socket.IO does not come back by itself when the server ended the connection
      if (reason === 'io server disconnect') this.socket.connect()
    })
    this.socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
      this.broken()
      if (error.message === 'unauthenticated' || error.data?.code === 'unauthenticated') {
        this.socket.disconnect()
        options.signed_out()
      } else if (!this.socket.active) {
        this.socket.connect()
      }
    })
    this.socket.on('event', (event: AnyEvent) => this.events.forEach((hear) => hear(event)))
    this.socket.on('ephemeral', (ephemeral: AnyEphemeral) =>
      this.ephemerals.forEach((hear) => hear(ephemeral)),
    )
    // answered here and not from a timer, which browsers throttle in hidden pages
    this.socket.on('beat', (...given: unknown[]) => {
      this.beaten()
      const answer = given.at(-1)
      if (typeof answer === 'function') answer()
      else this.socket.emit('beat', ...given)
    })
    this.watchLoss()
  }

  /**
   * Sends a command and waits for its ack, over as many connections as it takes. What may not wait is refused while
   * there is no connection (`unsent`), and is given up when its ack stays away with the connection (`unsure`).
   */
  send(command: Unsent): Promise<Ack> {
    const id = freshId()
    const waits = WAITS.has(command.type)
    if (!waits && this.gone) return Promise.reject(this.refuse())
    return new Promise((settle, fail) => {
      const pending: Pending = {
        waits,
        sent: false,
        command: { ...command, id },
        settle,
        fail,
        resend: undefined,
      }
      this.pending.set(id, pending)
      // what may not wait does not go into a connection that has fallen silent
      if (this.socket.connected && (waits || this.state.value === 'connected')) this.emit(pending)
    })
  }

  /**
   * Why an act would be refused now before it is sent, for a page that asks something before it; null: it is
   * not refused.
   */
  unsendable(): Problem | null {
    return this.gone ? this.refuse() : null
  }

  /** Like `send`, but a refusal is thrown as a `Problem`; the result is what the command's contract says. */
  async ask<R = Record<string, unknown>>(command: Unsent): Promise<R> {
    const ack = await this.send(command)
    if (ack.ok) return ack.result as R
    throw refused(ack)
  }

  /** An ephemeral: not acknowledged, dropped when there is no connection. */
  hint(ephemeral: Hint): void {
    // not volatile: that drops what is sent right after a command, such as the news that a field was left
    if (this.socket.connected) this.socket.emit('ephemeral', ephemeral)
  }

  /** Runs at every (re)connection, before anything that waits is sent again. */
  onConnected(greet: () => void): () => void {
    this.greeters.add(greet)
    if (this.socket.connected) greet()
    return () => this.greeters.delete(greet)
  }

  onEvent(hear: (event: AnyEvent) => void): () => void {
    this.events.add(hear)
    return () => this.events.delete(hear)
  }

  onEphemeral(hear: (ephemeral: AnyEphemeral) => void): () => void {
    this.ephemerals.add(hear)
    return () => this.ephemerals.delete(hear)
  }

  /** The network is known to be gone, long before the connection shows it. */
  cut(): void {
    this.offline = true
    if (this.state.value === 'connecting') this.state.value = 'reconnecting'
    this.parted()
  }

  /** The network is there (again): what was connected before it is not trusted. */
  redial(): void {
    this.offline = false
    this.socket.disconnect().connect()
  }

  /** Tries at once instead of at the next turn. */
  again(): void {
    if (!this.socket.connected || this.offline) this.socket.disconnect().connect()
  }

  /** Packets of another kind stay away too: a connection without a beat is dialled anew as soon as that is noticed. */
  doubt(): void {
    this.doubted = true
    if (this.quiet !== null && this.quiet >= QUIET_TICKS) this.socket.io.engine.close()
  }

  onClosed(hear: () => void): void {
    this.closers.add(hear)
  }

  close(): void {
    this.closers.forEach((hear) => hear())
    clearTimeout(this.lost)
    clearInterval(this.ticking)
    clearTimeout(this.passing)
    this.socket.disconnect()
    for (const pending of this.pending.values()) {
      clearTimeout(pending.resend)
      pending.fail(localProblem('unreachable'))
    }
    this.pending.clear()
  }

  private connected(): void {
    this.offline = false
    clearTimeout(this.lost)
    this.lost = undefined
    this.gone = false
    this.state.value = 'connected'
    this.letPass()
    const waiting = [...this.pending.values()]
    this.greeters.forEach((greet) => greet())
    waiting.forEach((pending) => this.emit(pending))
  }

  private beaten(): void {
    // what still comes over the old connection does not speak against the browser: left to count, it is dialled anew
    if (this.offline) {
      this.quiet ??= 0
      return
    }
    this.quiet = 0
    this.doubted = false
    if (this.state.value === 'connected') return
    clearTimeout(this.lost)
    this.lost = undefined
    this.gone = false
    this.state.value = 'connected'
    this.letPass()
    for (const pending of this.pending.values())
      if (!pending.sent && this.socket.connected) this.emit(pending)
  }

  private tick(): void {
    if (this.quiet === null) return
    this.quiet += 1
    if (this.quiet === QUIET_TICKS) this.broken()
    // what is dead already would be noticed only when a ping times out
    if (this.quiet === (this.doubted ? QUIET_TICKS : DEAD_TICKS)) this.socket.io.engine.close()
  }

  private broken(): void {
    if (this.state.value === 'connected') this.state.value = 'reconnecting'
    this.watchLoss()
  }

  /** No connection: what may not wait and has not gone out never will. */
  private parted(): void {
    this.broken()
    this.gone = true
    this.giveUp((pending) => !pending.sent, 'unsent')
  }

  private watchLoss(): void {
    this.lost ??= setTimeout(() => {
      this.state.value = 'lost'
      this.parted()
      this.giveUp(() => true, 'unsure')
    }, LOST_AFTER_MS)
  }

  private giveUp(which: (pending: Pending) => boolean, code: 'unsent' | 'unsure'): void {
    for (const [id, pending] of this.pending) {
      if (pending.waits || !which(pending)) continue
      this.pending.delete(id)
      clearTimeout(pending.resend)
      pending.fail(code === 'unsent' ? this.refuse() : localProblem(code))
    }
  }

  /** The refusal of an act for want of a connection; it takes the place of the one before. */
  private refuse(): Problem {
    clearTimeout(this.passing)
    if (this.unsent) this.unsent.problem.pass()
    this.unsent = { problem: localProblem('unsent'), at: performance.now() }
    return this.unsent.problem
  }

  private letPass(): void {
    const told = this.unsent
    if (!told) return
    clearTimeout(this.passing)
    this.passing = setTimeout(
      () => {
        told.problem.pass()
        if (this.unsent === told) this.unsent = null
      },
      Math.max(0, READ_MS - (performance.now() - told.at)),
    )
  }

  private emit(pending: Pending): void {
    clearTimeout(pending.resend)
    pending.sent = true
    this.socket.emit('command', pending.command, (ack: Ack) => {
      if (!this.pending.delete(pending.command.id)) return
      clearTimeout(pending.resend)
      pending.settle(ack)
    })
    pending.resend = setTimeout(() => {
      if (this.socket.connected && this.pending.has(pending.command.id)) this.emit(pending)
    }, ACK_WITHIN_MS)
  }
}

/** A refused ack as the problem that it is. */
export function refused(ack: Ack): Problem {
  return new Problem({
    title: ack.title ?? ack.code ?? '',
    status: 409,
    code: ack.code ?? 'internal',
    details: ack.details,
    reference: ack.reference,
  })
}

/** A connection of its own, for a part of the page that reads as another audience; who opens it closes it. */
export function openWire(): LiveWire {
  const opened = new LiveWire({
    language: () => around().language(),
    signed_out: () => around().signed_out(),
    person: () => around().person?.() ?? null,
  })
  const [cut, redial] = [() => opened.cut(), () => opened.redial()]
  window.addEventListener('offline', cut)
  window.addEventListener('online', redial)
  if (!navigator.onLine) cut()
  opened.onClosed(() => {
    window.removeEventListener('offline', cut)
    window.removeEventListener('online', redial)
  })
  return opened
}

let current: LiveWire | null = null

/** The connection of this page; opened by the first who asks, after sign-in. */
export function wire(): LiveWire {
  current ??= openWire()
  return current
}

/** Ends the connection of this page: at sign-out, and when the server says that nobody is signed in. */
export function closeWire(): void {
  current?.close()
  current = null
}
