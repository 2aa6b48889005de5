/**
 * What an approver reads: the material that lies open, or a paper instead, and which comes next once it is judged. The
 * first unread one lies open by itself, later ones never do but after a judgement; a file is followed to where it is put.
 */
import { computed, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import {
  closed,
  counts as isCounting,
  linesOf,
  movedFrom,
  nextOther,
  nextSlot,
  nextUnread,
  othersOf,
  type Line,
} from '../../../record/rules/lines'
import { owed } from '../../../record/rules/promises'
import { announce } from '../../../ui/announce'
import type { CaseView, MaterialView } from '../../../wire/messages'

export type Reading = ReturnType<typeof useReading>

/** `fold`: folds away what the call shows in the place of the document. */
export function useReading(view: Ref<CaseView | null>, fold: () => void) {
  const { t } = useI18n()
  const line_key = ref<string | null>(null)
  /** a version that was taken out: an older one of its line, or a file that went between the two sides */
  const picked = ref<string | null>(null)
  const paper_id = ref<string | null>(null)
  /** the line that was opened here last: what was put on it by others is seen then */
  const opened = ref<string | null>(null)

  const lines = computed(() => (view.value ? linesOf(view.value) : []))
  const line = computed(() => lines.value.find((one) => one.line.key === line_key.value) ?? null)
  const shown = computed(
    () => view.value?.materials.find((one) => one.id === picked.value) ?? line.value?.current ?? null,
  )
  const paper = computed(
    () => view.value?.papers.find((one) => one.id === paper_id.value && one.state === 'ready') ?? null,
  )
  /** what lies open is a material, and none that was sent */
  const counts = computed(() => shown.value === null || shown.value.purpose === 'material')
  const old = computed(
    () =>
      shown.value !== null &&
      counts.value &&
      line.value !== null &&
      shown.value.line === line.value.line.key &&
      !isCounting(line.value, shown.value),
  )
  const name = computed(() => {
    const own = line.value?.line.name ?? null
    if (!shown.value || (shown.value.line === line_key.value && counts.value)) return own
    return `${t(`talk.sending.purposes.${shown.value.purpose}`)} ${shown.value.name}`
  })
  const others = computed(() => (view.value ? othersOf(view.value) : []))
  /** a file that is on no line lies open, and the judgement is about it */
  const other = computed(() => others.value.find((one) => one.id === shown.value?.id) ?? null)
  /** nothing that lies open is judged any more */
  const judged = computed(
    () =>
      view.value !== null &&
      closed(view.value) &&
      !(line.value && !other.value && owed(view.value, line.value)),
  )

  watch(lines, (now) => {
    if (line_key.value !== null) return
    const unread = nextUnread(now, null)
    line_key.value = (unread ?? now.find((one) => one.current))?.line.key ?? null
    const file = unread && nextSlot(unread, null)
    if (file && file.id !== unread.current?.id) picked.value = file.id
  })

  function select(key: string): void {
    fold()
    opened.value = key
    line_key.value = key
    picked.value = null
    paper_id.value = null
  }

  function show(material: MaterialView): void {
    fold()
    paper_id.value = null
    if (lines.value.some((one) => one.line.key === material.line)) line_key.value = material.line
    picked.value = material.id === line.value?.current?.id ? null : material.id
  }

  watch(shown, (_, was) => {
    const there = was && view.value ? movedFrom(view.value, was) : null
    if (there && line_key.value === was?.line) show(there)
  })

  /** Opens a line at the file that nobody has judged. */
  function open(line: Line): void {
    const file = nextSlot(line, null)
    if (file) show(file)
    else select(line.line.key)
  }

  function goTo(material_id: string): void {
    const material = view.value?.materials.find((one) => one.id === material_id)
    if (material) show(material)
  }

  /** What lies open was judged: the next file that nobody looked at comes. */
  function reviewed(said: string): void {
    announce(said)
    const beside = !other.value && line.value ? nextSlot(line.value, shown.value?.id ?? null) : null
    if (beside) {
      show(beside)
      return
    }
    const file = nextOther(others.value, other.value?.id ?? null)
    const next = other.value && file ? null : nextUnread(lines.value, other.value ? null : line_key.value)
    if (next) open(next)
    else if (file) show(file)
    else announce(`${said}${t('shell.marks.semicolon')}${t('record.review.all_read')}`)
  }

  return {
    ...{ line_key, picked, paper_id, opened, lines, line, shown, paper, counts, old, name },
    ...{ others, other, judged, select, show, goTo, reviewed },
  }
}
