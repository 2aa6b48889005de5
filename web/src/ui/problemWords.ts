/** The words of every alert that are the same in all of them: given once, by who knows the language of the page. */
import { computed, inject, provide, type ComputedRef, type InjectionKey } from 'vue'

export interface ProblemWords {
  /** stands before the reference for whoever is asked for help */
  reference: string
  /** says what the cross does */
  dismiss: string
}

const GIVEN: InjectionKey<ComputedRef<ProblemWords>> = Symbol('problem words')

/** Gives them to all alerts below the calling component. */
export function giveProblemWords(words: () => ProblemWords): void {
  provide(GIVEN, computed(words))
}

export function useProblemWords(): ComputedRef<ProblemWords> {
  return inject(GIVEN, () => computed(() => ({ reference: '', dismiss: '' })), true)
}
