/**
 * The form of an item that its editor left without publishing: kept in this browser for him alone, one for each item,
 * with the version that it was written on. Never a record: what counts is published.
 */
import { recall, remember } from '../ui/remembered'
import { signedIn } from '../wire/session'

export interface FormDraft {
  /** the version that it was written on, counted from 1 */
  version: number
  text: string
  note: string
}

const key = (code: string): string => `form.${signedIn.value?.id ?? ''}.${code}`

/** What is kept of the item with this code; what cannot be read counts as nothing. */
export function draftOf(code: string): FormDraft | null {
  const kept = recall(key(code))
  if (kept === null) return null
  try {
    const { version, text, note } = JSON.parse(kept) as Partial<FormDraft>
    return typeof version === 'number' && typeof text === 'string'
      ? { version, text, note: typeof note === 'string' ? note : '' }
      : null
  } catch {
    return null
  }
}

/** Keeps a draft; null forgets it. */
export function keepDraft(code: string, draft: FormDraft | null): void {
  remember(key(code), draft && JSON.stringify(draft))
}
