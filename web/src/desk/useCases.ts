/** The cases of a desk, newest first; kept current, and asked again when one changes here. */
import { ref, type Ref } from 'vue'
import { http, Problem } from '../wire/http'
import type { CaseSummary } from '../wire/messages'
import { keepCurrent } from './keptCurrent'

const AGAIN_MS = 30_000

export function useCases(path: string): {
  cases: Ref<CaseSummary[] | null>
  problem: Ref<Problem | null>
  refresh: () => Promise<void>
} {
  const cases = ref<CaseSummary[] | null>(null)
  const problem = ref<Problem | null>(null)

  async function refresh(): Promise<void> {
    try {
      cases.value = (await http.get<{ cases: CaseSummary[] }>(path)).cases
      problem.value = null
    } catch (reason) {
      problem.value = Problem.of(reason)
    }
  }

  keepCurrent(refresh, AGAIN_MS)
  return { cases, problem, refresh }
}
