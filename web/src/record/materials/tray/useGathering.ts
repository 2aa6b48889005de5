/**
 * The ways in for files at the tray: drag, paste of a screenshot, picker, folder. One goes where it was given; several wait
 * until each has its place.
 */
import { computed, onBeforeUnmount, onMounted, ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { announce } from '../../../ui/announce'
import { typing } from '../../../ui/shortcuts'
import { Problem } from '../../../wire/http'
import type { CaseBook } from '../../book/useCase'
import { AT_MOST, filesOf, picked, sorted, type Gathered } from '../../rules/gathered'
import { NEW_SLOT, type Line } from '../../rules/lines'
import type { Uploads } from '../useUploads'

export interface GatheringOf {
  book: Pick<CaseBook, 'mean'>
  uploads: Pick<Uploads, 'sendAll'>
  lines: () => Line[]
  selected: () => string | null
  closed: () => boolean
  isShut: (line: string | null) => boolean
  /** one file that is given to a line, and to one of its places */
  bring: (line: string, file: File, slot: number | null) => void
  /** several were sent, the first of them to this line */
  sent: (line: string) => void
  failed: (problem: Problem) => void
}

/** What a picture from the clipboard is called: a browser gives all of them one name. */
export function pastedAs(file: File, name: string): File {
  return /^image\.\w+$/.test(file.name)
    ? new File([file], `${name}.${file.type.split('/').at(-1)}`, { type: file.type })
    : file
}

export function useGathering(desk: GatheringOf) {
  const { t, d } = useI18n()
  /** the line above which a file is dragged */
  const over = ref<string | null>(null)
  const hint = ref('')
  /** several files that wait to be put in their places */
  const gathered: Ref<Gathered[]> = ref([])
  const waits = computed(() => gathered.value.length > 0)

  function send(line: string, file: File, slot: number | null = null): void {
    hint.value = ''
    if (!desk.isShut(line)) desk.bring(line, file, slot)
  }

  /** One file goes where it was dropped; of several each is looked at first. */
  function gather(
    line: string | null,
    files: readonly { file: File; path: string }[],
    slot: number | null = null,
  ): void {
    hint.value = ''
    const [first] = files
    if (!first || (desk.closed() && (files.length > 1 || !line))) return
    if (files.length === 1 && line) send(line, first.file, slot)
    // what waits there already stays
    else gathered.value = [...gathered.value, ...sorted(files, desk.lines(), line)].slice(0, AT_MOST)
  }

  async function sendAll(files: readonly Gathered[]): Promise<void> {
    try {
      await desk.book.mean()
    } catch (reason) {
      const told = Problem.of(reason)
      if (!told.declined) desk.failed(told)
      return // what was chosen stays
    }
    gathered.value = []
    // several at once stand beside what is there
    void desk.uploads.sendAll(files, { slot: NEW_SLOT })
    if (files[0]) desk.sent(files[0].line)
  }

  /** The next version of one file of a line. */
  function renew(line: string, slot: number, event: Event): void {
    const input = event.target as HTMLInputElement
    const [file] = input.files ?? []
    if (file) send(line, file, slot)
    // the same file may be chosen again
    input.value = ''
  }

  /** What a picker gave; one file goes to the side that the picker names. */
  function chosen(line: string | null, event: Event, slot: number | null = null): void {
    const input = event.target as HTMLInputElement
    gather(line, picked(input.files), slot)
    // the same file may be chosen again
    input.value = ''
  }

  async function drop(line: string | null, event: DragEvent): Promise<void> {
    over.value = null
    gather(line, await filesOf(event.dataTransfer))
  }

  function paste(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])]
    const selected = desk.selected()
    if (
      desk.isShut(selected) ||
      !files.length ||
      (typing(event) && event.clipboardData?.types.includes('text/plain'))
    )
      return
    event.preventDefault()
    if (!selected) {
      hint.value = t('record.materials.paste_where')
      announce(hint.value)
      return
    }
    const time = d(new Date(), 'second').replaceAll(':', '')
    const name = t('record.materials.screenshot', { time })
    const named = files.map((file) => pastedAs(file, name))
    gather(
      selected,
      named.map((file) => ({ file, path: file.name })),
    )
  }

  // a file that misses its line must not replace the page
  const swallow = (event: DragEvent): void => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault()
  }
  onMounted(() => {
    window.addEventListener('paste', paste)
    window.addEventListener('dragover', swallow)
    window.addEventListener('drop', swallow)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('paste', paste)
    window.removeEventListener('dragover', swallow)
    window.removeEventListener('drop', swallow)
  })

  return { over, hint, gathered, waits, sendAll, renew, chosen, drop }
}
