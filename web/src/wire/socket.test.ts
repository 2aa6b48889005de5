// @vitest-environment node
// @vitest-environment node
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, type Socket } from 'socket.io'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from './http'
import type { Ack } from './messages'
import { freshId, LiveWire } from './socket'

interface Command {
  id: string
  type: string
}

const fine = (result: Record<string, unknown> = {}): Ack => ({
  ok: true,
  result,
  code: null,
  title: null,
  details: {},
  reference: null,
})

let http: HttpServer
let server: Server
let wire: LiveWire | null
let sockets: Socket[]
const signed_out = vi.fn()

beforeEach(async () => {
  http = createServer()
  server = new Server(http)
  sockets = []
  wire = null
  signed_out.mockClear()
  server.on('connection', (socket) => void sockets.push(socket))
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening))
})

afterEach(async () => {
  wire?.close()
  await server.close()
})

function connect(): LiveWire {
  wire = new LiveWire({
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    language: () => 'en',
    signed_out,
  })
  return wire
}

const until = (holds: () => boolean) => vi.waitFor(() => expect(holds()).toBe(true), { timeout: 5000 })

describe('the connection of a page', () => {
  it('gives a command an id and returns what the server answered', async () => {
    server.on('connection', (socket) =>
      socket.on('command', (command: Command, ack: (ack: Ack) => void) => ack(fine({ heard: command }))),
    )
    const ack = await connect().send({ type: 'desk.open' })
    expect(ack.result).toEqual({
      heard: { type: 'desk.open', id: expect.stringMatching(/^[A-Za-z0-9_-]{8,64}$/) },
    })
  })

  it('names whom the page takes to be signed in', async () => {
    wire = new LiveWire({
      url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
      language: () => 'en',
      signed_out,
      person: () => 'ann',
    })
    await until(() => sockets.length === 1)
    expect(sockets[0]?.handshake.auth).toMatchObject({ language: 'en', person: 'ann' })
  })

  it('throws a refusal as a problem with code, sentence and facts', async () => {
    const no: Ack = {
      ok: false,
      result: {},
      code: 'stale',
      title: 'Too late',
      details: { version: 4 },
      reference: 'r-1',
    }
    server.on('connection', (socket) =>
      socket.on('command', (_command: Command, ack: (ack: Ack) => void) => ack(no)),
    )
    const thrown = await connect()
      .ask({ type: 'desk.open' })
      .catch((reason: unknown) => reason)
    expect(thrown).toBeInstanceOf(Problem)
    expect(thrown).toMatchObject({
      code: 'stale',
      title: 'Too late',
      details: { version: 4 },
      reference: 'r-1',
    })
  })

  it('sends what was not acknowledged again with the same id, after the greeting', async () => {
    const heard: { connection: number; command: Command }[] = []
    server.on('connection', (socket) => {
      const connection = sockets.length
      socket.on('command', (command: Command, ack: (ack: Ack) => void) => {
        heard.push({ connection, command })
        // the first connection dies with the command done and the ack unsent
        if (connection === 1 && command.type === 'call.dial') socket.conn.close()
        else ack(fine({ connection }))
      })
    })
    const live = connect()
    live.onConnected(() => void live.send({ type: 'desk.open' }))
    const ack = await live.send({ type: 'call.dial', case_id: 'case0001' })
    expect(ack.result).toEqual({ connection: 2 })
    const dials = heard.filter(({ command }) => command.type === 'call.dial')
    expect(dials.map(({ connection }) => connection)).toEqual([1, 2])
    expect(new Set(dials.map(({ command }) => command.id)).size).toBe(1)
    expect(heard.filter(({ connection }) => connection === 2).map(({ command }) => command.type)).toEqual([
      'desk.open',
      'call.dial',
    ])
    expect(live.connection.value).toBe('connected')
  })

  it('shows that it reconnects', async () => {
    const live = connect()
    await until(() => live.connection.value === 'connected')
    const states: string[] = []
    live.onConnected(() => states.push(live.connection.value))
    sockets[0]?.conn.close()
    await until(() => live.connection.value === 'reconnecting')
    await until(() => live.connection.value === 'connected')
    expect(sockets[1]?.handshake.auth['page']).toBe(sockets[0]?.handshake.auth['page'])
    expect(states).toEqual(['connected', 'connected'])
  })

  it('answers the beat from its message handler', async () => {
    connect()
    await until(() => sockets.length === 1)
    const beaten = new Promise((beat) => sockets[0]?.on('beat', beat))
    sockets[0]?.emit('beat')
    await beaten
  })

  it('says within three seconds that the beat has stopped, and takes it back at the next', async () => {
    const live = connect()
    await until(() => live.connection.value === 'connected')
    sockets[0]?.emit('beat')
    const since = performance.now()
    await until(() => live.connection.value === 'reconnecting')
    expect(performance.now() - since).toBeLessThan(3_000)
    sockets[0]?.emit('beat')
    await until(() => live.connection.value === 'connected')
    expect(sockets).toHaveLength(1)
  })

  it('trusts no old connection once the network came back', async () => {
    const live = connect()
    await until(() => live.connection.value === 'connected')
    live.cut()
    expect(live.connection.value).toBe('reconnecting')
    live.redial()
    await until(() => live.connection.value === 'connected')
    expect(sockets).toHaveLength(2)
  })

  it('believes the browser that there is no network over the beats of the old connection, until a new one is made', async () => {
    const live = connect()
    await until(() => live.connection.value === 'connected')
    sockets[0]?.emit('beat')
    live.cut()
    const act = () =>
      live.ask({ type: 'case.check', case_id: 'case0001', point: 'p', verdict: 'ok', note: '' })
    // answered, so it has been heard
    await new Promise((answered) => sockets[0]?.timeout(5_000).emit('beat', answered))
    expect(live.connection.value).toBe('reconnecting')
    await expect(act()).rejects.toMatchObject({ code: 'unsent' })
    live.again()
    await until(() => live.connection.value === 'connected')
    expect(sockets).toHaveLength(2)
  })

  it('is known to be cut before it was ever made', async () => {
    const live = connect()
    live.cut()
    expect(live.connection.value).toBe('reconnecting')
    await until(() => live.connection.value === 'connected')
  })

  it('refuses an act while there is no connection, and never sends it; what is typed waits', async () => {
    const heard: string[] = []
    server.on('connection', (socket) =>
      socket.on(
        'command',
        (command: Command, ack: (ack: Ack) => void) => (heard.push(command.type), ack(fine())),
      ),
    )
    const live = connect()
    await until(() => live.connection.value === 'connected')
    live.cut()
    await expect(
      live.ask({
        type: 'case.decide',
        case_id: 'case0001',
        decision: 'refused',
        reason: 'no',
        again: false,
        seen_version: 1,
        other_call_ids: [],
      }),
    ).rejects.toMatchObject({ code: 'unsent' })
    await expect(
      live.ask({
        type: 'case.review',
        case_id: 'case0001',
        material_id: 'mat00001',
        review: 'accepted',
        reason: '',
      }),
    ).rejects.toMatchObject({ code: 'unsent', passed: false })
    sockets[0]?.conn.close()
    await until(() => sockets.length === 2 && live.connection.value === 'connected')
    live.cut()
    const typed = live.send({
      type: 'case.draft',
      case_id: 'case0001',
      field: 'name',
      value: 'a',
      base_version: 0,
    })
    live.redial()
    await typed
    expect(heard).toEqual(['case.draft'])
  })

  it('tells of one act that was not sent at a time, until the connection is back and that could be read', async () => {
    const live = connect()
    await until(() => live.connection.value === 'connected')
    live.cut()
    const act = () =>
      live
        .ask({ type: 'case.check', case_id: 'case0001', point: 'p', verdict: 'ok', note: '' })
        .catch((reason: unknown) => reason as Problem)
    const first = (await act()) as Problem
    expect(first.passed).toBe(false)
    const second = (await act()) as Problem
    expect([first.passed, second.passed]).toEqual([true, false])
    const later = vi.spyOn(performance, 'now').mockReturnValue(performance.now())
    live.redial()
    await until(() => live.connection.value === 'connected')
    expect(second.passed).toBe(false)
    later.mockReturnValue(performance.now() + 6_000)
    live.redial()
    await until(() => second.passed)
    later.mockRestore()
  })

  it('puts no act into a connection that has fallen silent, and sends it with the next beat or not at all', async () => {
    const heard: string[] = []
    server.on('connection', (socket) =>
      socket.on(
        'command',
        (command: Command, ack: (ack: Ack) => void) => (heard.push(command.type), ack(fine())),
      ),
    )
    const live = connect()
    await until(() => live.connection.value === 'connected')
    const act = () =>
      live.ask({ type: 'case.check', case_id: 'case0001', point: 'p', verdict: 'ok', note: '' })
    sockets[0]?.emit('beat')
    await until(() => live.connection.value === 'reconnecting')
    const soon = act()
    sockets[0]?.emit('beat')
    await soon
    await until(() => live.connection.value === 'reconnecting')
    const never = act()
    sockets[0]?.conn.close()
    await expect(never).rejects.toMatchObject({ code: 'unsent' })
    await until(() => live.connection.value === 'connected')
    await live.send({ type: 'desk.open' })
    expect(heard).toEqual(['case.check', 'desk.open'])
  })

  it('gives an act up when its answer stays away with the connection, and does not send it again', async () => {
    const heard: string[] = []
    server.on('connection', (socket) =>
      socket.on('command', (command: Command) => void heard.push(command.type)),
    )
    const live = connect()
    await until(() => live.connection.value === 'connected')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const sent = live.ask({ type: 'case.check', case_id: 'case0001', point: 'p', verdict: 'ok', note: '' })
      live.cut()
      vi.advanceTimersByTime(15_000)
      await expect(sent).rejects.toMatchObject({ code: 'unsure' })
    } finally {
      vi.useRealTimers()
    }
  })

  it('passes events and ephemerals on, and its language at the handshake', async () => {
    const live = connect()
    const heard: string[] = []
    live.onEvent((event) => heard.push(`event ${event.type}`))
    live.onEphemeral((ephemeral) => heard.push(`ephemeral ${ephemeral.type}`))
    await until(() => sockets.length === 1)
    sockets[0]?.emit('event', { type: 'skipped', subject: 'case:1', version: 2, at: '' })
    sockets[0]?.emit('ephemeral', { type: 'desk.replaced', call_id: 'call0001' })
    await until(() => heard.length === 2)
    expect(heard).toEqual(['event skipped', 'ephemeral desk.replaced'])
    expect(sockets[0]?.handshake.auth).toEqual({
      language: 'en',
      page: expect.stringMatching(/^[A-Za-z0-9_-]{8,64}$/),
    })
  })

  it('says that nobody is signed in when the server does, and tries no further', async () => {
    server.use((_socket, next) => next(new Error('unauthenticated')))
    const live = connect()
    await until(() => signed_out.mock.calls.length === 1)
    expect(live.connection.value).toBe('connecting')
    expect(sockets).toEqual([])
  })

  it('fails what is still open when it is closed', async () => {
    const live = connect()
    const sent = live.send({ type: 'desk.open' })
    live.close()
    await expect(sent).rejects.toMatchObject({ code: 'unreachable' })
  })
})

describe('ids of commands', () => {
  it('are of the form that the wire asks for, and never the same', () => {
    const ids = Array.from({ length: 100 }, freshId)
    expect(new Set(ids).size).toBe(100)
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{8,64}$/)
  })
})
