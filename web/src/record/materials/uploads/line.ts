/**
 * One upload by tus 1.0.0 as the server wants it: resumable, paced while a call needs the line, tried again
 * while the server is away. It knows what goes over the line, and nothing of what the page shows.
 */
import { DetailedError, Upload } from 'tus-js-client'
import { language } from '../../../i18n'
import { localProblem, Problem } from '../../../wire/http'
import type { Kept } from '../../../wire/kept'
import { Pacer, WHOLE_BYTES } from '../../../wire/pace'

/** A connection that is away for an hour is waited for. */
const RETRY_MS = [0, 500, 1_000, 2_000, 3_000, 5_000, 5_000, ...Array<number>(360).fill(10_000)]

/** An upload under way: what was asked of it and what the server is being asked. */
export interface HeldUpload {
  kept: Kept
  /** the server is being asked to begin: what was cut now it would keep, and nobody could name it again */
  creating: boolean
  /** to be stopped as soon as it has an address */
  halted: boolean
}

/** What is told of it as it goes. */
export interface Hears {
  /** the server has given it an address; `upload` is stopped there where it was to be halted */
  addressed: (url: string | null, halted: boolean) => void
  /** the server has named the material */
  named: (material_id: string) => void
  /** the server is away, and is waited for */
  waits: () => void
  sent: (bytes: number) => void
  failed: (problem: Problem) => void
  done: () => void
}

export function uploadOf(one: HeldUpload, file: Blob, hears: Hears): Upload {
  const { kept } = one
  const pacer = new Pacer()
  const upload: Upload = new Upload(file, {
    endpoint: '/api/v1/uploads',
    uploadUrl: kept.url,
    chunkSize: pacer.before().bytes,
    // in a call the line belongs to the talk: pieces are small there, and rests lie between them
    onBeforeRequest: async (request) => {
      one.creating = request.getMethod() === 'POST'
      if (request.getMethod() !== 'PATCH') return
      const { wait_ms } = pacer.before()
      if (wait_ms > 0) await new Promise((done) => setTimeout(done, wait_ms))
      pacer.begun(upload.options.chunkSize ?? WHOLE_BYTES)
    },
    onChunkComplete: () => {
      pacer.after()
      upload.options.chunkSize = pacer.before().bytes
    },
    retryDelays: RETRY_MS,
    storeFingerprintForResuming: false,
    removeFingerprintOnSuccess: true,
    // named so that a file whose last answer was lost is found finished, and not sent again
    headers: { 'Accept-Language': language(), 'Yunjian-Case': kept.case_id },
    metadata: {
      case_id: kept.case_id,
      line: kept.line,
      filename: kept.name,
      filetype: kept.type,
      purpose: kept.purpose,
      ...(kept.answers ? { answers: kept.answers } : {}),
      ...(kept.slot == null ? {} : { slot: String(kept.slot) }),
    },
    onUploadUrlAvailable: () => {
      const { halted } = one
      one.halted = false
      if (halted) void upload.abort(false)
      hears.addressed(upload.url, halted)
    },
    onAfterResponse: (_request, response) => {
      one.creating = false
      const material_id = response.getHeader('Yunjian-Material')
      if (material_id) hears.named(material_id)
    },
    onShouldRetry: (error) => {
      one.creating = false
      if (one.halted) return false
      const status = error.originalResponse?.getStatus() ?? 0
      const again = status === 0 || status >= 500 || status === 409 || status === 423 || status === 429
      if (again) hears.waits()
      return again
    },
    onProgress: hears.sent,
    onError: (error) => {
      one.creating = false
      if (one.halted) one.halted = false
      else hears.failed(problemIn(error))
    },
    onSuccess: hears.done,
  })
  return upload
}

/**
 * A piece made for a free line would hold a slow one for minutes: it is cut, and goes on in small ones where
 * it still runs (`goes_on`).
 */
export function cutSmaller(upload: Upload, goes_on: () => boolean): void {
  if ((upload.options.chunkSize ?? WHOLE_BYTES) < WHOLE_BYTES) return
  void upload.abort(false).then(() => {
    upload.options.chunkSize = new Pacer().before().bytes
    if (goes_on()) upload.start()
  })
}

/** The server ends it by itself when this does not come through. */
export async function terminate(url: string | null | undefined): Promise<void> {
  if (url) await Upload.terminate(url, { retryDelays: [] }).catch(() => undefined)
}

/** The server's own problem inside tus' error, or what we can say ourselves. */
function problemIn(error: Error | DetailedError): Problem {
  const response = error instanceof DetailedError ? error.originalResponse : null
  if (!response) return localProblem('unreachable')
  try {
    const body = JSON.parse(response.getBody()) as { title?: unknown; code?: unknown }
    if (typeof body.title === 'string' && typeof body.code === 'string') {
      return new Problem({ status: response.getStatus(), ...(body as { title: string; code: string }) })
    }
  } catch {
    // not JSON: said below
  }
  return localProblem('unreadable', response.getStatus())
}
