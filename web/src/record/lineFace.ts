/** How a line of the material list is shown: state, words, progress; the same in the window's tray and the approver's. */
import type { ComposerTranslation } from 'vue-i18n'
import { shorten } from '../ui/shorten'
import type { StateKind } from '../ui/states'
import type { Line, LineState } from './lines'
import type { Progress } from './useCase'
import type { Transfer } from './useUploads'
import { percent, size } from './words'

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

const REJECTED = ['file_type', 'file_broken', 'file_too_large', 'file_empty', 'disk_full'] as const

export function faceOf(
  t: ComposerTranslation,
  line: Line,
  transfer: Transfer | null,
  progress: ReadonlyMap<string, Progress>,
): LineFace {
  const { current, state } = line
  if (transfer) {
    const done = percent(transfer.sent_bytes, transfer.size_bytes)
    const failed = transfer.state === 'failed'
    return {
      kind: failed ? 'refused' : transfer.state === 'waiting' ? 'waiting' : 'uploading',
      word: failed ? t('record.materials.state.failed') : t(`record.materials.state.${transfer.state === 'waiting' ? 'waiting' : 'receiving'}`, { percent: done }),
      reason: transfer.problem?.title,
      percent: done,
      way: `${shorten(transfer.name, NAME)} · ${t('record.materials.uploading_here')}${transfer.bytes_per_s ? ` · ${size(transfer.bytes_per_s)}/s` : ''}`,
      waiting: transfer.state !== 'running',
    }
  }
  if (current && state === 'receiving') {
    const seen = progress.get(current.id)
    const done = percent(seen?.received_bytes ?? 0, current.size_bytes)
    return {
      kind: 'uploading',
      word: t('record.materials.state.receiving', { percent: done }),
      reason: undefined,
      percent: done,
      way: `${shorten(current.name, NAME)} · ${current.by.window_name ?? current.by.name}${seen?.bytes_per_s ? ` · ${size(seen.bytes_per_s)}/s` : ''}`,
      waiting: false,
    }
  }
  const rejected = REJECTED.find((code) => code === current?.rejected_code) ?? 'other'
  return {
    kind: kinds[state],
    word: t(`record.materials.state.${state}`),
    reason: state === 'returned' ? current?.review_reason : state === 'rejected' ? t(`record.materials.rejected.${rejected}`) : undefined,
    percent: null,
    way: undefined,
    waiting: false,
  }
}
