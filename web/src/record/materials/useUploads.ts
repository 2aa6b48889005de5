/**
 * Files on their way from this page into lines of a case, by tus 1.0.0: resumable, pausable, cancellable with a way
 * back, refused before they start when the server's limits say so. After a cut, a reload or another day they go on where
 * they stopped, never from 0; the file is asked for again only where the browser could not keep it.
 */
import { effectScope, onScopeDispose, ref, shallowReactive, shallowRef, watch } from 'vue'
import { DetailedError, Upload } from 'tus-js-client'
import { http, localProblem, Problem } from '../../wire/http'
import { changeKept, dropKept, keep, keptOf, type Kept } from '../../wire/kept'
import type { Limits, MaterialView } from '../../wire/messages'
import { onTurn, Pacer, WHOLE_BYTES } from '../../wire/pace'
import { signedIn } from '../../wire/session'
import { freshId } from '../../wire/socket'
import { language } from '../../i18n'

export type UploadFault =
  | { rule: 'type' | 'word' | 'sheet'; name: string }
  | { rule: 'size'; name: string; max_bytes: number }
  | { rule: 'empty'; name: string }
  | { rule: 'quota'; name: string }
  | { rule: 'another'; name: string }

/** What a file is for: a material from the window, or what the approver sends the other way. */
export type Purpose = MaterialView['purpose']

/** What is sent, when it is not a material of its line; `answers` names the other side's file that it returns. */
export interface Sending {
  purpose?: Purpose
  answers?: string | null
  /** 0 beside the files of the line, else the next version of that one; null: as the server has it, where nothing is there */
  slot?: number | null
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
  /** cancelled: can still be undone; missing: the file has to be chosen again */
  state: 'queued' | 'running' | 'waiting' | 'paused' | 'cancelled' | 'missing' | 'failed'
  problem: Problem | null
}

export type Uploads = ReturnType<typeof open>

let last_at = 0
/** When a file was given here; no two are the same, so that files go on in their order after a reload. */
const given_at = (): number => (last_at = Math.max(Date.now(), last_at + 1))

/** What is not on its way any more without somebody's doing. */
const UNDER_WAY: ReadonlySet<Transfer['state']> = new Set(['queued', 'running', 'waiting', 'cancelled'])
/** What will be named by the server by itself. */
const COMES: ReadonlySet<Transfer['state']> = new Set(['queued', 'running', 'waiting'])
/** A connection that is away for an hour is waited for. */
const RETRY_MS = [0, 500, 1_000, 2_000, 3_000, 5_000, 5_000, ...Array<number>(360).fill(10_000)]
export const AT_ONCE = 3
export const UNDO_MS = 8_000
const RATE_OVER_MS = 1_000
const ENDINGS: Record<string, string> = {
  pdf: 'application/pdf',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  jpe: 'image/jpeg',
  jfif: 'image/jpeg',
  png: 'image/png',
  apng: 'image/png',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heic',
  hif: 'image/heic',
}
/** Types that a system tells apart and the server does not. */
const SAME: Record<string, string> = {
  'image/heif': 'image/heic',
  'image/apng': 'image/png',
  'image/pjpeg': 'image/jpeg',
}
/** Which type a system gives to these, if any, differs from one to the next: their endings say more. */
const DOCUMENTS: Record<string, string> = {
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  ofd: 'application/ofd',
}

/** Types that are not taken, and as what to save them anew. */
const ANEW: Record<string, 'word' | 'sheet'> = {
  doc: 'word',
  docm: 'word',
  dot: 'word',
  wps: 'word',
  rtf: 'word',
  odt: 'word',
  xls: 'sheet',
  xlsm: 'sheet',
  xlsb: 'sheet',
  et: 'sheet',
  ods: 'sheet',
}
const endingOf = (file: { name: string }): string => file.name.split('.').at(-1)?.toLowerCase() ?? ''

/** What a picker lets be chosen. */
export function acceptOf(limits: Limits | null): string {
  return limits
    ? [
        ...limits.media_types,
        ...Object.entries(DOCUMENTS).flatMap(([ending, type]) =>
          limits.media_types.includes(type) ? [`.${ending}`] : [],
        ),
      ].join(',')
    : ''
}

/** The type that a file claims: its own, or by its ending where the system knows none. The server looks inside. */
export function claimedType(file: { name: string; type: string }): string {
  const ending = endingOf(file)
  return DOCUMENTS[ending] ?? SAME[file.type] ?? (file.type || (ENDINGS[ending] ?? ''))
}

/** What the limits say against a file, before a byte is sent. */
export function faultOfFile(
  file: { name: string; type: string; size: number },
  limits: Limits,
): UploadFault | null {
  if (file.size === 0) return { rule: 'empty', name: file.name }
  if (file.size > limits.max_bytes) return { rule: 'size', name: file.name, max_bytes: limits.max_bytes }
  if (!limits.media_types.includes(claimedType(file)))
    return { rule: ANEW[endingOf(file)] ?? 'type', name: file.name }
  if ((limits.files_left ?? 1) < 1 || file.size > (limits.bytes_left ?? file.size))
    return { rule: 'quota', name: file.name }
  return null
}

interface Under {
  kept: Kept
  file: Blob | null
  upload: Upload | null
  undo: number | undefined
  /** the server is being asked to begin: what was cut now it would keep, and nobody could name it again */
  creating: boolean
  /** to be stopped as soon as it has an address */
  halted: boolean
  /** lets other pages of this browser take the upload over */
  release: () => void
}

function open(case_id: string) {
  const limits = shallowRef<Limits | null>(null)
  const transfers = shallowReactive(new Map<string, Transfer>())
  const under = new Map<string, Under>()
  /** what the limits said against files, each on its own; it stands until its line is tried again, or it is closed */
  const faults = shallowRef<readonly { line: string; fault: UploadFault }[]>([])
  /** gos that are still looked at, before a transfer of theirs is there */
  const coming = ref(0)
  let left = false

  function askLimits(): Promise<void> {
    return http.get<Limits>('/limits').then(
      (told) => void (limits.value = told),
      // without them the server alone refuses; the next file asks again
      () => undefined,
    )
  }
  const asked = askLimits()

  function change(id: string, over: Partial<Transfer>): void {
    const held = transfers.get(id)
    if (held) transfers.set(id, { ...held, ...over })
  }

  function send(line: string, file: File, sending: Sending = {}): Promise<void> {
    return sendAll([{ line, file }], sending)
  }

  async function sendAll(
    files: readonly { line: string; file: File }[],
    sending: Sending = {},
  ): Promise<void> {
    for (const { line } of files) dismiss(line)
    coming.value += 1
    try {
      // one after the other: beside each other they stand as they were given
      for (const { line, file } of files) await sendOne(line, file, sending)
    } finally {
      coming.value -= 1
    }
  }

  /** What was said against files of a line is read, or does not hold any more. */
  function dismiss(line: string): void {
    if (faults.value.some((one) => one.line === line))
      faults.value = faults.value.filter((one) => one.line !== line)
  }

  async function sendOne(
    line: string,
    file: File,
    { purpose = 'material', answers = null, slot = null }: Sending,
  ): Promise<void> {
    await asked
    if (!limits.value) await askLimits()
    const fault = limits.value && faultOfFile(file, limits.value)
    if (fault) {
      faults.value = [...faults.value, { line, fault }]
      return
    }
    const kept: Kept = {
      id: freshId(),
      person_id: signedIn.value?.id ?? '',
      case_id,
      line,
      purpose,
      answers,
      slot,
      name: file.name,
      type: claimedType(file),
      size_bytes: file.size,
      last_modified: file.lastModified,
      url: null,
      cancelled: false,
      paused: false,
      at: given_at(),
      file,
    }
    const release = await own(kept.id)
    if (left) return
    take(kept, file, release ?? (() => undefined))
    // sending does not wait until the browser has copied the file
    void keep(kept).then(() => {
      const url = under.get(kept.id)?.upload?.url
      if (!under.has(kept.id)) void dropKept(kept.id)
      else if (url) void changeKept(kept.id, { url })
    })
    next()
  }

  function take(kept: Kept, file: Blob | null, release: () => void): void {
    under.set(kept.id, { kept, file, upload: null, undo: undefined, creating: false, halted: false, release })
    transfers.set(kept.id, {
      id: kept.id,
      line: kept.line,
      purpose: kept.purpose as Purpose,
      answers: kept.answers,
      name: kept.name,
      size_bytes: kept.size_bytes,
      sent_bytes: 0,
      bytes_per_s: 0,
      material_id: null,
      state: file ? (kept.paused ? 'paused' : 'queued') : 'missing',
      problem: null,
    })
  }

  const addressOf = (id: string): string | null =>
    under.get(id)?.upload?.url ?? under.get(id)?.kept.url ?? null

  /** Whether the server has still to name one that was given before for the same line: files of a line stand in the order in which it names them. */
  function follows(one: Transfer): boolean {
    for (const before of transfers.values()) {
      if (before.id === one.id) return false
      if (
        before.line === one.line &&
        before.purpose === one.purpose &&
        COMES.has(before.state) &&
        !addressOf(before.id)
      )
        return true
    }
    return false
  }

  /** Starts as many as may run at once, the oldest first. */
  function next(): void {
    const running = [...transfers.values()].filter(
      (one) => one.state === 'running' || one.state === 'waiting',
    ).length
    const queued = [...transfers.values()].filter(
      (one) => one.state === 'queued' && (addressOf(one.id) !== null || !follows(one)),
    )
    for (const one of queued.slice(0, Math.max(0, AT_ONCE - running))) start(one.id)
  }

  function start(id: string): void {
    const one = under.get(id)
    if (!one?.file) return
    change(id, { state: 'running', problem: null })
    if (one.halted) {
      one.halted = false
      return
    }
    one.upload ??= uploadOf(id, one, one.file)
    one.upload.start()
  }

  /** Nothing more is sent. One that is just being created is let through to its address, and stops there. */
  function halt(one: Under): void {
    if (one.creating) one.halted = true
    else void one.upload?.abort(false)
  }

  function uploadOf(id: string, one: Under, file: Blob): Upload {
    const { kept } = one
    let measured = { at: performance.now(), bytes: -1 }
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
      headers: { 'Accept-Language': language(), 'Yunjian-Case': case_id },
      metadata: {
        case_id,
        line: kept.line,
        filename: kept.name,
        filetype: kept.type,
        purpose: kept.purpose,
        ...(kept.answers ? { answers: kept.answers } : {}),
        ...(kept.slot == null ? {} : { slot: String(kept.slot) }),
      },
      onUploadUrlAvailable: () => {
        void changeKept(id, { url: upload.url })
        if (!one.halted) return next()
        one.halted = false
        void upload.abort(false)
        // given up while the server was still asked
        if (under.get(id) !== one && !left) void terminate(upload.url)
      },
      onAfterResponse: (_request, response) => {
        one.creating = false
        const material_id = response.getHeader('Yunjian-Material')
        if (material_id) change(id, { material_id })
      },
      onShouldRetry: (error) => {
        one.creating = false
        if (one.halted) return false
        const status = error.originalResponse?.getStatus() ?? 0
        const again = status === 0 || status >= 500 || status === 409 || status === 423 || status === 429
        if (again) change(id, { state: 'waiting', bytes_per_s: 0 })
        return again
      },
      onProgress: (sent_bytes) => {
        const held = transfers.get(id)
        if (!held || (held.state !== 'running' && held.state !== 'waiting')) return
        const now = performance.now()
        if (measured.bytes < 0) measured = { at: now, bytes: sent_bytes }
        let { bytes_per_s } = held
        if (now - measured.at >= RATE_OVER_MS) {
          bytes_per_s = Math.max(0, ((sent_bytes - measured.bytes) * 1_000) / (now - measured.at))
          measured = { at: now, bytes: sent_bytes }
        }
        // after a cut the count starts at what the server has, which may be a little less: the bar does not fall
        change(id, {
          sent_bytes: Math.max(held.sent_bytes, sent_bytes),
          bytes_per_s,
          state: 'running',
          problem: null,
        })
      },
      onError: (error) => {
        one.creating = false
        if (one.halted) {
          one.halted = false
          return
        }
        const problem = problemIn(error)
        // a file that was judged stands in the record as rejected, with the reason
        if (problem.code.startsWith('file_') && transfers.get(id)?.material_id) end(id)
        else change(id, { state: 'failed', problem, bytes_per_s: 0 })
        next()
      },
      onSuccess: () => {
        end(id)
        next()
      },
    })
    return upload
  }

  function end(id: string): void {
    const one = under.get(id)
    window.clearTimeout(one?.undo)
    transfers.delete(id)
    under.delete(id)
    void dropKept(id)
    one?.release()
    void askLimits()
  }

  /** Goes on where a failed or paused upload stopped. */
  function retry(id: string): void {
    void changeKept(id, { paused: false })
    change(id, { state: 'queued', problem: null })
    next()
  }

  function pause(id: string): void {
    const one = under.get(id)
    if (one) halt(one)
    void changeKept(id, { paused: true })
    change(id, { state: 'paused', bytes_per_s: 0 })
    next()
  }

  /** Stops at once; what arrived is given up for good only when nobody undoes that in time. */
  function cancel(id: string): void {
    const one = under.get(id)
    if (!one) return
    halt(one)
    void changeKept(id, { cancelled: true })
    change(id, { state: 'cancelled', bytes_per_s: 0, problem: null })
    one.undo = window.setTimeout(() => void giveUp(id), UNDO_MS)
    next()
  }

  function undo(id: string): void {
    const one = under.get(id)
    if (!one) return
    window.clearTimeout(one.undo)
    void changeKept(id, { cancelled: false, paused: false })
    change(id, { state: one.file ? 'queued' : 'missing' })
    next()
  }

  async function giveUp(id: string): Promise<void> {
    const one = under.get(id)
    const url = one?.upload?.url ?? one?.kept.url
    end(id)
    await terminate(url)
  }

  /** The same file, chosen again: goes on from what the server has. */
  function giveAgain(id: string, file: File): void {
    const one = under.get(id)
    if (!one) return
    const same =
      file.size === one.kept.size_bytes &&
      (file.name === one.kept.name || file.lastModified === one.kept.last_modified)
    dismiss(one.kept.line)
    if (!same)
      faults.value = [
        ...faults.value,
        { line: one.kept.line, fault: { rule: 'another', name: one.kept.name } },
      ]
    if (!same) return
    one.file = file
    one.upload = null
    void changeKept(id, { file })
    retry(id)
  }

  /** What an earlier visit of this page, or another day, left unfinished. */
  async function resume(): Promise<void> {
    const person_id = signedIn.value?.id
    if (!person_id) return
    for (const kept of await keptOf(person_id, case_id)) {
      if (under.has(kept.id)) continue
      const release = await own(kept.id)
      // another page of this browser sends it
      if (!release) continue
      if (left) return release()
      if (kept.cancelled) {
        await terminate(kept.url)
        await dropKept(kept.id)
        release()
      } else take(kept, kept.file, release)
    }
    next()
  }
  const resumed = resume()

  const online = (): void => {
    for (const [id, transfer] of transfers)
      if (transfer.state === 'failed' && transfer.problem?.status === 0) retry(id)
  }
  window.addEventListener('online', online)
  // a piece made for a free line would hold a slow one for minutes: what is on its way is cut and goes on in small ones
  const off = onTurn(() => {
    for (const [id, { upload, creating }] of under) {
      if (
        !upload ||
        creating ||
        transfers.get(id)?.state !== 'running' ||
        (upload.options.chunkSize ?? WHOLE_BYTES) < WHOLE_BYTES
      )
        continue
      void upload.abort(false).then(() => {
        upload.options.chunkSize = new Pacer().before().bytes
        if (transfers.get(id)?.state === 'running') upload.start()
      })
    }
  })
  onScopeDispose(() => {
    left = true
    off()
    window.removeEventListener('online', online)
    for (const one of under.values()) {
      window.clearTimeout(one.undo)
      halt(one)
      one.release()
    }
  })

  return {
    limits,
    transfers,
    faults,
    coming,
    resumed,
    send,
    sendAll,
    dismiss,
    retry,
    pause,
    cancel,
    undo,
    giveAgain,
  }
}

interface Shared {
  uploads: Uploads
  pages: number
  rest: () => void
}
const shared = new Map<string, Shared>()

function share(case_id: string): Shared {
  const scope = effectScope(true)
  const uploads = scope.run(() => open(case_id)) as Uploads
  const held: Shared = {
    uploads,
    pages: 0,
    rest: () => {
      const sends =
        signedIn.value !== null &&
        (uploads.coming.value > 0 || [...uploads.transfers.values()].some((one) => UNDER_WAY.has(one.state)))
      if (held.pages || sends || shared.get(case_id) !== held) return
      shared.delete(case_id)
      scope.stop()
    },
  }
  scope.run(() => watch([uploads.transfers, uploads.coming, signedIn], held.rest))
  shared.set(case_id, held)
  return held
}

/** The uploads of a case. They go on when its page is left for another one, until nothing is on its way. */
export function useUploads(case_id: string): Uploads {
  const held = shared.get(case_id) ?? share(case_id)
  held.pages += 1
  onScopeDispose(() => {
    held.pages -= 1
    held.uploads.faults.value = []
    held.rest()
  })
  return held.uploads
}

/** Takes an upload for this page alone; null when another page of this browser has it. */
function own(id: string): Promise<(() => void) | null> {
  // only where pages are safe from eavesdropping; elsewhere the server's lock decides
  if (!('locks' in navigator)) return Promise.resolve(() => undefined)
  return new Promise((told) => {
    void navigator.locks.request(`yunjian.upload.${id}`, { ifAvailable: true }, (lock) => {
      if (!lock) return told(null)
      return new Promise<void>((release) => told(() => release()))
    })
  })
}

/** The server ends it by itself when this does not come through. */
async function terminate(url: string | null | undefined): Promise<void> {
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
