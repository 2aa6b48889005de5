/** What a ruling stands on: its reason, the legal bases that are ticked or written, and where an external system made it its number, day and proof. */
import { computed, reactive, watch, type Ref } from 'vue'
import type { CaseView } from '../../wire/messages'
import { RULED_BY } from '../rules/course/courseStep'

export function useRuling(view: Readonly<Ref<CaseView | null>>, today: Readonly<Ref<string>>) {
  /** the external system in which the item is decided; empty: here */
  const system = computed(() => view.value?.item.system ?? '')
  const reporting = reactive({ number: '', on: today.value, proof: '' })
  /** `left`: bases of the item that are not chosen; `bases`: what was written where it lists none; `by_law`: the clause of the law too */
  const ruling = reactive({ reason: '', bases: '', left: [] as string[], by_law: true })
  // the number is the same from step to step
  watch(
    () => view.value?.course.reports.at(-1)?.number,
    (number) => {
      if (number && !reporting.number) reporting.number = number
    },
    { immediate: true },
  )

  /** What lacks of what an external system did. */
  function unreported(): string[] {
    if (!system.value) return []
    return [
      ...(reporting.number.trim() ? [] : ['report-number']),
      ...(reporting.on && reporting.on <= today.value ? [] : ['report-on']),
      ...(reporting.proof ? [] : ['report-proof']),
    ]
  }

  /** Of the item's bases all that were not left out, and the clause of the law. */
  function bases(kind: 'granted' | 'denied'): string[] {
    const listed = view.value?.item.bases ?? []
    const own = listed.length ? listed.filter((one) => !ruling.left.includes(one)) : basesOf(ruling.bases)
    return ruling.by_law ? [...own, RULED_BY[kind]] : own
  }

  return {
    system,
    reporting,
    ruling,
    unreported,
    bases,
    reported: () => ({ ...reporting, number: reporting.number.trim() }),
    /** Each step is proved by a file of its own. */
    clear: (): void => void (reporting.proof = ''),
  }
}

/** One legal basis a line. */
export function basesOf(text: string): string[] {
  return text
    .split('\n')
    .map((one) => one.trim())
    .filter(Boolean)
    .slice(0, 20)
}
