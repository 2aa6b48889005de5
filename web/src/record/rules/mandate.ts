/** How long the 授权委托书 holds by which somebody came for another, as the server judges it (`course/mandates.py`). */
import type { CaseView } from '../../wire/messages'

/** who shows one: a person entrusted by a company, or an agent */
export function isMandated(view: CaseView): boolean {
  const capacity = view.applicant.principal?.capacity
  return capacity === 'handler' || capacity === 'agent'
}

/** its last day, renewed or not; none: up to the end of the matter */
export function mandateUntil(view: CaseView): string | null {
  if (!isMandated(view)) return null
  const renewed = view.course.mandate
  return (renewed ? renewed.until : view.applicant.principal?.mandate_until) ?? null
}

/** whether it is over on this day (China): nothing is accepted or granted by it */
export function mandateOver(view: CaseView, today: string): boolean {
  const until = mandateUntil(view)
  return until !== null && until < today
}
