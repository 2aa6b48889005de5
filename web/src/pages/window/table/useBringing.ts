/**
 * Files that this desk brings into the case or puts elsewhere in it: asked first where they might replace something, and
 * whoever sends or moves one stays with it.
 */
import { computed, nextTick, ref, shallowRef, watch } from 'vue'
import type { CaseBook } from '../../../record/book/useCase'
import type { Sending } from '../../../record/materials/uploads/transfer'
import type { Uploads } from '../../../record/materials/useUploads'
import { asks, movedFrom, NEW_SLOT, OTHER } from '../../../record/rules/lines'
import { Problem } from '../../../wire/http'
import type { MaterialView } from '../../../wire/messages'
import { focusOn } from '../../../ui/focus'
import type { Table } from './useTable'

export interface BringingOf {
  book: Pick<CaseBook, 'view' | 'mean'>
  uploads: Pick<Uploads, 'transfers' | 'send' | 'dismiss'>
  table: Table
  failed: (problem: Problem) => void
}

export type Bringing = ReturnType<typeof useBringing>

export function useBringing({ book, uploads, table, failed }: BringingOf) {
  const { view } = book

  /** Whether a file is meant for this case, and not for that of a call which runs. */
  async function means(): Promise<boolean> {
    try {
      await book.mean()
      return true
    } catch (reason) {
      const told = Problem.of(reason)
      if (!told.declined) failed(told)
      return false
    }
  }

  // ---------------------------------------------------------------- sent

  /** a further file of a line, until it is said where it belongs */
  const placing = shallowRef<{ key: string; file: File; sending: Sending } | null>(null)
  const placing_line = computed(() => table.lineOf(placing.value?.key))

  /** Sends a file to a line; where it might replace something, that is asked first. */
  async function bring(key: string, file: File, sending: Sending = {}): Promise<void> {
    if (!(await means())) return
    const into = table.lineOf(key)
    const on_its_way = [...uploads.transfers.values()].some(
      (one) => one.line === key && one.purpose === 'material',
    )
    table.select(key)
    if (into && key !== OTHER && asks(into) && sending.slot == null) {
      placing.value = { key, file, sending }
      return
    }
    void uploads.send(key, file, { ...sending, slot: sending.slot ?? (on_its_way ? NEW_SLOT : null) })
    if (!sending.answers) void goWith(key)
  }

  function place(slot: number): void {
    const held = placing.value
    placing.value = null
    if (!held) return
    void uploads.send(held.key, held.file, { ...held.sending, slot })
    if (!held.sending.answers) void goWith(held.key)
  }

  /** Whoever sends a file stays with it: on the row of its line, unless he writes meanwhile. */
  async function goWith(key: string): Promise<void> {
    if (!table.lineOf(key)) return
    if (table.line_key.value !== key) table.select(key)
    table.going.value = key
    await nextTick()
    if (!document.activeElement?.closest('.side'))
      focusOn(`.tray-part [data-line="${CSS.escape(key)}"] .pick`)
  }

  const sent = ref<string | null>(null)
  watch(
    () =>
      [...uploads.transfers.values()]
        .filter((one) => one.line === table.going.value && one.purpose === 'material' && !one.answers)
        .at(-1)?.material_id,
    (id) => (sent.value = id ?? sent.value),
  )
  watch([sent, view], () => {
    const came = view.value?.materials.find((one) => one.id === sent.value)
    if (!came) return
    sent.value = null
    if (table.going.value === came.line) table.put(came)
  })

  // ---------------------------------------------------------------- put elsewhere

  /** a file that is put on another line */
  const moved = shallowRef<MaterialView | null>(null)
  const moved_file = computed(() => view.value?.materials.find((one) => one.id === moved.value?.id) ?? null)

  /** as it lay before it was put elsewhere from here, until the record says where it lies now */
  const landing = shallowRef<MaterialView | null>(null)
  function landed(): void {
    landing.value = moved.value
    moved.value = null
  }
  // whoever moved it stays with it: at its own button, on the line where it lies now
  watch([landing, view], async () => {
    const there = landing.value && view.value ? movedFrom(view.value, landing.value) : null
    if (!there) return
    landing.value = null
    // the line has a good file now
    uploads.dismiss(there.line)
    table.show(there)
    await nextTick()
    focusOn(`.tray-part [data-move="${CSS.escape(there.id)}"]`)
  })

  return { means, bring, place, placing, placing_line, goWith, moved, moved_file, landed }
}
