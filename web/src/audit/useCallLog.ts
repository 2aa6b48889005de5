/** The supervisor's call log: filtered by case number, staff, day, file name and words that were written, page by page. */
import { reactive, ref, watch, type Ref } from 'vue'
import { http, Problem } from '../wire/http'
import type { CallLog, CallLogRow } from '../wire/messages'

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

export function useCallLog(): {
  filter: Filter
  calls: Ref<CallLogRow[] | null>
  more: Ref<string | null>
  problem: Ref<Problem | null>
  busy: Ref<boolean>
  load: () => Promise<void>
  loadMore: () => Promise<void>
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
    load: () => fetchPage(null),
    loadMore: () => (more.value ? fetchPage(more.value) : Promise.resolve()),
  }
}
