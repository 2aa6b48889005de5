/**
 * Requests to the server's REST interface, same origin, JSON in and out.
 *
 * Every failure is thrown as a `Problem`: the server's own RFC 9457 body, or one of three local codes when
 * there is no readable answer (`unreachable`, `timed_out`, `unreadable`); a command over the live connection has two
 * more (`unsent`, `unsure`). Knows no feature and no page.
 */

import { shallowReactive } from 'vue'

export type LocalCode = 'unreachable' | 'timed_out' | 'unreadable' | 'unexpected' | 'unsent' | 'unsure'

/** Those that hold no longer. Beside them: an error is nothing that Vue watches. */
const passed = shallowReactive(new WeakSet<object>())

/** Whether there is something to tell, and still. */
export function stands(problem: Problem | null): problem is Problem {
  return problem !== null && !problem.declined && !problem.passed
}

/** RFC 9457 problem details, with the stable code and the reference under which the server logged it. */
export class Problem extends Error {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string | undefined
  readonly reference: string | undefined
  /** the safe facts of the refusal: limits, ids, names of fields */
  readonly details: Readonly<Record<string, unknown>>
  /** he was asked and left it himself: nothing is told of it */
  declined = false

  constructor(body: {
    type?: string
    title: string
    status: number
    code: string
    detail?: string | null
    reference?: string | null
    details?: Record<string, unknown>
  }) {
    super(body.title)
    this.name = 'Problem'
    this.type = body.type ?? 'about:blank'
    this.title = body.title
    this.status = body.status
    this.code = body.code
    this.detail = body.detail ?? undefined
    this.reference = body.reference ?? undefined
    this.details = body.details ?? {}
  }

  /** what it says holds no longer: the connection is back, or a later act was refused for the same */
  get passed(): boolean {
    return passed.has(this)
  }

  pass(): void {
    passed.add(this)
  }

  /** Whatever was thrown, as a problem that can be shown. */
  static of(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown
    return new Problem({
      title: surroundings.sentence('unexpected'),
      status: 0,
      code: 'unexpected',
      detail: String(thrown),
    })
  }
}

export interface HttpSurroundings {
  /** BCP 47 tag of the page's language, sent as Accept-Language */
  language: () => string
  /** the sentence for a local code in that language */
  sentence: (code: LocalCode) => string
  /** called when a request was refused because nobody is signed in (any more) */
  signed_out: () => void
  /** the id of whom this page takes to be signed in: somebody else may be by now, in another page of this browser */
  person?: () => string | null
}

let surroundings: HttpSurroundings = {
  language: () => 'zh-CN',
  sentence: (code) => code,
  signed_out: () => undefined,
}

export function surround(given: HttpSurroundings): void {
  surroundings = given
}

/** What the page gave by `surround`, for the other half of the wire. */
export function around(): HttpSurroundings {
  return surroundings
}

export function localProblem(code: LocalCode, status = 0, reference?: string): Problem {
  return new Problem({
    title: surroundings.sentence(code),
    status,
    code,
    ...(reference === undefined ? {} : { reference }),
  })
}

const API = '/api/v1'
const PATIENCE_MS = 20_000

/** Turns a response that is not 2xx into its problem. */
export async function problemOf(response: Response): Promise<Problem> {
  const reference = response.headers.get('x-request-id') ?? undefined
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    const body: unknown = await response.json().catch(() => null)
    if (typeof body === 'object' && body !== null && 'title' in body && 'code' in body) {
      return new Problem({ status: response.status, ...(body as { title: string; code: string }) })
    }
  }
  return localProblem('unreadable', response.status, reference)
}

interface Options {
  signal?: AbortSignal
  /** a request about the sign-in itself, whose 401 is an answer and not the end of a session */
  about_session?: boolean
  /** how long the answer may take; 20 s unless told */
  patience_ms?: number
}

async function request<T>(method: string, path: string, body: unknown, options: Options): Promise<T> {
  const patience = AbortSignal.timeout(options.patience_ms ?? PATIENCE_MS)
  let response: Response
  try {
    response = await fetch(API + path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: options.signal ? AbortSignal.any([options.signal, patience]) : patience,
      headers: {
        accept: 'application/json, application/problem+json',
        'accept-language': surroundings.language(),
        ...(body === undefined
          ? {}
          : { 'content-type': body instanceof Blob ? 'application/octet-stream' : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
    })
  } catch (reason) {
    if (options.signal?.aborted) throw reason
    throw localProblem(patience.aborted ? 'timed_out' : 'unreachable')
  }
  if (!response.ok) {
    const problem = await problemOf(response)
    if (response.status === 401 && !options.about_session) surroundings.signed_out()
    throw problem
  }
  if (response.status === 204) return undefined as T
  try {
    return (await response.json()) as T
  } catch {
    throw localProblem('unreadable', response.status)
  }
}

export const http = {
  get: <T>(path: string, options: Options = {}) => request<T>('GET', path, undefined, options),
  /** a Blob is sent as it is */
  post: <T>(path: string, body: unknown, options: Options = {}) =>
    request<T>('POST', path, body ?? {}, options),
  put: <T>(path: string, body: unknown, options: Options = {}) => request<T>('PUT', path, body, options),
  patch: <T>(path: string, body: unknown, options: Options = {}) => request<T>('PATCH', path, body, options),
  delete: (path: string, options: Options = {}) => request<void>('DELETE', path, undefined, options),
}
