/**
 * What lies on the clerk's table: the open line of materials, and of the case the file, paper or field that is looked at.
 * It knows what is shown and why nothing is; what is sent, moved or taken stands in the modules beside it.
 */
import { computed, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { nameOf } from '../../../record/applicant/turned'
import { faultWord, refusals } from '../../../record/materials/lineFace'
import type { Uploads } from '../../../record/materials/useUploads'
import { closed, counts, linesOf, movedFrom, slotOf, type Line } from '../../../record/rules/lines'
import { comes } from '../../../record/rules/promises'
import type { CaseView, MaterialView } from '../../../wire/messages'

export interface TableOf {
  view: Ref<CaseView | null>
  uploads: Pick<Uploads, 'faults' | 'limits'>
  /** folds away what the call shows in the place of the document */
  fold: () => void
}

export type Table = ReturnType<typeof useTable>

/**
 * The version on the table: the current one of the line, unless an older one was taken out; of a try that was not taken,
 * what counts on in its place.
 */
export function lyingOf(view: CaseView, of: Line | null, old: string | null): MaterialView | null {
  const picked = view.materials.find((one) => one.id === old)
  const lost = picked?.state === 'rejected' && of?.line.key === picked.line && !counts(of, picked)
  if (picked && !lost) return picked
  return (lost && of?.slots.find((one) => one.slot === slotOf(picked))?.current) || (of?.current ?? null)
}

export function useTable({ view, uploads, fold }: TableOf) {
  const { t } = useI18n()
  const line_key = ref<string | null>(null)
  const old = ref<string | null>(null)
  const paper_id = ref<string | null>(null)
  /** the line that was opened here last: what was put on it by others is seen then */
  const opened = ref<string | null>(null)
  /** the line whose file was sent last, until something else is looked at: what was sent lies open as it comes */
  const going = ref<string | null>(null)
  /** the field that was last filled, until something else is looked at */
  const field = ref<string | null>(null)

  const over = computed(() => view.value !== null && closed(view.value))
  const lines = computed(() => (view.value ? linesOf(view.value) : []))
  const lineOf = (key: string | null | undefined): Line | null =>
    lines.value.find((one) => one.line.key === key) ?? null
  const line = computed(() => lineOf(line_key.value))
  const shown = computed(() => (view.value ? lyingOf(view.value, line.value, old.value) : null))
  /** one that does not count any more */
  const outdated = computed(
    () =>
      shown.value !== null &&
      shown.value.purpose === 'material' &&
      line.value !== null &&
      shown.value.line === line.value.line.key &&
      !counts(line.value, shown.value),
  )
  /** what is owed to an accepted case is still taken, and what is shown in a consultation */
  const owes = (of: Line | null): boolean => view.value !== null && of !== null && comes(view.value, of)
  /** tries for the open line that came to nothing: they say why where the file would lie */
  const refused = computed(() => {
    const [{ value: held }, { value: of }] = [view, line]
    if (
      !held ||
      !of ||
      (over.value && !comes(held, of)) ||
      (shown.value && (shown.value.line !== of.line.key || shown.value.purpose !== 'material'))
    )
      return []
    const faults = uploads.faults.value
      .filter((one) => one.line === of.line.key)
      .map((one) => faultWord(t, uploads.limits.value, one.fault))
    return [...refusals(t, held, of, shown.value?.state === 'rejected' ? shown.value.id : null), ...faults]
  })
  const shown_name = computed(
    () => line.value?.line.name ?? (view.value && shown.value ? nameOf(view.value, shown.value) : null),
  )
  /** the open file, where a card on it could be read for this form */
  const reads_card = computed(() => {
    const one = shown.value
    if (!one || one.purpose !== 'material' || one.state !== 'stored' || outdated.value || over.value)
      return null
    const pictured = one.media_type === 'application/pdf' || one.media_type?.startsWith('image/')
    const asked = view.value?.item.form.some((field) => field.card)
    return pictured && asked && uploads.limits.value?.reads_cards ? one : null
  })
  const paper = computed(
    () => view.value?.papers.find((one) => one.id === paper_id.value && one.state === 'ready') ?? null,
  )

  watch(
    lines,
    (now) => (line_key.value ??= now.find((one) => one.current)?.line.key ?? now[0]?.line.key ?? null),
  )

  function select(key: string): void {
    fold()
    opened.value = key
    going.value = null
    line_key.value = key
    old.value = null
    paper_id.value = null
    field.value = null
  }

  /** Lays a file on the table. */
  function put(material: MaterialView): void {
    fold()
    line_key.value = material.line
    paper_id.value = null
    field.value = null
    old.value = material.id === lineOf(material.line)?.current?.id ? null : material.id
  }

  function show(material: MaterialView): void {
    going.value = null
    put(material)
  }

  /** A field of the form took the focus. */
  function entered(event: FocusEvent): void {
    field.value =
      (event.target as HTMLElement).closest<HTMLElement>('[data-field]')?.dataset['field'] ?? field.value
  }

  /** Turns to the document that somebody leads to. */
  function follow(material_id: string): void {
    const found = view.value?.materials.find((one) => one.id === material_id)
    if (found) show(found)
  }

  // the file that lies open is followed to where it was put, by whomever
  watch(shown, (_, was) => {
    const there = was && view.value ? movedFrom(view.value, was) : null
    if (there && line_key.value === was?.line) show(there)
  })

  return {
    over,
    lines,
    lineOf,
    line_key,
    line,
    old,
    shown,
    outdated,
    owes,
    refused,
    shown_name,
    reads_card,
    paper_id,
    paper,
    opened,
    going,
    field,
    select,
    put,
    show,
    entered,
    follow,
  }
}
