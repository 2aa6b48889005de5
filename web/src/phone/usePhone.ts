/**
 * This phone and the link that it was shown: taken once, good for five minutes, for one line of one case. The secret
 * stands in the fragment of the address and goes from there before anything else happens. Pictures go by tus 1.0.0,
 * one after the other, and on where a cut stopped them.
 */
import { computed, onScopeDispose, ref, shallowReactive, shallowRef } from 'vue'
import { Upload } from 'tus-js-client'
import { http, Problem } from '../wire/http'
import type { PhoneSession } from '../wire/messages'
import { language } from '../i18n'

export interface Shot {
  id: number
  url: string
  name: string
  size_bytes: number
  sent_bytes: number
  /** taken: the window has it among its papers */
  state: 'queued' | 'running' | 'waiting' | 'there' | 'taken' | 'failed'
  upload_id: string | null
  problem: Problem | null
}

const SESSION = '/phones/session'
const LOOKS_EVERY_MS = 4_000
const RETRY_MS = [0, 500, 1_000, 2_000, ...Array<number>(100).fill(3_000)]

export function usePhone() {
  const session = shallowRef<PhoneSession | null>(null)
  /** over: the link has ended; wrong: it never opened anything here */
  const state = ref<'opening' | 'open' | 'wrong' | 'over' | 'done'>('opening')
  const problem = shallowRef<Problem | null>(null)
  const shots = shallowReactive(new Map<number, Shot>())
  const files = new Map<number, File>()
  const uploads = new Map<number, Upload>()
  const now = ref(Date.now())
  let last = 0

  const left_s = computed(() =>
    session.value ? Math.max(0, Math.ceil((Date.parse(session.value.expires_at) - now.value) / 1000)) : 0,
  )
  const sending = computed(() =>
    [...shots.values()].some((one) => !['there', 'taken', 'failed'].includes(one.state)),
  )

  async function open(): Promise<void> {
    const [phone_id, secret] = window.location.hash.slice(1).split('.')
    // it must not stay in the history of this phone, nor in a picture of its screen
    if (window.location.hash) window.history.replaceState(window.history.state, '', window.location.pathname)
    try {
      session.value =
        phone_id && secret
          ? await http.post<PhoneSession>(SESSION, { phone_id, secret }, { about_session: true })
          : await http.get<PhoneSession>(SESSION, { about_session: true })
      state.value = 'open'
      next()
    } catch (reason) {
      const found = Problem.of(reason)
      if (found.status === 401 || found.status === 404) state.value = 'wrong'
      else problem.value = found
    }
  }

  function end(how: 'over' | 'done'): void {
    if (state.value === 'done') return
    state.value = how
    for (const upload of uploads.values()) void upload.abort(false)
    uploads.clear()
  }

  /** The window may have ended the link meanwhile. */
  async function look(): Promise<void> {
    now.value = Date.now()
    if (state.value !== 'open') return
    try {
      session.value = await http.get<PhoneSession>(SESSION, { about_session: true })
      mark()
    } catch (reason) {
      if (Problem.of(reason).status === 401) end('over')
    }
  }

  /** What the window has is told by the server, never guessed. */
  function mark(): void {
    const taken = new Set(session.value?.taken)
    for (const one of shots.values())
      if (one.state === 'there' && one.upload_id && taken.has(one.upload_id))
        change(one.id, { state: 'taken' })
  }

  function change(id: number, over: Partial<Shot>): void {
    const held = shots.get(id)
    if (held) shots.set(id, { ...held, ...over })
  }

  function add(given: FileList | null | undefined): void {
    for (const file of given ?? []) {
      const id = ++last
      files.set(id, file)
      shots.set(id, {
        id,
        url: URL.createObjectURL(file),
        name: file.name,
        size_bytes: file.size,
        sent_bytes: 0,
        state: 'queued',
        upload_id: null,
        problem: null,
      })
    }
    next()
  }

  function next(): void {
    if (state.value !== 'open' || uploads.size) return
    const one = [...shots.values()].find((shot) => shot.state === 'queued')
    const file = one && files.get(one.id)
    if (!one || !file) return
    const { id } = one
    const upload = new Upload(file, {
      endpoint: '/api/v1/phones/uploads',
      retryDelays: RETRY_MS,
      storeFingerprintForResuming: false,
      headers: { 'Accept-Language': language() },
      metadata: { filename: file.name },
      onProgress: (sent_bytes) => change(id, { sent_bytes, state: 'running' }),
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0
        if (status === 401) end('over')
        const again = status === 0 || status >= 500 || status === 409 || status === 423
        if (again) change(id, { state: 'waiting' })
        return again && state.value === 'open'
      },
      onError: (error) => {
        uploads.delete(id)
        let found = Problem.of(error)
        if ('originalResponse' in error && error.originalResponse) {
          try {
            found = new Problem({
              status: error.originalResponse.getStatus(),
              ...(JSON.parse(error.originalResponse.getBody()) as { title: string; code: string }),
            })
          } catch {
            // not JSON: said as it is
          }
        }
        change(id, { state: 'failed', problem: found })
        next()
      },
      onSuccess: () => {
        uploads.delete(id)
        change(id, {
          state: 'there',
          sent_bytes: file.size,
          upload_id: upload.url?.split('/').at(-1) ?? null,
        })
        mark()
        files.delete(id)
        next()
      },
    })
    uploads.set(id, upload)
    change(id, { state: 'running' })
    upload.start()
  }

  async function finish(): Promise<void> {
    try {
      await http.delete(SESSION, { about_session: true })
      end('done')
    } catch (reason) {
      const found = Problem.of(reason)
      if (found.status === 401) end('over')
      else problem.value = found
    }
  }

  void open()
  const tick = window.setInterval(() => {
    now.value = Date.now()
    if (state.value === 'open' && left_s.value === 0) end('over')
  }, 1_000)
  const looks = window.setInterval(() => void look(), LOOKS_EVERY_MS)
  onScopeDispose(() => {
    window.clearInterval(tick)
    window.clearInterval(looks)
    for (const one of shots.values()) URL.revokeObjectURL(one.url)
    end('over')
  })

  return { session, state, problem, shots, left_s, sending, open, add, finish }
}
