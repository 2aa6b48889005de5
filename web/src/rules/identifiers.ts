/**
 * The check digits and shapes of the identifiers that people type, as the server checks them too.
 * Each function returns the code of what is wrong, or null. Pure; knows no page.
 */

import { chinaDay } from './china'

export type Fault = 'bad_identity_number' | 'bad_date' | 'bad_credit_code' | 'bad_phone'

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
