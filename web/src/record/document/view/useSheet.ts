/**
 * The copy of one material on the table: opened once it is there, with what stood in its place while it arrived, and
 * renewed where one reads when a copy with another mark is made. Knows neither zoom nor page.
 */
import type { PDFPageProxy } from 'pdfjs-dist'
import { nextTick, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { announce } from '../../../ui/announce'
import { Problem } from '../../../wire/http'
import type { MaterialView } from '../../../wire/messages'
import { copyOf, making, type Documents, type Sheet } from '../documents'

/** Which material is wanted now, and what becomes of it. */
export interface WantedSheet {
  documents: () => Documents
  material: () => MaterialView | null
  /** the name of its line */
  name: () => string | null
  /** what lay here is taken away */
  cleared: () => void
  /** another material lies here */
  laid: (material_id: string) => void
}

export function useSheet({ documents, material: wanted, name, cleared, laid }: WantedSheet) {
  const { t } = useI18n()
  const sheet = shallowRef<Sheet | null>(null)
  const pages = shallowRef<PDFPageProxy[]>([])
  const problem = shallowRef<Problem | null>(null)
  const loading = ref(false)
  /** what stood here as it arrived stays until the sealed copy is drawn */
  const early = ref<MaterialView | null>(null)
  /** the copy whose pages lie here */
  const copy = ref<string | null>(null)
  /** the material whose copy lies here */
  let lying: string | null = null

  async function take(material: MaterialView): Promise<{ opened: Sheet; all: PDFPageProxy[] }> {
    const opened = await documents().open(material)
    const all =
      opened.kind === 'pdf'
        ? await Promise.all(
            Array.from({ length: opened.pdf.numPages }, (_, index) => opened.pdf.getPage(index + 1)),
          )
        : []
    return { opened, all }
  }

  /** Whether its copy was opened, or why not is told, while it was still wanted. */
  async function lay(material: MaterialView): Promise<boolean> {
    try {
      const { opened, all } = await take(material)
      if (wanted()?.id !== material.id) return false
      pages.value = all
      sheet.value = opened
      copy.value = copyOf(material)
      lying = material.id
    } catch (reason) {
      if (wanted()?.id !== material.id) return false
      problem.value = Problem.of(reason)
    }
    return true
  }

  /** Lays the wanted material here, or what there is of it; a newer copy takes the place where one reads. */
  async function show(): Promise<void> {
    const material = wanted()
    if (material && lying === material.id && sheet.value && material.state === 'stored') {
      if (!making(material)) await lay(material)
      return
    }
    lying = null
    sheet.value = null
    pages.value = []
    problem.value = null
    cleared()
    // that it begins is announced by the early view; the end is said here, once
    if (
      material &&
      material.id === early.value?.id &&
      early.value.state === 'receiving' &&
      (material.state === 'stored' || material.state === 'rejected')
    ) {
      announce(t(`record.document.early_${material.state}`, { name: name() ?? material.name }))
    }
    early.value =
      material &&
      (material.state === 'receiving' || (material.state === 'stored' && early.value?.id === material.id))
        ? material
        : null
    loading.value = material?.state === 'stored'
    if (material?.state !== 'stored' || making(material)) return
    if (!(await lay(material))) return
    loading.value = false
    early.value = null
    await nextTick()
    laid(material.id)
  }

  return { sheet, pages, problem, loading, early, copy, show }
}
