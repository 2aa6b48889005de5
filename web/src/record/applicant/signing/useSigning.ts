/**
 * The summary that the applicant reads, and his signature below it: made anew when what it is made of changes under him,
 * given to the showing that he read, dropped only when he has said so.
 */
import { computed, ref, shallowRef, watch } from 'vue'
import { http } from '../../../wire/http'
import type { CaseView, SignatureImage, SummaryView } from '../../../wire/messages'
import type { CaseBook } from '../../book/useCase'
import type { Answering } from '../screen/useAnswering'
import type { Stroke } from './strokes'

/** What he wrote, and on how large a box. */
export interface Written {
  width: number
  height: number
  strokes: Stroke[]
}

/** What the summary is made of: while it stays, so does the hash. */
export function contentOf(view: CaseView | null): string {
  if (!view) return ''
  const fields = Object.entries(view.fields).map(([name, state]) => `${name}@${state.version}`)
  const files = view.materials
    .filter((one) => one.purpose === 'material' && one.state === 'stored')
    .map((one) => one.id)
  return [...fields.sort(), ...files.sort()].join(' ')
}

export interface Signing {
  book: Pick<CaseBook, 'view' | 'summarise' | 'sign'>
  answering: Pick<Answering, 'act' | 'problem'>
  /** he reads and signs now; he has signed */
  stage: () => 'sign' | 'signed' | null
  /** a summary was made and is before him */
  shown: (summary: SummaryView) => void
  /** he wants to write his signature again: the one that he gave holds until the new one is there */
  rewriting: { value: boolean }
}

export function useSigning({ book, answering: { act, problem }, stage, shown, rewriting }: Signing) {
  const summary = shallowRef<SummaryView | null>(null)
  const phase = ref<'read' | 'write'>('read')
  const changed_under = ref(false)
  const image = shallowRef<SignatureImage | null>(null)
  const content = computed(() => contentOf(book.view.value))

  async function summarise(): Promise<SummaryView | null> {
    const made = await act(() => book.summarise())
    if (made) {
      summary.value = made
      shown(made)
    }
    return made
  }

  watch(
    [() => stage() === 'sign', content],
    async ([on, now], [was, before]) => {
      if (!on) return
      if (was && now === before) return
      // what he had read is no longer what he would sign
      changed_under.value = Boolean(was && summary.value)
      phase.value = 'read'
      await summarise()
    },
    { immediate: true },
  )

  function write(): void {
    phase.value = 'write'
    changed_under.value = false
  }

  async function sign({ strokes, width, height }: Written): Promise<void> {
    const { value: read } = summary
    const [first, ...rest] = strokes
    if (!read || !first) return
    const give = (of: SummaryView) => book.sign(of.hash, of.shown_at, width, height, [first, ...rest])
    let signed = await act(() => give(read))
    if (!signed && problem.value?.code === 'stale') {
      // the same content may have been shown again elsewhere since: then this is what he has before him
      const again = await summarise()
      if (again?.hash === read.hash) signed = await act(() => give(again))
      else if (again) {
        changed_under.value = true
        phase.value = 'read'
      }
    }
    if (signed) rewriting.value = false
  }

  watch(
    () => book.view.value?.signature,
    async (now) => {
      image.value = null
      if (!now || now.outdated) return
      image.value = await http.get<SignatureImage>(`/signatures/${now.id}`).catch(() => null)
      if (!summary.value && stage() === 'signed') await summarise()
    },
    { immediate: true },
  )

  return { summary, phase, changed_under, image, summarise, write, sign }
}

export type SigningNow = ReturnType<typeof useSigning>
