/**
 * Sensitive values that this person reads whole for a minute (脱敏查看). A value is kept in this page's memory alone,
 * until its time is over, the page goes, or the case is another unit's (转办); each needs a reason, which others see.
 */
import { onScopeDispose, reactive, ref, watch, type Ref } from 'vue'
import { http } from '../../wire/http'
import type { Unmasked } from '../../wire/messages'
import type { CaseBook } from '../book/useCase'

export interface Whole {
  value: string
  /** seconds until it is masked again */
  left_s: number
}

export interface Unmasking {
  /** by field */
  shown: ReadonlyMap<string, Whole>
  /** the field for which a reason is being asked */
  asking: Ref<string | null>
  ask: (field: string, reason: string) => Promise<void>
  hide: (field: string) => void
}

export function useUnmasking(book: CaseBook): Unmasking {
  const shown = reactive(new Map<string, Whole>())
  const until = new Map<string, number>()
  const asking = ref<string | null>(null)

  async function ask(field: string, reason: string): Promise<void> {
    const { unmasking_id } = await book.unmask(`field:${field}`, reason)
    const told = await http.get<Unmasked>(`/cases/${book.case_id}/unmasked/${unmasking_id}`)
    // the clock of this machine may be wrong: what counts is how long the server lets it be read
    const lasts_ms = 60_000
    until.set(field, performance.now() + lasts_ms)
    shown.set(field, { value: told.value, left_s: lasts_ms / 1000 })
    asking.value = null
  }

  function hide(field: string): void {
    until.delete(field)
    shown.delete(field)
  }

  // whom the case is another one's for, or no one's any more, reads nothing of it whole
  watch([book.audience, book.problem], () => {
    for (const field of [...shown.keys()]) hide(field)
  })

  const beat = setInterval(() => {
    for (const [field, at] of until) {
      const left_s = Math.ceil((at - performance.now()) / 1000)
      const held = shown.get(field)
      if (left_s <= 0 || !held) hide(field)
      else held.left_s = left_s
    }
  }, 500)
  onScopeDispose(() => {
    clearInterval(beat)
    shown.clear()
  })
  return { shown, asking, ask, hide }
}
