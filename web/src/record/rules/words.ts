/** How sizes, speeds, types and labels are written; one way for the whole record. */
import type { ComposerTranslation } from 'vue-i18n'
import { listed } from '../../i18n'
import { shorten } from '../../ui/shorten'
import type { CaseView, FormField, MaterialLine, MaterialMoved, MaterialView } from '../../wire/messages'
import type { Change } from './changes'
import { fieldIn, type ValueFault } from './form/fields'
import { regionName } from './form/regions'
import type { AtHand, CaseLacks } from './lacking'
import type { Line } from './lines'
import { placeOf, type Point } from './points'

/** 1.8 MB, 640 KB: 1 KB is 1024 bytes, as file managers at a window count. */
export function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${units[unit]}`
}

export function percent(done: number, all: number): number {
  return all > 0 ? Math.min(100, Math.floor((done / all) * 100)) : 0
}

/** How much of a file has come: all of one that is stored, else the most that anybody has told of or that was read here. */
export function arrivedOf(
  material: Pick<MaterialView, 'state' | 'size_bytes'>,
  told: number | undefined,
  read: number,
): number {
  return material.state === 'stored'
    ? material.size_bytes
    : Math.min(material.size_bytes, Math.max(told ?? 0, read))
}

/** How long it still takes, in words that do not jump about; nothing while the speed is not known. */
export function remaining(t: ComposerTranslation, left_bytes: number, bytes_per_s: number): string {
  if (bytes_per_s <= 0 || left_bytes <= 0) return ''
  const seconds = left_bytes / bytes_per_s
  if (seconds < 10) return t('record.materials.left.moment')
  if (seconds < 60) return t('record.materials.left.seconds', { n: Math.ceil(seconds / 5) * 5 })
  return t('record.materials.left.minutes', { n: Math.ceil(seconds / 60) })
}

/** How fast and how long still: "3.2 MB/s · 还需 15 秒". */
export function pace(t: ComposerTranslation, left_bytes: number, bytes_per_s: number): string {
  return [bytes_per_s > 0 ? `${size(bytes_per_s)}/s` : '', remaining(t, left_bytes, bytes_per_s)]
    .filter(Boolean)
    .join(' · ')
}

/** application/pdf, image/png as PDF、PNG, or PDF, PNG */
export function typeNames(media_types: readonly string[]): string {
  const names: Record<string, string> = {
    'image/webp': 'WebP',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'Word',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'Excel',
  }
  return listed(media_types.map((type) => names[type] ?? type.split('/').at(-1)?.toUpperCase() ?? type))
}

export function labelOf(field: FormField, language: string): string {
  return language === 'en' && field.label_en ? field.label_en : field.label
}

/** What is wrong with a value, as a sentence at its field; `other`: the label of the field that a rule names. */
export function faultSentence(
  t: ComposerTranslation,
  why: ValueFault['why'],
  field: FormField,
  other = '',
  total = '',
): string {
  return t(`record.form.fault.${why}`, {
    n: field.max_length,
    least: field.minimum,
    most: field.maximum,
    rows: why === 'too_few_rows' ? field.min_rows : field.max_rows,
    other,
    total,
    decimals: field.kind === 'money' ? 2 : field.decimals,
  })
}

/** What is wrong at a place of the form, with the field that a rule names. */
export function faultText(
  t: ComposerTranslation,
  view: CaseView,
  fault: ValueFault,
  language: string,
): string {
  const { place, rule, why } = fault
  const beside = rule?.kind === 'sums_to' ? place.field.columns : (place.group?.columns ?? view.item.form)
  const other = beside.find((one) => one.name === rule?.other)
  return faultSentence(t, why, place.field, other && labelOf(other, language), rule?.total)
}

/** A value as a person reads it: a region by its name, an amount with its unit. */
export function valueText(field: FormField, value: string): string {
  if (!value) return ''
  if (field.kind === 'region') return regionName(value)
  if (field.kind === 'money') return `${grouped(value)} ${field.unit}`.trim()
  return field.unit ? `${value} ${field.unit}` : value
}

function grouped(amount: string): string {
  return amount.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',')
}

/** A place that is commented on, in words. */
export function placeName(t: ComposerTranslation, view: CaseView, on: string, language: string): string {
  const place = placeOf(view, on)
  if (!place) return t('talk.comments.case')
  return 'field' in place ? labelOf(place.field, language) : place.name
}

/** One point of a notice as it is read: what it is about, and what is to be done. */
export function saying(
  t: ComposerTranslation,
  view: CaseView,
  point: Point,
  language: string,
): { name: string; text: string } {
  switch (point.kind) {
    case 'returned':
      return { name: point.name, text: point.reason || t('record.notice.returned') }
    case 'other':
      return { name: point.material.name, text: point.reason || t('record.notice.returned') }
    case 'missing':
      return {
        name: point.slot ? `${point.line.line.name}（${point.slot}）` : point.line.line.name,
        text: t(point.receiving ? 'record.notice.moves_out' : 'record.notice.missing'),
      }
    case 'field':
      return {
        name: labelOf(point.field, language),
        text:
          point.fault.why === 'required'
            ? t('record.notice.empty_field')
            : faultText(t, view, point.fault, language),
      }
    case 'comment':
      return {
        name: placeName(t, view, point.comment.on, language),
        text: point.comment.entries[0]?.text ?? '',
      }
    case 'check':
      return { name: point.point.text, text: point.note || t('record.notice.lacking') }
  }
}

/** How many of a line the item asks for, and what else it says of it. */
export function askedOf(t: ComposerTranslation, line: MaterialLine): string {
  return [
    ...(line.originals ? [t('record.materials.originals', { n: line.originals })] : []),
    ...(line.copies ? [t('record.materials.copies', { n: line.copies })] : []),
    ...(line.note ? [line.note] : []),
  ].join(' · ')
}

/** What somebody changed, as it stands now: what it is about, and how it reads. */
export function changeWords(
  t: ComposerTranslation,
  view: CaseView,
  { what, where }: Change,
  language: string,
): { name: string; text: string } {
  const line = view.item.lines.find((one) => one.key === where)
  const file = view.materials
    .filter((one) => one.purpose === 'material' && one.line === where && one.state === 'stored')
    .at(-1)
  const place = line?.name ?? t('record.materials.others')
  switch (what) {
    case 'values': {
      const field = fieldIn(view, where)
      const state = view.fields[where]
      const name = field ? labelOf(field, language) : where
      if (!field || !state || field.kind === 'group') return { name, text: t('acting.changed.row') }
      const value = valueText(field, state.value)
      return {
        name,
        text: t(value ? 'acting.changed.values' : 'acting.changed.emptied', { value, name: state.by.name }),
      }
    }
    case 'materials':
      return {
        name: place,
        text: file
          ? t('acting.changed.file', { file: file.name })
          : t(
              view.promises.some((one) => one.line === where)
                ? 'acting.changed.promised'
                : 'acting.changed.gone',
            ),
      }
    case 'reviews': {
      const point = view.item.checklist.find((one) => `point:${one.key}` === where)
      if (point) return { name: t('acting.changed.point'), text: point.text }
      const review = file && file.review !== 'none' ? t(`record.review.${file.review}`) : ''
      return { name: place, text: review && t('acting.changed.review', { review }) }
    }
    case 'comments': {
      const text =
        view.comments
          .filter((one) => one.on === where)
          .flatMap((one) => one.entries)
          .sort((one, other) => one.at.localeCompare(other.at))
          .at(-1)?.text ?? ''
      return { name: placeName(t, view, where, language), text: t('acting.changed.comment', { text }) }
    }
    case 'unit':
      return {
        name: t('acting.changed.unit'),
        text: t('acting.changed.unit_now', { unit: view.item.unit_name }),
      }
    case 'decision':
      return { name: t('acting.changed.decision'), text: t('acting.changed.decision_now') }
  }
}

/** That somebody put a file on another line, or on another side of its card. `time`: when, as it is written. */
export function movedWord(
  t: ComposerTranslation,
  view: CaseView,
  event: MaterialMoved,
  time: string,
): string {
  const nameOf = (key: string): string =>
    view.item.lines.find((one) => one.key === key)?.name ?? t('record.materials.others')
  const file = event.materials.find((one) => one.id === event.material_id)?.name ?? ''
  const how = event.from_line === event.to_line ? 'turned' : 'by'
  return t(`record.moving.${how}`, {
    time,
    who: event.by.name,
    name: shorten(file, 28),
    from: nameOf(event.from_line),
    to: nameOf(event.to_line),
  })
}

/** One thing that is still missing, in few words: 身份证 未交. `most`: how many characters a name may have. */
export function missingWord(
  t: ComposerTranslation,
  view: CaseView,
  one: Point | AtHand,
  language: string,
  most = Infinity,
): string {
  const short = (name: string): string => (Number.isFinite(most) ? shorten(name, most) : name)
  const ofLine = ({ line, state }: Line): string =>
    t(
      `record.missing.${state === 'returned' || state === 'rejected' || state === 'receiving' ? state : 'material'}`,
      { name: short(line.name) },
    )
  switch (one.kind) {
    case 'returned':
      return t('record.missing.returned', {
        name: `${short(one.line.line.name)}${short(one.name.slice(one.line.line.name.length))}`,
      })
    case 'missing':
      return one.slot === null
        ? ofLine(one.line)
        : t('record.missing.material', { name: `${short(one.line.line.name)}（${one.slot}）` })
    case 'rejected':
      return ofLine(one.line)
    case 'other':
      return t('record.missing.other', { name: short(one.material.name) })
    case 'field':
      return t(`record.missing.${one.fault.why === 'required' ? 'field' : 'wrong'}`, {
        name: labelOf(one.field, language),
      })
    case 'comment':
      return t('record.missing.comment', { name: short(placeName(t, view, one.comment.on, language)) })
    case 'check':
      return t('record.missing.check', {
        point: Number.isFinite(most) ? shorten(one.point.text, most + 4) : one.point.text,
      })
    case 'proposal':
      return t('record.missing.proposal', { name: labelOf(one.field, language) })
    case 'unsaved':
      return t('record.missing.unsaved', { name: labelOf(one.field, language) })
  }
}

/** What acceptance waits for: each number with its list. */
export function lackingWords(
  t: ComposerTranslation,
  view: CaseView,
  { points, unread, promises, signature }: CaseLacks,
  language: string,
): string {
  const said = (why: 'points' | 'unread' | 'promise', names: string[]): string[] =>
    names.length
      ? [
          `${t(`record.decision.lacking.${why}`, { n: names.length })}${t('shell.marks.colon')}${listed(names)}`,
        ]
      : []
  return [
    ...said(
      'points',
      points.map((one) => missingWord(t, view, one, language)),
    ),
    ...said(
      'unread',
      unread.map((one) => one.name),
    ),
    ...said(
      'promise',
      promises.map((one) => one.name),
    ),
    ...(signature ? [t(`record.decision.lacking.${signature}`)] : []),
  ].join(t('shell.marks.semicolon'))
}

const REJECTED = [
  'file_type',
  'file_broken',
  'file_password',
  'file_depth',
  'file_pixels',
  'file_bomb',
  'file_too_large',
  'file_empty',
  'disk_full',
  'file_infected',
] as const

/** Why a file was not taken. */
export function whyNot(t: ComposerTranslation, material: MaterialView): string {
  return t(`record.materials.rejected.${REJECTED.find((code) => code === material.rejected_code) ?? 'other'}`)
}
