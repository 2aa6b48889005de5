/**
 * An item that is searched by its words and chosen. What could not be searched or fetched for want of a connection
 * is done when it is back, and what was said of it is taken back.
 */
import { ref, watch, type Ref } from 'vue'
import type { Suggestion } from '../../ui/SearchBox.vue'
import { http, Problem } from '../../wire/http'
import type { ItemSummary, ItemView } from '../../wire/messages'
import { wire } from '../../wire/socket'

/** Whether it is for want of a connection, and holds no longer when that is back. */
function isOfLine(one: Problem | null): boolean {
  return one !== null && ['unreachable', 'timed_out'].includes(one.code)
}

export interface ItemChoice {
  text: Ref<string>
  item: Ref<ItemView | null>
  /** the items could not be searched: nobody can be told to choose one, nor that there is none */
  unsearched: Ref<'cut' | 'failed' | null>
  /** whether the form was sent since items could be searched */
  tried: Ref<boolean>
  /** once the item that was chosen is there; after a reload it may still be on its way when the form is sent */
  settled: () => Promise<void>
  search: (text: string) => Promise<readonly Suggestion[] | null>
  choose: (id: string) => Promise<void>
}

/** `box` is that in which it is searched, `unit_id` the unit that decides it, where it is known already. */
export function useItemChoice(
  problem: Ref<Problem | null>,
  box: Readonly<Ref<{ again: () => void } | null>>,
  unit_id?: string,
): ItemChoice {
  const text = ref('')
  const item = ref<ItemView | null>(null)
  const unsearched = ref<'cut' | 'failed' | null>(null)
  const tried = ref(false)
  let searches = 0
  let choosing: Promise<void> = Promise.resolve()
  /** the item that was chosen and could not be fetched for want of a connection */
  let unfetched: string | null = null

  async function search(words: string): Promise<readonly Suggestion[] | null> {
    const mine = (searches += 1)
    try {
      // the chosen item's whole name would find only itself again
      const { items } = await http.get<{ items: ItemSummary[] }>(
        `/items?q=${encodeURIComponent(item.value ? '' : words)}${unit_id ? `&unit_id=${unit_id}` : ''}`,
      )
      if (mine === searches) unsearched.value = null
      return items.map((one) => ({ id: one.id, name: one.name, note: one.unit_name }))
    } catch (reason) {
      if (mine === searches) {
        const failed = Problem.of(reason)
        unsearched.value = isOfLine(failed) ? 'cut' : 'failed'
        tried.value = false
        // that of the line is said where he searches
        if (unsearched.value === 'failed') problem.value = failed
      }
      return null
    }
  }

  function choose(id: string): Promise<void> {
    choosing = fetchItem(id)
    return choosing
  }

  async function fetchItem(id: string): Promise<void> {
    unfetched = null
    try {
      item.value = await http.get<ItemView>(`/items/${id}`)
      text.value = item.value.name
    } catch (reason) {
      problem.value = Problem.of(reason)
      if (isOfLine(problem.value)) unfetched = id
    }
  }

  watch(wire().connection, (now) => {
    if (now !== 'connected') return
    if (isOfLine(problem.value)) problem.value = null
    if (unsearched.value) tried.value = false
    box.value?.again()
    if (unfetched) void choose(unfetched)
  })

  watch(text, (words) => {
    unfetched = null
    if (item.value && words !== item.value.name) item.value = null
  })

  return { text, item, unsearched, tried, settled: () => choosing, search, choose }
}
