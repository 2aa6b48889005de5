/** Which files are taken and what they claim to be, before a byte is sent; pure. The server looks inside. */
import type { Limits } from '../../../wire/messages'

export type UploadFault =
  | { rule: 'type' | 'word' | 'sheet'; name: string }
  | { rule: 'size'; name: string; max_bytes: number }
  | { rule: 'empty'; name: string }
  | { rule: 'quota'; name: string }
  | { rule: 'another'; name: string }

const ENDINGS: Record<string, string> = {
  pdf: 'application/pdf',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  jpe: 'image/jpeg',
  jfif: 'image/jpeg',
  png: 'image/png',
  apng: 'image/png',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heic',
  hif: 'image/heic',
}
/** Types that a system tells apart and the server does not. */
const SAME: Record<string, string> = {
  'image/heif': 'image/heic',
  'image/apng': 'image/png',
  'image/pjpeg': 'image/jpeg',
}
/** Which type a system gives to these, if any, differs from one to the next: their endings say more. */
const DOCUMENTS: Record<string, string> = {
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  ofd: 'application/ofd',
}

/** Types that are not taken, and as what to save them anew. */
const ANEW: Record<string, 'word' | 'sheet'> = {
  doc: 'word',
  docm: 'word',
  dot: 'word',
  wps: 'word',
  rtf: 'word',
  odt: 'word',
  xls: 'sheet',
  xlsm: 'sheet',
  xlsb: 'sheet',
  et: 'sheet',
  ods: 'sheet',
}
const endingOf = (file: { name: string }): string => file.name.split('.').at(-1)?.toLowerCase() ?? ''

/** What a picker lets be chosen. */
export function acceptOf(limits: Limits | null): string {
  return limits
    ? [
        ...limits.media_types,
        ...Object.entries(DOCUMENTS).flatMap(([ending, type]) =>
          limits.media_types.includes(type) ? [`.${ending}`] : [],
        ),
      ].join(',')
    : ''
}

/** The type that a file claims: its own, or by its ending where the system knows none. The server looks inside. */
export function claimedType(file: { name: string; type: string }): string {
  const ending = endingOf(file)
  return DOCUMENTS[ending] ?? SAME[file.type] ?? (file.type || (ENDINGS[ending] ?? ''))
}

/** What the limits say against a file, before a byte is sent. */
export function faultOfFile(
  file: { name: string; type: string; size: number },
  limits: Limits,
): UploadFault | null {
  if (file.size === 0) return { rule: 'empty', name: file.name }
  if (file.size > limits.max_bytes) return { rule: 'size', name: file.name, max_bytes: limits.max_bytes }
  if (!limits.media_types.includes(claimedType(file)))
    return { rule: ANEW[endingOf(file)] ?? 'type', name: file.name }
  if ((limits.files_left ?? 1) < 1 || file.size > (limits.bytes_left ?? file.size))
    return { rule: 'quota', name: file.name }
  return null
}
