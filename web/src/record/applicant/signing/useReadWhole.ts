/** Whether he had all of what he is to sign before him: signing is offered only then. */
import { onScopeDispose, ref, watch, type Ref } from 'vue'

/**
 * `hash`: what he reads; another one is to be read anew. `paper` is the box that it lies in, `end` what
 * stands at its end.
 */
export function useReadWhole(
  hash: () => string | undefined,
  paper: Readonly<Ref<HTMLElement | null>>,
  end: Readonly<Ref<HTMLElement | null>>,
) {
  const whole = ref(false)
  const watching = new IntersectionObserver(
    (seen) => seen.some((one) => one.isIntersecting) && (whole.value = true),
  )
  onScopeDispose(() => watching.disconnect())
  watch(hash, () => (whole.value = false), { flush: 'sync' })
  watch(
    [end, hash],
    ([mark]) => {
      watching.disconnect()
      if (mark) watching.observe(mark)
    },
    { flush: 'post' },
  )

  /** Goes on to the next part of it. */
  function readOn(): void {
    const { value: box } = paper
    if (box && box.scrollHeight > box.clientHeight) box.scrollBy({ top: box.clientHeight * 0.8 })
    else end.value?.scrollIntoView({ block: 'end' })
  }

  return { whole, readOn }
}
