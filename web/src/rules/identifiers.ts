/**
 * The check digits and shapes of the identifiers that people type, as the server checks them too.
 * Each function returns the code of what is wrong, or null. Pure; knows no page.
 */

import { chinaDay } from './china'

export type Fault =
  | 'bad_identity_number'
  | 'bad_document_number'
  | 'other_document'
  | 'bad_date'
  | 'bad_credit_code'
  | 'bad_phone'

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]

/** 公民身份号码, GB 11643-1999: 6 area, 8 birth, 3 sequence, check digit by ISO 7064 MOD 11-2. */
export function identityNumberFault(text: string, today = new Date()): Fault | null {
  const given = text.trim().toUpperCase()
  if (!/^[1-9]\d{16}[\dX]$/.test(given)) return 'bad_identity_number'
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(given[i]), 0)
  if ('10X98765432'[sum % 11] !== given[17]) return 'bad_identity_number'
  const born = `${given.slice(6, 10)}-${given.slice(10, 12)}-${given.slice(12, 14)}`
  if (!dateOf(born) || born > chinaDay(today) || born < '1880') return 'bad_date'
  return null
}

/** The documents by which an applicant shows who he is, the most usual first. */
export const DOCUMENTS = [
  'identity_card',
  'residence_permit',
  'home_return_permit',
  'permanent_resident',
  'passport',
] as const
export type IdentityDocument = (typeof DOCUMENTS)[number]

const SHAPES: Partial<Record<IdentityDocument, RegExp>> = {
  home_return_permit: /^([HM]\d{8}(\d{2})?|\d{8})$/,
  permanent_resident: /^[A-Z]{3}\d{12}$/,
  passport: /^(?=.*\d)[A-Z0-9]{6,17}$/,
}

/** The number of a document: of 18 characters with their check digit as an identity number, else by its shape. */
export function documentFault(document: IdentityDocument, text: string, today = new Date()): Fault | null {
  const given = text.replace(/\s/g, '').toUpperCase()
  if (SHAPES[document]?.test(given)) return null
  const shaped = /^[1-9]\d{16}[\dX]$/.test(given)
  if (
    document === 'home_return_permit' ||
    document === 'passport' ||
    (document === 'permanent_resident' && !shaped)
  )
    return 'bad_document_number'
  return identityNumberFault(given, today) ?? (documentOf(given) === document ? null : 'other_document')
}

/** Of which document a number of 18 characters is. */
export function documentOf(number: string): IdentityDocument {
  if (number.startsWith('9')) return 'permanent_resident'
  return /^8[123]/.test(number) ? 'residence_permit' : 'identity_card'
}

const LETTERS = '0123456789ABCDEFGHJKLMNPQRTUWXY'

/** 统一社会信用代码, GB 32100-2015: 18 of an alphabet without I O S V Z, check character modulo 31. */
export function creditCodeFault(text: string): Fault | null {
  const given = text.trim().toUpperCase()
  if (given.length !== 18 || ![...given].every((letter) => LETTERS.includes(letter))) return 'bad_credit_code'
  let weight = 1
  let sum = 0
  for (const letter of given.slice(0, 17)) {
    sum += LETTERS.indexOf(letter) * weight
    weight = (weight * 3) % 31
  }
  return LETTERS[(31 - (sum % 31)) % 31] === given[17] ? null : 'bad_credit_code'
}

/** A mobile number of the mainland (11 digits) or a landline with area code. */
export function phoneFault(text: string): Fault | null {
  const given = text.replace(/[\s-]/g, '')
  return /^(\+?86)?1[3-9]\d{9}$/.test(given) || /^0\d{2,3}\d{7,8}$/.test(given) ? null : 'bad_phone'
}

/** A day written YYYY-MM-DD that exists, or null. */
export function dateOf(text: string): Date | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text.trim())
  if (!parts) return null
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  const made = new Date(year, month - 1, day)
  return made.getFullYear() === year && made.getMonth() === month - 1 && made.getDate() === day ? made : null
}
