/** The cases of a desk, newest first; kept current, and asked again when one changes here. */
import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'
import { http, Problem } from '../wire/http'
import type { CaseSummary, ListedChanged } from '../wire/messages'
import { wire } from '../wire/socket'
import { keepCurrent } from './keptCurrent'

const AGAIN_MS = 30_000

export type ListedKind = Exclude<ListedChanged['what'], 'left'>

/** `came`: told once the list has what came to the unit meanwhile, each kind once; the list follows its unit then. */
export function useCases(
  path: string,
  came?: (kinds: ListedKind[]) => void,
): {
  cases: Ref<CaseSummary[] | null>
  problem: Ref<Problem | null>
  refresh: () => Promise<void>
} {
  const cases = ref<CaseSummary[] | null>(null)
  const problem = ref<Problem | null>(null)
  const untold = new Set<ListedKind>()

  async function refresh(): Promise<void> {
    const told = [...untold]
    untold.clear()
    try {
      cases.value = (await http.get<{ cases: CaseSummary[] }>(path)).cases
      problem.value = null
      if (told.length) came?.(told)
    } catch (reason) {
      problem.value = Problem.of(reason)
      told.forEach((one) => untold.add(one))
    }
  }

  const soon = keepCurrent(refresh, AGAIN_MS)
  if (came) follow()

  function follow(): void {
    const live = wire()
    const watch = (on: boolean): void =>
      void live
        .ask({ type: 'listed.watch', on })
        .catch(() => undefined /* the list is asked for all the same */)
    let off: (() => unknown)[] = []
    onMounted(() => {
      off = [
        live.onConnected(() => watch(true)),
        live.onEphemeral((told) => {
          if (told.type !== 'listed.changed') return
          if (told.what !== 'left') untold.add(told.what)
          soon()
        }),
      ]
    })
    onBeforeUnmount(() => {
      off.forEach((stop) => stop())
      watch(false)
    })
  }

  return { cases, problem, refresh }
}
