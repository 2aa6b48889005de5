/**
 * An act that says why, written in the column: its reason, whether it was tried without one, and what became of it. What
 * stood on the page when the form was opened is what the act is about. Under `kept` the text lasts over reloads until it
 * is sent.
 */
import { ref, watch } from 'vue'
import { recall, remember } from '../../../ui/remembered'
import { Problem } from '../../../wire/http'
import type { Rests } from '../../book/acting'
import type { CaseBook } from '../../book/useCase'

export interface ReasonOf {
  book: Pick<CaseBook, 'rests'>
  /** what is offered as the reason */
  offered?: string
  kept?: string
}

export function useReason({ book, offered = '', kept }: ReasonOf) {
  const reason = ref((kept === undefined ? null : recall(kept)) ?? offered)
  const rests = book.rests()
  const tried = ref(false)
  const busy = ref(false)
  const problem = ref<Problem | null>(null)
  watch(reason, (now) => {
    if (kept !== undefined) remember(kept, now === offered ? null : now)
    // who writes on knows that it was not sent; what the server refused stands until he sends it again
    if (problem.value?.status === 0) problem.value = null
  })

  /**
   * Sends it with its reason, which is not empty; whether it was done. `asks` takes a refusal that is a question, and is
   * told as one.
   */
  async function send(
    act: (reason: string, rests: Rests) => Promise<unknown>,
    asks: (told: Problem) => boolean = () => false,
  ): Promise<boolean> {
    busy.value = true
    problem.value = null
    try {
      await act(reason.value.trim(), rests)
      if (kept !== undefined) remember(kept, null)
      return true
    } catch (refused) {
      const told = Problem.of(refused)
      if (!asks(told)) problem.value = told
      return false
    } finally {
      busy.value = false
    }
  }

  return { reason, tried, busy, problem, send }
}
