/** While this page rests, fetches the parts that its person opens next; stops when he is busy, and with the page. */
import { onBeforeUnmount, watch } from 'vue'
import { onBeforeRouteLeave } from 'vue-router'
import { fetchAhead, stopFetching, type PagePart } from '../wire/ahead'

/** `rests` says whether the page is there and nothing needs the line: no ring, no call, no list that is awaited. */
export function useAhead(parts: readonly PagePart[], rests: () => boolean): void {
  watch(rests, (now) => (now ? fetchAhead(...parts) : stopFetching()), { immediate: true })
  onBeforeRouteLeave(() => stopFetching(parts[0]))
  onBeforeUnmount(() => stopFetching(parts[0]))
}
