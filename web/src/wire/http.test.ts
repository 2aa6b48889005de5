// @vitest-environment node
// @vitest-environment node
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { http, Problem, surround } from './http'

let server: Server
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void
const signed_out = vi.fn()
const real = globalThis.fetch

beforeEach(async () => {
  signed_out.mockClear()
  surround({ language: () => 'en', sentence: (code) => `sentence of ${code}`, signed_out })
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => answer(request, response, body))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  // a browser resolves the path against the page; node has no page
  globalThis.fetch = (input, init) => real(`http://127.0.0.1:${port}${String(input)}`, init)
})

afterEach(() => {
  globalThis.fetch = real
  server.closeAllConnections()
  server.close()
})

const problem = (status: number, body: object, type = 'application/problem+json') => {
  answer = (_request, response) =>
    response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
}
const thrown = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (reason: unknown) => reason,
  )

describe('a request', () => {
  it('asks in the language of the page and sends JSON', async () => {
    answer = (request, response, body) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          method: request.method,
          url: request.url,
          language: request.headers['accept-language'],
          body: JSON.parse(body) as unknown,
        }),
      )
    expect(await http.post('/session', { login: 'a' })).toEqual({
      method: 'POST',
      url: '/api/v1/session',
      language: 'en',
      body: { login: 'a' },
    })
  })

  it('returns nothing for 204', async () => {
    answer = (_request, response) => response.writeHead(204).end()
    expect(await http.delete('/session')).toBeUndefined()
  })

  it('throws the problem that the server tells', async () => {
    problem(422, {
      type: '/problems/bad_phone',
      title: 'No phone',
      status: 422,
      code: 'bad_phone',
      reference: 'r1',
      details: { field: 'phone' },
      detail: null,
    })
    const reason = await thrown(http.get('/x'))
    expect(reason).toBeInstanceOf(Problem)
    expect(reason).toMatchObject({
      code: 'bad_phone',
      title: 'No phone',
      status: 422,
      reference: 'r1',
      details: { field: 'phone' },
      detail: undefined,
    })
  })

  it.each([
    ['a page of a proxy', 502, { error: 'x' }, 'text/html'],
    ['a problem without a code', 400, { title: 'x' }, 'application/problem+json'],
  ])('calls %s unreadable', async (_name, status, body, type) => {
    problem(status, body, type)
    expect(await thrown(http.get('/x'))).toMatchObject({
      code: 'unreadable',
      status,
      title: 'sentence of unreadable',
    })
  })

  it('calls an answer that is no JSON unreadable', async () => {
    answer = (_request, response) => response.writeHead(200).end('<html>')
    expect(await thrown(http.get('/x'))).toMatchObject({ code: 'unreadable' })
  })

  it('says that the server cannot be reached', async () => {
    answer = (request) => request.socket.destroy()
    expect(await thrown(http.get('/x'))).toMatchObject({ code: 'unreachable', status: 0 })
  })

  it('ends the session on a 401, but not when the sign-in itself was refused', async () => {
    problem(401, { title: 'Who?', status: 401, code: 'unauthenticated' })
    await thrown(http.get('/cases'))
    expect(signed_out).toHaveBeenCalledTimes(1)
    await thrown(http.post('/session', {}, { about_session: true }))
    expect(signed_out).toHaveBeenCalledTimes(1)
  })

  it('lets the one who gave it up see that it was given up', async () => {
    answer = () => undefined
    const giving_up = new AbortController()
    const asked = thrown(http.get('/x', { signal: giving_up.signal }))
    giving_up.abort()
    expect(await asked).toMatchObject({ name: 'AbortError' })
  })
})
