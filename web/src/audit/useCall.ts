/** One call for the supervisor: the call and its files, the case as it stands, its history, the ledger check. */
import { ref, watch, type Ref } from 'vue'
import { http, Problem } from '../wire/http'
import type { CallDetail, CaseHistory, CaseSnapshot, HistoryEvent, Report } from '../wire/messages'

export interface CallFile {
  detail: CallDetail
  snapshot: CaseSnapshot
  history: HistoryEvent[]
}

async function wholeHistory(case_id: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = []
  let after: number | null = 0
  while (after !== null) {
    const page: CaseHistory = await http.get<CaseHistory>(`/cases/${case_id}/history?after=${after}`)
    events.push(...page.events)
    after = page.next_after
  }
  return events
}

export function useCall(call_id: Ref<string>): {
  file: Ref<CallFile | null>
  problem: Ref<Problem | null>
  report: Ref<Report | null>
  checking: Ref<boolean>
  check: () => Promise<void>
  load: () => Promise<void>
} {
  const file = ref<CallFile | null>(null)
  const problem = ref<Problem | null>(null)
  const report = ref<Report | null>(null)
  const checking = ref(false)

  async function load(): Promise<void> {
    const wanted = call_id.value
    try {
      const detail = await http.get<CallDetail>(`/calls/${wanted}`)
      const [snapshot, history] = await Promise.all([
        http.get<CaseSnapshot>(`/cases/${detail.call.case_id}`),
        wholeHistory(detail.call.case_id),
      ])
      if (wanted !== call_id.value) return
      file.value = { detail, snapshot, history }
      problem.value = null
    } catch (reason) {
      if (wanted === call_id.value) problem.value = Problem.of(reason)
    }
  }

  async function check(): Promise<void> {
    if (!file.value) return
    checking.value = true
    try {
      report.value = await http.post<Report>(`/cases/${file.value.detail.call.case_id}/ledger-check`, {})
    } catch (reason) {
      problem.value = Problem.of(reason)
    } finally {
      checking.value = false
    }
  }

  watch(
    call_id,
    () => {
      file.value = report.value = problem.value = null
      void load()
    },
    { immediate: true },
  )
  return { file, problem, report, checking, check, load }
}
