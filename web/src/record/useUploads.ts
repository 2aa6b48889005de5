/**
 * Files on their way from this page into lines of a case, by tus 1.0.0: resumable, cancellable, refused before they
 * start when the server's limits say so. After a cut they wait and go on where they stopped, never from 0.
 */
import { onScopeDispose, shallowReactive, shallowRef } from 'vue'
import { DetailedError, Upload } from 'tus-js-client'
import { http, localProblem, Problem } from '../wire/http'
import type { Limits, MaterialView } from '../wire/messages'
import { onTurn, Pacer, WHOLE_BYTES } from '../wire/pace'
import { freshId } from '../wire/socket'
import { language } from '../i18n'

export type UploadFault = { rule: 'type'; name: string } | { rule: 'size'; name: string; max_bytes: number } | { rule: 'empty'; name: string }

/** What a file is for: a material from the window, or what the approver sends the other way. */
export type Purpose = MaterialView['purpose']

/** What is sent, when it is not a material of its line; `answers` names the other side's file that it returns. */
export interface Sending {
  purpose?: Purpose
  answers?: string | null
}

export interface Transfer {
  id: string
  line: string
  purpose: Purpose
  answers: string | null
  name: string
  size_bytes: number
  sent_bytes: number
  bytes_per_s: number
  /** known as soon as the server has named the material */
  material_id: string | null
  state: 'running' | 'waiting' | 'failed'
  problem: Problem | null
}

export type Uploads = ReturnType<typeof useUploads>

const RETRY_MS = [0, 500, 1_000, 2_000, 3_000, 5_000, 5_000, 10_000, 10_000, 20_000, 30_000]
const ENDINGS: Record<string, string> = { pdf: 'application/pdf', jpg: 'image/jpeg', jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp' }

/** The type that a file claims: its own, or by its ending where the system knows none. The server looks inside. */
export function claimedType(file: { name: string; type: string }): string {
  return file.type || (ENDINGS[file.name.split('.').at(-1)?.toLowerCase() ?? ''] ?? '')
}

/** What the limits say against a file, before a byte is sent. */
export function faultOfFile(file: { name: string; type: string; size: number }, limits: Limits): UploadFault | null {
  if (file.size === 0) return { rule: 'empty', name: file.name }
  if (file.size > limits.max_bytes) return { rule: 'size', name: file.name, max_bytes: limits.max_bytes }
  if (!limits.media_types.includes(claimedType(file))) return { rule: 'type', name: file.name }
  return null
}

export function useUploads(case_id: string) {
  const limits = shallowRef<Limits | null>(null)
  const transfers = shallowReactive(new Map<string, Transfer>())
  const running = new Map<string, Upload>()
  const faults = shallowRef<{ line: string; fault: UploadFault } | null>(null)

  http.get<Limits>('/limits').then(
    (told) => (limits.value = told),
    // without them the server alone refuses; the next file asks again
    () => undefined,
  )

  function change(id: string, over: Partial<Transfer>): void {
    const held = transfers.get(id)
    if (held) transfers.set(id, { ...held, ...over })
  }

  async function send(line: string, file: File, { purpose = 'material', answers = null }: Sending = {}): Promise<void> {
    limits.value ??= await http.get<Limits>('/limits').catch(() => null)
    const fault = limits.value && faultOfFile(file, limits.value)
    faults.value = fault ? { line, fault } : null
    if (fault) return
    const id = freshId()
    transfers.set(id, {
      id, line, purpose, answers, name: file.name, size_bytes: file.size, sent_bytes: 0, bytes_per_s: 0, material_id: null, state: 'running', problem: null,
    })
    let measured = { at: performance.now(), bytes: 0 }
    const pacer = new Pacer()
    const upload = new Upload(file, {
      endpoint: '/api/v1/uploads',
      chunkSize: pacer.before().bytes,
      // in a call the line belongs to the talk: pieces are small there, and rests lie between them
      onBeforeRequest: async (request) => {
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
      headers: { 'Accept-Language': language() },
      metadata: { case_id, line, filename: file.name, filetype: claimedType(file), purpose, ...(answers ? { answers } : {}) },
      onAfterResponse: (_request, response) => {
        const material_id = response.getHeader('Yunjian-Material')
        if (material_id) change(id, { material_id })
      },
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0
        const again = status === 0 || status >= 500 || status === 409 || status === 423 || status === 429
        if (again) change(id, { state: 'waiting', bytes_per_s: 0 })
        return again
      },
      onProgress: (sent_bytes) => {
        const now = performance.now()
        const held = transfers.get(id)
        let bytes_per_s = held?.bytes_per_s ?? 0
        if (now - measured.at >= 1_000) {
          bytes_per_s = Math.max(0, ((sent_bytes - measured.bytes) * 1_000) / (now - measured.at))
          measured = { at: now, bytes: sent_bytes }
        }
        // after a cut the count starts at what the server has, which may be a little less: the bar does not fall
        change(id, { sent_bytes: Math.max(held?.sent_bytes ?? 0, sent_bytes), bytes_per_s, state: 'running', problem: null })
      },
      onError: (error) => {
        const problem = problemIn(error)
        // a file that was judged stands in the record as rejected, with the reason
        if (problem.code.startsWith('file_') && transfers.get(id)?.material_id) end(id)
        else change(id, { state: 'failed', problem, bytes_per_s: 0 })
      },
      onSuccess: () => end(id),
    })
    running.set(id, upload)
    upload.start()
  }

  function end(id: string): void {
    transfers.delete(id)
    running.delete(id)
  }

  /** Goes on where a failed upload stopped. */
  function retry(id: string): void {
    change(id, { state: 'running', problem: null })
    running.get(id)?.start()
  }

  async function cancel(id: string): Promise<void> {
    const upload = running.get(id)
    end(id)
    // the server ends it by itself when this request does not come through
    await upload?.abort(true).catch(() => upload.abort(false))
  }

  const online = (): void => {
    for (const [id, transfer] of transfers) if (transfer.state === 'failed' && transfer.problem?.status === 0) retry(id)
  }
  window.addEventListener('online', online)
  // a piece made for a free line would hold a slow one for minutes: what is on its way is cut and goes on in small ones
  const off = onTurn(() => {
    for (const [id, upload] of running) {
      if (transfers.get(id)?.state !== 'running' || (upload.options.chunkSize ?? WHOLE_BYTES) < WHOLE_BYTES) continue
      void upload.abort(false).then(() => {
        upload.options.chunkSize = new Pacer().before().bytes
        if (running.has(id)) upload.start()
      })
    }
  })
  onScopeDispose(() => {
    off()
    window.removeEventListener('online', online)
    for (const upload of running.values()) void upload.abort(false)
  })

  return { limits, transfers, faults, send, retry, cancel }
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
