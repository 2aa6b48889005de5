/**
 * Files on their way from this page into lines of a case, by tus 1.0.0: resumable, pausable, cancellable with a way
 * back, refused before they start when the server's limits say so. After a cut, a reload or another day they go on where
 * they stopped, never from 0; the file is asked for again only where the browser could not keep it.
 */
import { effectScope, onScopeDispose, ref, shallowReactive, watch } from 'vue'
import type { Upload } from 'tus-js-client'
import { changeKept, dropKept, keep, keptOf, type Kept } from '../../wire/kept'
import { onTurn } from '../../wire/pace'
import { signedIn } from '../../wire/session'
import { freshId } from '../../wire/socket'
import { claimedType } from './uploads/fileTypes'
import { cutSmaller, terminate, uploadOf, type HeldUpload } from './uploads/line'
import { own } from './uploads/own'
import { Meter, nextOf, UNDER_WAY, type Purpose, type Sending, type Transfer } from './uploads/transfer'
import { useLimits } from './uploads/useLimits'

export type Uploads = ReturnType<typeof open>

let last_at = 0
/** When a file was given here; no two are the same, so that files go on in their order after a reload. */
const given_at = (): number => (last_at = Math.max(Date.now(), last_at + 1))

export const UNDO_MS = 8_000

interface Under extends HeldUpload {
  file: Blob | null
  upload: Upload | null
  undo: number | undefined
  /** lets other pages of this browser take the upload over */
  release: () => void
}

function open(case_id: string) {
  const { limits, faults, ask: askLimits, admits, tell, dismiss } = useLimits()
  const transfers = shallowReactive(new Map<string, Transfer>())
  const under = new Map<string, Under>()
  /** gos that are still looked at, before a transfer of theirs is there */
  const coming = ref(0)
  let left = false

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

  async function sendOne(
    line: string,
    file: File,
    { purpose = 'material', answers = null, slot = null }: Sending,
  ): Promise<void> {
    if (!(await admits(line, file))) return
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

  /** Starts as many as may run at once, the oldest first. */
  function next(): void {
    for (const id of nextOf([...transfers.values()], (one) => addressOf(one) !== null)) start(id)
  }

  function start(id: string): void {
    const one = under.get(id)
    if (!one?.file) return
    change(id, { state: 'running', problem: null })
    if (one.halted) {
      one.halted = false
      return
    }
    one.upload ??= begin(id, one, one.file)
    one.upload.start()
  }

  /** Nothing more is sent. One that is just being created is let through to its address, and stops there. */
  function halt(one: Under): void {
    if (one.creating) one.halted = true
    else void one.upload?.abort(false)
  }

  function begin(id: string, one: Under, file: Blob): Upload {
    const meter = new Meter()
    return uploadOf(one, file, {
      addressed: (url, halted) => {
        void changeKept(id, { url })
        if (!halted) next()
        // given up while the server was still asked
        else if (under.get(id) !== one && !left) void terminate(url)
      },
      named: (material_id) => change(id, { material_id }),
      waits: () => change(id, { state: 'waiting', bytes_per_s: 0 }),
      sent: (sent_bytes) => {
        const held = transfers.get(id)
        if (held?.state !== 'running' && held?.state !== 'waiting') return
        // after a cut the count starts at what the server has, which may be a little less: the bar does not fall
        change(id, {
          sent_bytes: Math.max(held.sent_bytes, sent_bytes),
          bytes_per_s: meter.rate(sent_bytes, held.bytes_per_s, performance.now()),
          state: 'running',
          problem: null,
        })
      },
      failed: (problem) => {
        // a file that was judged stands in the record as rejected, with the reason
        if (problem.code.startsWith('file_') && transfers.get(id)?.material_id) end(id)
        else change(id, { state: 'failed', problem, bytes_per_s: 0 })
        next()
      },
      done: () => {
        end(id)
        next()
      },
    })
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
    if (!same) return tell(one.kept.line, { rule: 'another', name: one.kept.name })
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
  // what was begun for a free line would hold a slow one
  const off = onTurn(() => {
    for (const [id, { upload, creating }] of under) {
      const runs = (): boolean => transfers.get(id)?.state === 'running'
      if (upload && !creating && runs()) cutSmaller(upload, runs)
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
