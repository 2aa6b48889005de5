/**
 * The part of the call that is in sight: brought nearer, moved, and followed while it plays; where a second lies in it, and
 * which second a pointer means.
 */
import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref } from 'vue'
import { brought, moved, share, zoomed, type Sight } from '../../rules/pixels'

export type Sighted = ReturnType<typeof useSight>

export interface Ground {
  /** the last second of the call */
  end_s: Readonly<Ref<number>>
  position_s: Readonly<Ref<number>>
  /** what the rows lie on, as wide as the sight */
  ground: Readonly<Ref<HTMLElement | null>>
  seek: (second: number) => void
}

const NEAREST = 0.02

export function useSight({ end_s, position_s, ground, seek }: Ground) {
  const whole = computed<Sight>(() => ({ from_s: 0, to_s: end_s.value }))
  const sight = shallowRef<Sight>(whole.value)
  const width = ref(800)
  const near = computed(() => sight.value.to_s - sight.value.from_s < whole.value.to_s - 0.01)

  watch(whole, (now, before) => {
    // a longer call is seen whole again, unless somebody looks at a part of it
    sight.value = sight.value.to_s - sight.value.from_s >= before.to_s - 0.01 ? now : moved(sight.value, now)
  })
  watch(
    () => Math.floor(position_s.value),
    (second) => {
      if (near.value && second >= 0 && second <= whole.value.to_s)
        sight.value = brought(second, sight.value, whole.value)
    },
  )

  const inside = (second: number): number => Math.min(Math.max(second, sight.value.from_s), sight.value.to_s)
  const left = (second: number): string => `${(share(inside(second), sight.value) * 100).toFixed(3)}%`
  const long = (from_s: number, to_s: number): string =>
    `${((Math.min(to_s, sight.value.to_s) - Math.max(from_s, sight.value.from_s)) / (sight.value.to_s - sight.value.from_s)) * 100}%`
  const seen = <T extends { from_s: number; to_s: number }>(spans: readonly T[]): T[] =>
    spans.filter((one) => one.to_s >= sight.value.from_s && one.from_s <= sight.value.to_s)

  function zoom(factor: number, around_s = inside(position_s.value)): void {
    sight.value = zoomed(sight.value, whole.value, factor, around_s)
  }
  /** So near that what lies between these seconds comes apart. */
  function apart(from_s: number, to_s: number): void {
    const factor = Math.max(NEAREST, ((to_s - from_s) * 8) / (sight.value.to_s - sight.value.from_s))
    zoom(factor, (from_s + to_s) / 2)
  }

  function secondAt(event: MouseEvent): number {
    const box = ground.value?.getBoundingClientRect()
    if (!box) return 0
    const way = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
    return sight.value.from_s + way * (sight.value.to_s - sight.value.from_s)
  }
  let dragging = false
  function grab(event: PointerEvent): void {
    if (event.button !== 0 || (event.target as HTMLElement).closest('button')) return
    dragging = true
    ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
    seek(secondAt(event))
  }
  function drag(event: PointerEvent): void {
    if (dragging) seek(secondAt(event))
  }
  function wheel(event: WheelEvent): void {
    if (event.ctrlKey) zoom(event.deltaY > 0 ? 1.25 : 0.8, secondAt(event))
    else if (near.value && (event.deltaX || event.shiftKey)) {
      const by = ((event.deltaX || event.deltaY) / width.value) * (sight.value.to_s - sight.value.from_s)
      sight.value = moved({ from_s: sight.value.from_s + by, to_s: sight.value.to_s + by }, whole.value)
    } else return
    event.preventDefault()
  }

  const eyes = new ResizeObserver((entries) => (width.value = entries[0]?.contentRect.width || width.value))
  onMounted(() => {
    if (!ground.value) return
    eyes.observe(ground.value)
    // Vue listens passively to a wheel that may be taken
    ground.value.addEventListener('wheel', wheel, { passive: false })
  })
  onBeforeUnmount(() => eyes.disconnect())

  return {
    sight,
    width,
    near,
    left,
    long,
    seen,
    zoom,
    apart,
    grab,
    drag,
    drop: () => void (dragging = false),
  }
}
