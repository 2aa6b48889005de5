/** Where a field is on the page: brought into sight, and the focus led to it. */
import { nextTick, type Ref } from 'vue'
import { unclaimed } from '../../ui/focus'

const INPUT = 'input, select, textarea, button'

/** The path of the field in which the focus lies. */
export function focusedField(): string | null {
  return document.activeElement?.closest<HTMLElement>('[data-field]')?.dataset['field'] ?? null
}

/** Among the fields of this `panel`. */
export function useFieldFocus(panel: Ref<HTMLElement | null>) {
  const rowOf = (path: string): HTMLElement | null =>
    panel.value?.querySelector<HTMLElement>(`[data-field="${CSS.escape(path)}"]`) ?? null

  function bring(path: string): void {
    const smooth = !window.matchMedia('(prefers-reduced-motion: reduce)').matches
    rowOf(path)?.scrollIntoView({ block: 'center', behavior: smooth ? 'smooth' : 'auto' })
  }

  /**
   * Leads to a field: into sight, and to the answer to what is proposed for it, or else into its input where
   * it can be filled.
   */
  function go(path: string): void {
    bring(path)
    const row = rowOf(path)
    const to =
      row?.querySelector<HTMLElement>('[data-proposal] .adopt') ?? row?.querySelector<HTMLElement>(INPUT)
    to?.focus({ preventScroll: true })
  }

  /** The focus goes to the field when what was pressed is there no more. */
  async function backTo(path: string): Promise<void> {
    await nextTick()
    if (unclaimed()) go(path)
  }

  return { bring, go, backTo }
}
