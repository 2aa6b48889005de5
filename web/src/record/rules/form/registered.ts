/** What was said at registering already, where a field of the form asks for the same: nobody types it twice. Pure. */
import type { CaseView, FormField } from '../../../wire/messages'

export interface Registered {
  what: 'phone' | 'identity_number' | 'name'
  value: string
  /** as it is offered on a screen that stands at a counter: not whole before it is taken */
  told: string
}

/** null: the field asks for something else, or it was not said, or this reader has it masked. */
export function registeredFor(applicant: CaseView['applicant'], field: FormField): Registered | null {
  const what =
    field.kind === 'phone' || field.kind === 'identity_number'
      ? field.kind
      : field.card === 'name'
        ? 'name'
        : null
  const value = what && applicant[what]
  if (!what || !value || value.includes('*')) return null
  // the form asks for a 公民身份号码, which a passport has not
  if (what === 'identity_number' && value.length !== 18) return null
  const head = { phone: 3, identity_number: 6, name: null }[what]
  return { what, value, told: head === null ? value : `${value.slice(0, head)}…${value.slice(-4)}` }
}
