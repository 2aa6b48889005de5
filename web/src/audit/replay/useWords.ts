/** The words of a mark: its sentence, its row, its icon. */
import { useI18n, type ComposerTranslation } from 'vue-i18n'
import { listed } from '../../i18n'
import { CHOPPY, UNEVEN_MS } from '../../rules/sound'
import type { IconName } from '../../ui/sprite'
import type { CallDetail, FileCheck } from '../../wire/messages'
import { clockOf } from '../rules/lengths'
import type { Stretch } from '../rules/qualities'
import type { TimelineMark } from '../rules/marks/marks'

const ICONS: Readonly<Record<string, IconName>> = {
  consent_given: 'shield',
  consent_refused: 'shield',
  consent_withdrawn: 'shield',
  review_accepted: 'good',
  review_returned: 'mend',
  review_not_needed: 'not-needed',
  review_withdrawn: 'back',
  checked_ok: 'good',
  checked_lacking: 'mend',
  check_withdrawn: 'back',
  shown: 'eye',
  read_over: 'eye',
  signed: 'pen',
  signed_anew: 'pen',
  signature_void: 'mend',
  signature_stale: 'refused',
  signature_refused: 'refused',
  submitted: 'flag',
  answered_yes: 'good',
  answered_no: 'back',
  rated_1: 'good',
  rated_2: 'good',
  rated_3: 'good',
  rated_4: 'mend',
  rated_5: 'mend',
  decided_accepted: 'flag',
  decided_to_correct: 'mend',
  decided_refused: 'refused',
  ruled_granted: 'flag',
  ruled_denied: 'refused',
  issued: 'good',
  delivery_delivered: 'good',
  delivery_returned: 'mend',
  receiver_checked: 'id-card',
  referred: 'turn',
  registered: 'file',
  commented: 'pen',
  comment_answered: 'pen',
  comment_resolved: 'good',
  comment_reopened: 'mend',
  said: 'message',
  said_staff: 'message',
  file_rejected: 'refused',
  file_sent: 'download',
}

export function iconOf(mark: TimelineMark): IconName {
  const known = ICONS[mark.kind]
  if (known) return known
  if (mark.row === 'people') return 'person'
  return mark.row === 'form' ? 'pen' : 'file'
}

/** What is put into the sentence of a mark: why somebody was not well served, before his own words. */
export function valuesOf(
  t: ComposerTranslation,
  { values: { reasons, ...told } }: TimelineMark,
): Record<string, string> {
  const values = told['way'] ? { ...told, way: t(`record.course.deliver.kinds.${told['way']}`) } : told
  if (!reasons) return values
  const why = listed(reasons.split(' ').map((one) => t(`turned.rate.reason.${one}`)))
  return { ...values, text: values['text'] ? `${why}${t('shell.marks.colon')}${values['text']}` : why }
}

const percent = (share: number): string => (share * 100).toFixed(1)

/** What a page told of its connection in a stretch: how good it was, and everything that is known to have made it so. */
export function lineSaid(t: ComposerTranslation, line: Stretch, time: (second: number) => string): string {
  const head = t('audit.tracks.line', {
    from: time(line.from_s),
    to: time(line.to_s),
    level: t(`call.quality.${line.level}`),
  })
  // of a connection that is gone nothing was measured any more
  if (line.level === 'lost') return head
  const known = [t('audit.tracks.missing', { loss: percent(line.loss) })]
  if (line.round_trip_ms !== null)
    known.push(t('audit.tracks.way', { way: t('call.quality.ms', { n: line.round_trip_ms }) }))
  if (line.level !== 'excellent') {
    if (line.freezes || line.freeze_ms)
      known.push(
        t('audit.tracks.frozen', {
          n: Math.max(1, line.freezes),
          seconds: (line.freeze_ms / 1000).toFixed(1),
        }),
      )
    if (line.concealed > CHOPPY) known.push(t('audit.tracks.choppy', { share: percent(line.concealed) }))
    if (line.jitter_ms > UNEVEN_MS) known.push(t('audit.tracks.uneven', { n: line.jitter_ms }))
    for (const one of line.limited_by) known.push(t(`audit.tracks.limited.${one}`))
    // a connection counts as better only once it was so for some seconds: these figures are already those of the better one
    const measured = line.loss > 0.02 || (line.round_trip_ms ?? 0) > 250
    if (!measured && known.length === (line.round_trip_ms === null ? 1 : 2))
      known.push(t('audit.tracks.recovering'))
  }
  const words = `${head}${t('shell.marks.colon')}${known.join(t('shell.marks.comma'))}`
  return line.relayed ? `${words} · ${t('audit.tracks.relayed')}` : words
}

export function useWords(): {
  sentence: (mark: TimelineMark) => string
  brief: (mark: TimelineMark) => string
  time: (second: number) => string
} {
  const { t, te } = useI18n()
  return {
    sentence(mark) {
      const key = `audit.marks.${mark.kind}`
      return te(key) ? t(key, valuesOf(t, mark)) : mark.kind
    },
    /** two or three words beside an icon */
    brief(mark) {
      const key = `audit.brief.${mark.kind}`
      return te(key) ? t(key, mark.values) : ''
    },
    /** −00:12 before the call, 08:42 in it */
    time: (second) => (second < 0 ? `−${clockOf(Math.ceil(-second))}` : clockOf(second)),
  }
}

/** The name of a file that was checked: a picture is named by its party. */
export function useFileNames(detail: () => CallDetail | null): (file: FileCheck) => string {
  const { t } = useI18n()
  return (file) => {
    const told = detail()
    const one = [...(told?.recordings ?? []), ...(told?.playbacks ?? [])].find(
      (found) => found.id === file.id,
    )
    if (!one) return file.name
    return one.seat === 'composed'
      ? t('audit.files.composition')
      : `${t(`audit.seats.${one.seat}`)} ${one.person?.name ?? ''}`
  }
}
