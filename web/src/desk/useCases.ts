/** The cases of a desk, newest first; asked again when the page is shown, when one changes here, and every half minute. */
import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'
import { http, Problem } from '../wire/http'
import type { CaseSummary } from '../wire/messages'

const AGAIN_MS = 30_000

export function useCases(path: string): { cases: Ref<CaseSummary[] | null>; problem: Ref<Problem | null>; refresh: () => Promise<void> } {
  const cases = ref<CaseSummary[] | null>(null)
  const problem = ref<Problem | null>(null)
  let timer: ReturnType<typeof setInterval> | undefined

  async function refresh(): Promise<void> {
    try {
      cases.value = (await http.get<{ cases: CaseSummary[] }>(path)).cases
      problem.value = null
    } catch (reason) {
      problem.value = Problem.of(reason)
    }
  }

  function shown(): void {
    if (document.visibilityState === 'visible') void refresh()
  }

  onMounted(() => {
    void refresh()
    timer = setInterval(shown, AGAIN_MS)
    document.addEventListener('visibilitychange', shown)
  })
  onBeforeUnmount(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', shown)
  })
  return { cases, problem, refresh }
}
