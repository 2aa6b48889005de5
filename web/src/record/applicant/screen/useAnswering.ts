/** What the applicant does on his screen: one thing at a time, with what went wrong; and that he has a question. */
import { ref, shallowRef } from 'vue'
import { Problem } from '../../../wire/http'

/** `say`: sends his question to the others. */
export function useAnswering(say: (about: string) => Promise<unknown>) {
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  /** his question was sent, and nothing else is shown since */
  const asked = ref(false)

  /** Null: something else is being done, or it went wrong. */
  async function act<T>(doing: () => Promise<T>): Promise<T | null> {
    if (busy.value) return null
    busy.value = true
    problem.value = null
    try {
      return await doing()
    } catch (reason) {
      problem.value = Problem.of(reason)
      return null
    } finally {
      busy.value = false
    }
  }

  async function ask(about: string): Promise<void> {
    if (await act(() => say(about))) asked.value = true
  }

  /** Something else is shown now. */
  function clear(): void {
    asked.value = false
    problem.value = null
  }

  return { problem, busy, asked, act, ask, clear }
}

export type Answering = ReturnType<typeof useAnswering>
