/**
 * In which corner of the page a card lies: the lower right one, unless the field in which somebody types lies beneath it;
 * then in one that leaves the field to be seen. It stays where it is as long as it covers no such field.
 */
import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'
import { typable } from './shortcuts'

export interface Box {
  left: number
  top: number
  width: number
  height: number
}

export const CORNERS = ['bottom-right', 'top-right', 'bottom-left', 'top-left'] as const
export type Corner = (typeof CORNERS)[number]

/** Where a card of this size lies in a corner, so far from the edges of the page. */
function boxIn(
  corner: Corner,
  card: Pick<Box, 'width' | 'height'>,
  page: Pick<Box, 'width' | 'height'>,
  gap: number,
): Box {
  const { width, height } = card
  return {
    width,
    height,
    left: corner.endsWith('left') ? gap : page.width - gap - width,
    top: corner.startsWith('top') ? gap : page.height - gap - height,
  }
}

/** How much of two boxes lies over each other, in square pixels. */
function overlap(one: Box, other: Box): number {
  const wide = Math.min(one.left + one.width, other.left + other.width) - Math.max(one.left, other.left)
  const high = Math.min(one.top + one.height, other.top + other.height) - Math.max(one.top, other.top)
  return Math.max(0, wide) * Math.max(0, high)
}

/** The corner that covers nothing of the field, first that in which the card lies `now`; or the one that covers least. */
export function cornerFor(
  now: Corner,
  card: Pick<Box, 'width' | 'height'>,
  page: Pick<Box, 'width' | 'height'>,
  gap: number,
  field: Box | null,
): Corner {
  if (!field) return now
  const covered = (corner: Corner): number => overlap(boxIn(corner, card, page, gap), field)
  return [now, ...CORNERS].reduce((best, one) => (covered(one) < covered(best) ? one : best))
}

const MOVES = ['focusin', 'input', 'scroll'] as const

/** Keeps this card off the field in which somebody types, and off the button that sends it, wherever that field goes. */
export function useCorner(card: Readonly<Ref<HTMLElement | null>>, gap: number): Readonly<Ref<Corner>> {
  const corner = ref<Corner>('bottom-right')
  function look(): void {
    const field = document.activeElement
    if (!card.value || !typable(field)) return
    const page = { width: document.documentElement.clientWidth, height: window.innerHeight }
    corner.value = cornerFor(
      corner.value,
      card.value.getBoundingClientRect(),
      page,
      gap,
      (field?.closest('[data-writes]') ?? field)?.getBoundingClientRect() ?? null,
    )
  }
  onMounted(() => {
    look()
    // a field scrolls within its part of the page
    for (const move of MOVES) document.addEventListener(move, look, true)
    addEventListener('resize', look)
  })
  onBeforeUnmount(() => {
    for (const move of MOVES) document.removeEventListener(move, look, true)
    removeEventListener('resize', look)
  })
  return corner
}
