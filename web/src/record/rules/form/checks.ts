/**
 * What the form says about a value before it is sent: the same rules as the server's, so that a person hears of a
 * slip while he is still in the field. Pure; the server has the last word.
 */
import {
  creditCodeFault,
  dateOf,
  identityNumberFault,
  phoneFault,
  type Fault,
} from '../../../rules/identifiers'
import type { FormField } from '../../../wire/messages'

export type FieldFault =
  | Fault
  | 'required'
  | 'too_long'
  | 'not_a_choice'
  | 'bad_number'
  | 'too_small'
  | 'too_large'
  | 'bad_region'
  | 'bad_rows'
  | 'too_many_rows'
  | 'attachment'
  | 'not_before'
  | 'not_more'
  | 'different'

/** A value as it is saved: no blanks around it, identifiers in capitals, 20261118 and 2026.11.18 as 2026-11-18. */
export function tidied(field: FormField, value: string): string {
  const text = value.trim()
  switch (field.kind) {
    case 'identity_number':
    case 'credit_code':
      return text.replace(/\s/g, '').toUpperCase()
    case 'phone':
      return text.replace(/\s/g, '')
    case 'date': {
      const parts = /^(\d{4})(?:(\d{2})(\d{2})|[-./年](\d{1,2})[-./月](\d{1,2})日?)$/.exec(text)
      if (!parts) return text
      const [, year, ...rest] = parts
      const [month, day] = rest.filter((part) => part !== undefined)
      return `${year}-${month?.padStart(2, '0')}-${day?.padStart(2, '0')}`
    }
    case 'number':
      return number(text, field.decimals) ?? text
    case 'money': {
      const amount = number(text, 2)
      if (amount === null) return text
      const [whole, fraction = ''] = amount.split('.')
      return `${whole}.${fraction.padEnd(2, '0')}`
    }
    case 'group':
      return text
        .split(/[,\s]+/)
        .filter(Boolean)
        .join(',')
    case 'region':
      return text.replace(/\s/g, '')
    case 'text':
    case 'choice':
    case 'long_text':
    case 'attachment':
      return text
  }
}

/** A decimal number of at most 15 digits as it is saved, or null: 1,200.50 is 1200.5. */
function number(text: string, decimals: number): string | null {
  const parts = /^(-?)(\d{1,15})(?:\.(\d{1,6}))?$/.exec(text.normalize('NFKC').replace(/[\s,]/g, ''))
  if (!parts) return null
  const [, sign = '', digits = '', rest = ''] = parts
  if (digits.length + rest.length > 15) return null
  const fraction = rest.replace(/0+$/, '')
  if (fraction.length > decimals) return null
  const whole = digits.replace(/^0+(?=\d)/, '')
  return `${/[1-9]/.test(whole + fraction) ? sign : ''}${whole}${fraction ? '.' : ''}${fraction}`
}

/** A number in millionths, exact: 33.33 is 33330000n; 0n for what is none. */
export function scaled(text: string): bigint {
  const parts = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(text)
  if (!parts) return 0n
  const size = BigInt(`${parts[2]}${(parts[3] ?? '').padEnd(6, '0')}`)
  return parts[1] ? -size : size
}

/** What is wrong with a tidied value, or null. An empty value is only wrong where one is required. */
export function faultOf(field: FormField, value: string, today = new Date()): FieldFault | null {
  if (!value) return field.required ? 'required' : null
  if (field.kind !== 'group' && Array.from(value).length > (field.max_length ?? 200)) return 'too_long'
  switch (field.kind) {
    case 'identity_number':
      return identityNumberFault(value, today)
    case 'credit_code':
      return creditCodeFault(value)
    case 'phone':
      return phoneFault(value)
    case 'date':
      return dateOf(value) ? null : 'bad_date'
    case 'choice':
      return (field.choices ?? []).includes(value) ? null : 'not_a_choice'
    case 'number':
    case 'money':
      if (number(value, field.kind === 'money' ? 2 : field.decimals) === null) return 'bad_number'
      if (field.minimum && scaled(value) < scaled(field.minimum)) return 'too_small'
      return field.maximum && scaled(value) > scaled(field.maximum) ? 'too_large' : null
    case 'region':
      // which codes stand is the server's to say; the page offers only these
      return /^\d{6}$/.test(value) ? null : 'bad_region'
    case 'group': {
      const rows = value.split(',')
      if (new Set(rows).size < rows.length || !rows.every((row) => /^[a-z0-9]{2,12}$/.test(row)))
        return 'bad_rows'
      return rows.length > (field.max_rows ?? 20) ? 'too_many_rows' : null
    }
    case 'attachment':
      return 'attachment'
    case 'text':
    case 'long_text':
      return null
  }
}
