/**
 * One call for the supervisor: the call with its pictures, the case as it stands and its whole history, what was
 * shown meanwhile, and the check of ledger and files, which begins when the call is opened.
 */
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { http, Problem } from '../../wire/http'
import { Story } from '../rules/asOf'
import type {
  CallCheck,
  CallDetail,
  CaseHistory,
  CaseSnapshot,
  HistoryEvent,
  MarkView,
  Marks,
  PlaybackView,
  RefusedSignature,
} from '../../wire/messages'

export interface CallFile {
  detail: CallDetail
  snapshot: CaseSnapshot
  history: HistoryEvent[]
  /** signatures that were not taken */
  refused: RefusedSignature[]
  marks: MarkView[]
}

const LOOK_AGAIN_MS = 2_000
/** hashing hours of pictures takes its time */
const CHECK_PATIENCE_MS = 600_000

async function wholeHistory(case_id: string): Promise<Pick<CallFile, 'history' | 'refused'>> {
  const events: HistoryEvent[] = []
  const refused: RefusedSignature[] = []
  let after: number | null = 0
  while (after !== null) {
    const page: CaseHistory = await http.get<CaseHistory>(`/cases/${case_id}/history?after=${after}`)
    events.push(...page.events)
    refused.push(...(page.refused_signatures ?? []))
    after = page.next_after
  }
  return { history: events, refused }
}

/** The case as it stands; the refusal for a person who sees it no more. */
async function snapshotOf(case_id: string): Promise<CaseSnapshot | Problem> {
  try {
    return await http.get<CaseSnapshot>(`/cases/${case_id}`)
  } catch (reason) {
    const problem = Problem.of(reason)
    if (problem.code === 'not_found') return problem
    throw problem
  }
}

/** Whether the call is over and each party's pictures are made, or cannot be. */
function finished(detail: CallDetail): boolean {
  const parties = detail.playbacks.filter((one) => one.seat !== 'composed')
  if (detail.call.state !== 'ended' || parties.some((one) => one.state === 'waiting')) return false
  return (
    parties.length > 0 ||
    !detail.recordings.some((one) => one.state === 'recording' || one.state === 'stored')
  )
}

export function useCall(call_id: Ref<string | undefined>) {
  const file = shallowRef<CallFile | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const check = shallowRef<CallCheck | null>(null)
  const check_problem = shallowRef<Problem | null>(null)
  const checking = ref(false)
  /** too many were opened one after the other: this one is checked by itself a little later */
  const check_waits = ref(false)
  const composing = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let check_timer: ReturnType<typeof setTimeout> | undefined

  async function load(): Promise<void> {
    const wanted = call_id.value
    clearTimeout(timer)
    if (!wanted) return
    try {
      const detail = await http.get<CallDetail>(`/calls/${wanted}`)
      const { case_id } = detail.call
      const held = file.value
      // what is over does not change any more; only a file of all may still be made
      const settled = held?.detail.call.id === wanted && finished(held.detail)
      const [now, { history, refused }, marks] = settled
        ? [held.snapshot, held, held.marks]
        : await Promise.all([
            snapshotOf(case_id),
            wholeHistory(case_id),
            http.get<Marks>(`/calls/${wanted}/marks`).then((all) => all.marks),
          ])
      if (wanted !== call_id.value) return
      // a unit that has passed the case on sees it as it was then, and nothing later
      const snapshot = now instanceof Problem ? new Story(history).after(history.length) : now
      if (!snapshot) throw now
      file.value = { detail, snapshot, history, refused, marks }
      problem.value = null
      if (!finished(detail) || detail.playbacks.some((one) => one.state === 'waiting'))
        timer = setTimeout(() => void load(), LOOK_AGAIN_MS)
    } catch (reason) {
      if (wanted === call_id.value) problem.value = Problem.of(reason)
    }
  }

  async function verify(): Promise<void> {
    const wanted = call_id.value
    if (!wanted || checking.value) return
    clearTimeout(check_timer)
    checking.value = true
    check_waits.value = false
    check_problem.value = null
    try {
      const told = await http.post<CallCheck>(
        `/calls/${wanted}/check`,
        {},
        { patience_ms: CHECK_PATIENCE_MS },
      )
      if (wanted === call_id.value) check.value = told
    } catch (reason) {
      if (wanted === call_id.value) {
        const refused = Problem.of(reason)
        const after_s = refused.code === 'throttled' ? refused.details['retry_after_s'] : null
        if (typeof after_s === 'number') {
          check_waits.value = true
          check_timer = setTimeout(() => void verify(), after_s * 1000)
        } else check_problem.value = refused
      }
    } finally {
      if (wanted === call_id.value) checking.value = false
    }
  }

  /** Asks for all pictures side by side in one file; it appears among the playbacks when it is made. */
  async function compose(media_type: PlaybackView['media_type'] = 'video/webm'): Promise<void> {
    const wanted = call_id.value
    if (!wanted || composing.value) return
    composing.value = true
    try {
      const made = await http.post<PlaybackView>(
        `/calls/${wanted}/composition?kind=${media_type === 'video/mp4' ? 'mp4' : 'webm'}`,
        {},
      )
      const held = file.value
      if (held && wanted === call_id.value) {
        const others = held.detail.playbacks.filter((one) => one.id !== made.id)
        file.value = { ...held, detail: { ...held.detail, playbacks: [...others, made] } }
      }
      await load()
    } catch (reason) {
      if (wanted === call_id.value) problem.value = Problem.of(reason)
    } finally {
      composing.value = false
    }
  }

  watch(
    call_id,
    (id) => {
      clearTimeout(timer)
      clearTimeout(check_timer)
      file.value = null
      check.value = null
      problem.value = check_problem.value = null
      checking.value = check_waits.value = false
      if (!id) return
      void load()
      void verify()
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    clearTimeout(check_timer)
  })
  return { file, problem, check, check_problem, check_waits, checking, composing, load, verify, compose }
}
