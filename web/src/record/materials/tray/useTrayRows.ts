/** What stands in the tray: a row for each line of materials, and the files of no line. Derived, never kept. */
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { MaterialView, PersonRef } from '../../../wire/messages'
import type { CaseBook } from '../../book/useCase'
import { OTHER, othersOf, versionOf, type Line } from '../../rules/lines'
import { commentsOn } from '../../rules/points'
import { comes, promiseOf } from '../../rules/promises'
import { faceOf, faceOfTransfer, faultWord, refusals, type LineFace } from '../lineFace'
import type { Transfer } from '../uploads/transfer'
import type { Uploads } from '../useUploads'

export interface Moving {
  transfer: Transfer
  face: LineFace
}

export interface TrayRow {
  line: Line
  /** on its way from this page */
  transfer: Transfer | null
  /** more of them, where several come at once */
  also: Moving[]
  /** tries that came to nothing; the state of a line that holds nothing else says why by itself */
  failed: string[]
  /** the line takes nothing any more */
  shut: boolean
  promised: boolean
  face: LineFace
  /** so many comments on it are open */
  comments: number
  viewers: PersonRef[]
  /** what the limits said against files of it */
  faults: string[]
  /** where else the same file lies */
  duplicate: string | null
}

export interface RowsOf {
  book: Pick<CaseBook, 'view' | 'progress' | 'looking'>
  uploads: Pick<Uploads, 'transfers' | 'faults' | 'limits'>
  lines: () => readonly Line[]
  /** the case takes nothing any more, but what is owed to it */
  closed: () => boolean
}

/** The uploads from this page that stand for the line, until the record says that they came. */
export function transfersOf(line: Line, transfers: Iterable<Transfer>): Transfer[] {
  const come = new Set(line.slots.filter((one) => one.state !== 'receiving').map((one) => one.current?.id))
  return [...transfers].filter(
    (one) => one.line === line.line.key && !(one.material_id && come.has(one.material_id)),
  )
}

export function useTrayRows({ book, uploads, lines, closed }: RowsOf) {
  const { t } = useI18n()
  const numberOf = (one: MaterialView): number =>
    book.view.value ? versionOf(book.view.value, one) : one.number

  /** What is owed to an accepted case is still taken, and what is shown in a consultation. */
  function isShut(key: string | null): boolean {
    const view = book.view.value
    const line = lines().find((one) => one.line.key === key)
    return closed() && !(view && line && comes(view, line))
  }

  const faultsOf = (key: string): string[] =>
    uploads.faults.value
      .filter((one) => one.line === key)
      .map((one) => faultWord(t, uploads.limits.value, one.fault))

  function duplicate(material: MaterialView | null): string | null {
    if (!material?.duplicate_of) return null
    const first = book.view.value?.materials.find((one) => one.id === material.duplicate_of)
    const line = lines().find((one) => one.line.key === first?.line)
    return first && line
      ? t('record.materials.duplicate', { line: line.line.name, n: numberOf(first) })
      : t('record.materials.duplicate_of_old')
  }

  const rows = computed(() =>
    lines().map((line): TrayRow => {
      const { key } = line.line
      const view = book.view.value
      const [transfer = null, ...after] = transfersOf(line, uploads.transfers.values())
      const shut = isShut(key)
      const told = line.state === 'rejected' ? (line.current?.id ?? null) : null
      return {
        line,
        transfer,
        also: after.map((one) => ({ transfer: one, face: faceOfTransfer(t, one) })),
        failed: view && !shut ? refusals(t, view, line, told) : [],
        shut,
        promised: view !== null && promiseOf(view, key) !== null,
        face: faceOf(t, line, transfer, book.progress),
        comments: view ? commentsOn(view, `line:${key}`).filter((one) => one.state === 'open').length : 0,
        viewers: [...book.looking.values()]
          .filter((one) => line.slots.some((slot) => slot.current?.id === one.material_id))
          .map((one) => one.by),
        faults: faultsOf(key),
        duplicate: duplicate(line.current),
      }
    }),
  )

  /** files of no line: from this page on their way, and in the record */
  const others = computed(() => {
    const listed = lines().some((one) => one.line.key === OTHER)
    const moving = [...uploads.transfers.values()].filter(
      (one) => one.line === OTHER && !one.answers && !listed,
    )
    const there = (book.view.value ? othersOf(book.view.value) : []).filter(
      (one) => !moving.some((two) => two.material_id === one.id),
    )
    return {
      moving: moving.map((transfer): Moving => ({ transfer, face: faceOfTransfer(t, transfer) })),
      there,
    }
  })

  return { rows, others, isShut, faultsOf, numberOf }
}
