/**
 * Moving about in the document that lies on the table: zoom, turn, and the page in sight. All of it is this page's own;
 * nothing is ever mirrored.
 */
import type { PDFPageProxy } from 'pdfjs-dist'
import { computed, nextTick, onBeforeUnmount, ref, watch, type Ref } from 'vue'
import type { Sheet } from '../documents'

const ZOOMS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4]
export const LEAST = 0.25
export const MOST = 4
/** between the page and the upper edge of its ground */
const ABOVE_PX = 16

export type Pages = ReturnType<typeof usePages>

export function usePages(sheet: Ref<Sheet | null>, pages: Ref<PDFPageProxy[]>) {
  const zoom = ref(1)
  const turn = ref(0)
  const page = ref(1)
  /** the element that holds the pages and scrolls */
  const ground = ref<HTMLElement | null>(null)
  const width = ref(0)
  const height = ref(0)

  const measure = new ResizeObserver((entries) => {
    width.value = entries[0]?.contentRect.width ?? 0
    height.value = entries[0]?.contentRect.height ?? 0
  })
  watch(ground, (element, before) => {
    if (before) measure.unobserve(before)
    if (element) measure.observe(element)
  })
  onBeforeUnmount(() => measure.disconnect())

  const count = computed(() => (sheet.value?.kind === 'pdf' ? pages.value.length : 1))
  const paper_width = computed(() => Math.max(80, Math.floor(width.value * zoom.value)))
  /** a turned picture takes the width of the ground with what was its height */
  const picture = computed(() => {
    if (sheet.value?.kind !== 'picture') return null
    const { url, width: across, height: down } = sheet.value
    const sideways = turn.value % 180 !== 0
    const box = sideways ? down : across
    const scale = Math.min(
      paper_width.value / box,
      zoom.value <= 1 ? Math.max(1, zoom.value) : zoom.value * 1.5,
    )
    return { url, width: Math.round(across * scale), height: Math.round(down * scale), sideways }
  })

  function step(direction: 1 | -1): void {
    const next =
      direction > 0
        ? ZOOMS.find((one) => one > zoom.value + 0.001)
        : ZOOMS.findLast((one) => one < zoom.value - 0.001)
    zoom.value = next ?? zoom.value
  }

  /** The whole page, or the width again when it already is whole. */
  function fit(): void {
    const form = formOf(page.value)
    const whole = form
      ? Math.min(1, Math.max(LEAST, (height.value * form.width) / (form.height * width.value)))
      : 1
    zoom.value = Math.abs(zoom.value - whole) < 0.01 ? 1 : whole
    const at = page.value
    void nextTick(() => toPage(at))
  }

  function formOf(number: number): { width: number; height: number } | null {
    const held = pages.value[number - 1]
    if (held) return held.getViewport({ scale: 1, rotation: (held.rotate + turn.value) % 360 })
    if (sheet.value?.kind !== 'picture') return null
    return turn.value % 180 ? { width: sheet.value.height, height: sheet.value.width } : sheet.value
  }

  /** The page in the middle of the ground is the page one is at. */
  function scrolled(): void {
    const element = ground.value
    if (!element) return
    const middle = element.scrollTop + element.clientHeight / 2
    const papers = [...element.querySelectorAll<HTMLElement>('[data-page]')]
    const at = papers.findLast((paper) => paper.offsetTop <= middle)
    page.value = Number(at?.dataset['page'] ?? 1)
  }

  function toPage(number: number): void {
    const paper = ground.value?.querySelector<HTMLElement>(`[data-page="${number}"]`)
    if (!paper || !ground.value) return
    ground.value.scrollTo({ top: paper.offsetTop - ABOVE_PX })
    page.value = number
  }

  function turnOn(): void {
    turn.value = (turn.value + 90) % 360
  }

  /** Upright, and as wide as there is room. */
  function straighten(): void {
    zoom.value = 1
    turn.value = 0
  }

  /** Goes where a key leads; whether it leads anywhere. */
  function goBy(key: string): boolean {
    if (key === 'PageDown') toPage(Math.min(count.value, page.value + 1))
    else if (key === 'PageUp') toPage(Math.max(1, page.value - 1))
    else if (key === 'Home') toPage(1)
    else if (key === 'End') toPage(count.value)
    else if (key === '+' || key === '=') step(1)
    else if (key === '-') step(-1)
    else if (key === '0') fit()
    else return false
    return true
  }

  return {
    ...{ zoom, turn, page, ground, width, count, paper_width, picture },
    ...{ step, fit, scrolled, toPage, turnOn, straighten, goBy },
  }
}
