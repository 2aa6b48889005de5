/** What a row of the form says below and in its field. */
import type { ComposerTranslation } from 'vue-i18n'
import type { FormField } from '../../../wire/messages'
import { faultSentence } from '../../rules/words'
import type { FieldFace } from './fieldEditor'

/** The faults that the server names by the words of the form's own rules. */
const RULES = [
  'too_long',
  'not_a_choice',
  'bad_identity_number',
  'bad_date',
  'bad_credit_code',
  'bad_phone',
  'bad_number',
  'bad_region',
  'too_small',
  'too_large',
  'not_before',
  'not_more',
  'different',
] as const

/**
 * What is wrong with what is typed here, or else with what the server was sent. `beside` is the label of the field that
 * a rule of this one names; empty where nothing is wrong.
 */
export function faultWords(
  t: ComposerTranslation,
  face: Pick<FieldFace, 'fault' | 'refusal'> | undefined,
  field: FormField,
  beside: string | undefined,
): string {
  if (face?.fault) return faultSentence(t, face.fault, field, beside)
  if (!face?.refusal) return ''
  const { code, title } = face.refusal
  const rule = RULES.find((one) => one === code)
  if (rule) return faultSentence(t, rule, field, beside)
  return code === 'case_closed' ? t('record.form.fault.case_closed') : title
}

/** The hint and the example of a field, where it has them. */
export function hintWords(t: ComposerTranslation, field: FormField): string {
  return [field.hint, field.example && t('record.form.example', { text: field.example })]
    .filter(Boolean)
    .join(t('shell.marks.semicolon'))
}
