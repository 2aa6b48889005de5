/**
 * The cases of a desk, page by page; kept current, and asked again when one changes here. What is asked may change while
 * it is on screen: an answer to what is asked for no more is not shown.
 */
import { onBeforeUnmount, onMounted, type Ref } from 'vue'
import { http, type Problem } from '../../wire/http'
import type { Cases, CaseSummary, ListedChanged } from '../../wire/messages'
import { atCursor, usePaged } from '../../wire/paged'
import { wire } from '../../wire/socket'
import { keepCurrent } from '../keptCurrent'

const AGAIN_MS = 30_000

export type ListedKind = Exclude<ListedChanged['what'], 'left'>
/** A list at an address; with `body` a search, whose words stand in no address. */
export interface Asked {
  path: string
  body?: Record<string, unknown>
}

/** `came`: told once the list has what came to the unit meanwhile, each kind once; the list follows its unit then. */
export function useCases(
  asked: () => Asked,
  came?: (kinds: ListedKind[]) => void,
): {
  cases: Readonly<Ref<readonly CaseSummary[] | null>>
  more: Readonly<Ref<boolean>>
  problem: Ref<Problem | null>
  refresh: () => Promise<void>
  look: () => Promise<void>
  further: () => Promise<void>
} {
  const untold = new Set<ListedKind>()
  const { rows, more, problem, again, look, further } = usePaged<CaseSummary>(async (cursor) => {
    const { path, body } = asked()
    const told = await (body
      ? http.post<Cases>(path, cursor ? { ...body, cursor } : body)
      : http.get<Cases>(atCursor(path, cursor)))
    return { rows: told.cases, next_cursor: told.next_cursor }
  })

  async function refresh(): Promise<void> {
    const told = [...untold]
    untold.clear()
    await again()
    if (problem.value) told.forEach((one) => untold.add(one))
    else if (told.length) came?.(told)
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

  return { cases: rows, more, problem, refresh, look, further }
}
