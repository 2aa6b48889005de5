/** How a line of the material list is shown: state, words, progress; the same in the window's tray and the approver's. */
import type { ComposerTranslation } from 'vue-i18n'
import { listed } from '../../i18n'
import { shorten } from '../../ui/shorten'
import type { StateKind } from '../../ui/states'
import type { CaseView, Limits, MaterialView } from '../../wire/messages'
import { refusedOf, versionOf, type Line, type LineState } from '../rules/lines'
import type { Progress } from '../book/useCase'
import type { UploadFault } from './uploads/fileTypes'
import type { Transfer } from './uploads/transfer'
import { pace, percent, size, typeNames, whyNot } from '../rules/words'

/** as much of a file's name as stands beside its progress; both ends of a longer one are kept */
const NAME = 18

export const kinds: Record<LineState, StateKind> = {
  none: 'none',
  receiving: 'uploading',
  rejected: 'refused',
  unread: 'unread',
  accepted: 'good',
  returned: 'mend',
  not_needed: 'not_needed',
  lacking: 'mend',
}

export interface LineFace {
  kind: StateKind
  word: string
  /** why, under the state and in its colour */
  reason: string | undefined
  /** of a transfer under way */
  percent: number | null
  way: string | undefined
  waiting: boolean
}

const TRANSFERS: Record<Transfer['state'], StateKind> = {
  queued: 'waiting',
  running: 'uploading',
  waiting: 'waiting',
  paused: 'waiting',
  cancelled: 'not_needed',
  missing: 'mend',
  failed: 'refused',
}

/** A file on its way from this page. */
export function faceOfTransfer(t: ComposerTranslation, transfer: Transfer): LineFace {
  const { state } = transfer
  const done = percent(transfer.sent_bytes, transfer.size_bytes)
  const word = state === 'running' ? 'receiving' : state
  return {
    kind: TRANSFERS[state],
    word: t(`record.materials.state.${word}`, { percent: done }),
    reason:
      transfer.problem?.title ??
      (state === 'missing' ? t('record.materials.choose_again', { name: transfer.name }) : undefined),
    percent: done,
    way: [
      shorten(transfer.name, NAME),
      t('record.materials.uploading_here'),
      state === 'running' ? pace(t, transfer.size_bytes - transfer.sent_bytes, transfer.bytes_per_s) : '',
    ]
      .filter(Boolean)
      .join(' · '),
    waiting: state !== 'running',
  }
}

/** Why a file is not sent at all, and what is taken instead. */
export function faultWord(t: ComposerTranslation, limits: Limits | null, fault: UploadFault): string {
  return t(`record.materials.fault.${fault.rule}`, {
    name: shorten(fault.name, 24),
    types: typeNames(limits?.media_types ?? []),
    size: size(limits?.max_bytes ?? 0),
  })
}

/** That a file was not taken, why and what to do, and which version counts on in its place. */
function refusal(t: ComposerTranslation, view: CaseView, line: Line, one: MaterialView): string {
  const kept = line.slots.find((slot) => slot.failed?.id === one.id)?.current
  const told = { name: shorten(one.name, 24), why: whyNot(t, one) }
  return kept
    ? t('record.materials.not_taken', { ...told, n: versionOf(view, kept) })
    : t('record.materials.refused', told)
}

/** What there is to say of tries for a line that were not taken; `left_out`: one that says so in its own place. */
export function refusals(
  t: ComposerTranslation,
  view: CaseView,
  line: Line,
  left_out: string | null = null,
): string[] {
  return refusedOf(line).flatMap((one) => (one.id === left_out ? [] : [refusal(t, view, line, one)]))
}

export function faceOf(
  t: ComposerTranslation,
  line: Line,
  transfer: Transfer | null,
  progress: ReadonlyMap<string, Progress>,
): LineFace {
  const { state } = line
  const current =
    (state === 'receiving' ? line.slots.find((one) => one.state === 'receiving')?.current : null) ??
    line.current
  if (transfer) return faceOfTransfer(t, transfer)
  if (current && state === 'receiving') {
    const seen = progress.get(current.id)
    const done = percent(seen?.received_bytes ?? 0, current.size_bytes)
    return {
      kind: 'uploading',
      word: t('record.materials.state.receiving', { percent: done }),
      reason: undefined,
      percent: done,
      way: [
        shorten(current.name, NAME),
        current.by.window_name ?? current.by.name,
        pace(t, current.size_bytes - (seen?.received_bytes ?? 0), seen?.bytes_per_s ?? 0),
      ]
        .filter(Boolean)
        .join(' · '),
      waiting: false,
    }
  }
  return {
    kind: kinds[state],
    word:
      state === 'lacking'
        ? t('record.materials.state.lacking', { names: listed(line.lacks) })
        : t(`record.materials.state.${state}`),
    reason:
      state === 'returned'
        ? line.slots.find((one) => one.state === 'returned')?.current?.review_reason
        : state === 'rejected' && current
          ? t('record.materials.refused', { name: shorten(current.name, 24), why: whyNot(t, current) })
          : undefined,
    percent: null,
    way: undefined,
    waiting: false,
  }
}
