/** What is typed and not sent: each lane keeps its own over a reload, until the record has it. */
import { ref, watch, type Ref } from 'vue'
import { recall, remember } from '../../../ui/remembered'
import { Problem } from '../../../wire/http'
import type { CaseBook } from '../../book/useCase'
import type { Lane } from '../sayings'

export interface UnsentOf {
  book: Pick<CaseBook, 'me' | 'case_id' | 'say'>
  lane: Ref<Lane>
  call_id: () => string | null
  as_applicant: boolean
}

export function useUnsent({ book, lane, call_id, as_applicant }: UnsentOf) {
  const keyOf = (of: Lane): string => `unsent.${book.me}.${book.case_id}.${as_applicant ? 'applicant' : of}`
  const text = ref(recall(keyOf(lane.value)) ?? '')
  const busy = ref(false)
  const problem = ref<Problem | null>(null)
  watch(lane, (now) => {
    text.value = recall(keyOf(now)) ?? ''
    problem.value = null
  })
  watch(text, (now) => {
    remember(keyOf(lane.value), now)
    // what was refused stands there no longer
    problem.value = null
  })

  async function send(): Promise<void> {
    const said = text.value.trim()
    const where = lane.value
    if (!said || busy.value) return
    busy.value = true
    problem.value = null
    try {
      await book.say(where, said, call_id(), as_applicant)
      if (lane.value === where && text.value.trim() === said) text.value = ''
      else if (recall(keyOf(where))?.trim() === said) remember(keyOf(where), null)
    } catch (reason) {
      const told = Problem.of(reason)
      problem.value = told.declined ? null : told
    } finally {
      busy.value = false
    }
  }

  /** Puts a phrase behind what is typed. */
  function add(phrase: string): void {
    text.value = text.value.trim() ? `${text.value.trimEnd()} ${phrase}` : phrase
  }

  return { text, busy, problem, send, add }
}
