/**
 * What the form says about a value before it is sent: the same rules as the server's, so that a person hears of a
 * slip while he is still in the field. Pure; the server has the last word.
 */
import { creditCodeFault, dateOf, identityNumberFault, phoneFault, type Fault } from '../rules/identifiers'
import type { FormField } from '../wire/messages'

export type FieldFault = Fault | 'required' | 'too_long' | 'not_a_choice'

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
    case 'text':
    case 'choice':
    case 'long_text':
      return text
  }
}

/** What is wrong with a tidied value, or null. An empty value is only wrong where one is required. */
export function faultOf(field: FormField, value: string, today = new Date()): FieldFault | null {
  if (!value) return field.required ? 'required' : null
  if (Array.from(value).length > (field.max_length ?? 200)) return 'too_long'
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
    case 'text':
    case 'long_text':
      return null
  }
}
