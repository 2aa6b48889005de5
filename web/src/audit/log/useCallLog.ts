/** The supervisor's call log: filtered by case number, staff, day, file name and words that were written, page by page. */
import { onScopeDispose, reactive, ref, watch, type Ref } from 'vue'
import { http, Problem } from '../../wire/http'
import type { CallLog, CallLogRow, PersonRef } from '../../wire/messages'

export interface Filter {
  number: string
  person: string
  /** part of the name of a file of the case */
  file: string
  /** words of a message of the case */
  text: string
  /** days, as 2026-11-24 */
  from: string
  to: string
}

/** What is listed, with what was told anew: rows as they stand now, and those that were not there yet on top. */
export function renewed(listed: readonly CallLogRow[], fresh: readonly CallLogRow[]): CallLogRow[] {
  const told = new Map(fresh.map((one) => [one.call_id, one]))
  const known = new Set(listed.map((one) => one.call_id))
  const last = listed[0]
  const come = fresh.filter(
    (one) => !known.has(one.call_id) && (!last || Date.parse(one.opened_at) >= Date.parse(last.opened_at)),
  )
  return [...come, ...listed.map((one) => told.get(one.call_id) ?? one)]
}

/** Who decided in a call, where it was not the one who answered it: after a referral. */
export function otherDecider(row: Pick<CallLogRow, 'approver' | 'decided_by'>): PersonRef | null {
  return row.decided_by && row.decided_by.id !== row.approver?.id ? row.decided_by : null
}

/** While a call that is listed rings or runs, and otherwise. */
const SOON_MS = 4_000
const LATER_MS = 30_000

export function useCallLog(): {
  filter: Filter
  calls: Ref<CallLogRow[] | null>
  more: Ref<string | null>
  problem: Ref<Problem | null>
  busy: Ref<boolean>
  load: () => Promise<void>
  loadMore: () => Promise<void>
  /** asks again how what is listed stands */
  renew: () => Promise<void>
} {
  const filter = reactive<Filter>({ number: '', person: '', file: '', text: '', from: '', to: '' })
  const calls = ref<CallLogRow[] | null>(null)
  const more = ref<string | null>(null)
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  let asked = 0

  // In the body: what is looked for may be a name, and addresses are logged on their way.
  function wanted(cursor: string | null): Record<string, string> {
    const filled = Object.entries(filter).filter(([, value]) => value.trim())
    const query = Object.fromEntries(filled.map(([name, value]) => [name, value.trim()]))
    return cursor ? { ...query, cursor } : query
  }

  async function fetchPage(cursor: string | null): Promise<void> {
    const turn = (asked += 1)
    busy.value = true
    try {
      const log = await http.post<CallLog>('/search/calls', wanted(cursor))
      // a slow answer to an older filter must not overwrite a newer one
      if (turn !== asked) return
      calls.value = cursor ? [...(calls.value ?? []), ...log.calls] : log.calls
      more.value = log.next_cursor
      problem.value = null
    } catch (reason) {
      if (turn === asked) problem.value = Problem.of(reason)
    } finally {
      if (turn === asked) busy.value = false
    }
  }

  async function renew(): Promise<void> {
    if (busy.value || calls.value === null || document.hidden) return
    const turn = asked
    try {
      const log = await http.post<CallLog>('/search/calls', wanted(null))
      if (turn === asked && !busy.value) calls.value = renewed(calls.value, log.calls)
    } catch {
      // it is asked again soon; what was listed stays
    }
  }

  let again: ReturnType<typeof setTimeout> | undefined
  let gone = false
  function later(): void {
    clearTimeout(again)
    if (gone) return
    again = setTimeout(
      () => void renew().finally(later),
      calls.value?.some((one) => one.state !== 'ended') ? SOON_MS : LATER_MS,
    )
  }
  watch(() => calls.value?.some((one) => one.state !== 'ended'), later, { immediate: true })
  onScopeDispose(() => {
    gone = true
    clearTimeout(again)
  })

  let wait: ReturnType<typeof setTimeout> | undefined
  watch(filter, () => {
    clearTimeout(wait)
    wait = setTimeout(() => void fetchPage(null), 250)
  })

  return {
    filter,
    calls,
    more,
    problem,
    busy,
    renew,
    load: () => fetchPage(null),
    loadMore: () => (more.value ? fetchPage(more.value) : Promise.resolve()),
  }
}
