/**
 * The four questions that are asked of the state of a case, as the server asks them
 * (`server/case/rules/course/states.py`): may it be filled in, may what was promised still come, may a call about it
 * begin, does it lie in the archive. Pure.
 */
import type { CaseView } from '../../../wire/messages'

export type CaseState = CaseView['state']
type Stated = Pick<CaseView, 'state'>

const FILLABLE: ReadonlySet<CaseState> = new Set(['registered', 'reviewing', 'to_correct'])

/** Whether form and materials may still be filled in, judged and decided on. */
export function fillable(view: Stated): boolean {
  return FILLABLE.has(view.state)
}

/** Whether materials that were promised may still come. */
export function takesOwed(view: Stated): boolean {
  return view.state === 'accepted'
}

/** Whether a call about the case may begin. */
export function callable(view: Stated): boolean {
  return view.state !== 'archived' && view.state !== 'consulted'
}

/** Whether it is a consultation (咨询), open or answered, and no case. */
export function consultation(view: Stated): boolean {
  return view.state === 'consulting' || view.state === 'consulted'
}

/** What the case was decided about its acceptance; null while it is open, or when it ended before. */
export function decidedOf(view: Pick<CaseView, 'state' | 'decision'>): 'accepted' | 'refused' | null {
  const kind = view.decision?.kind
  return !fillable(view) && (kind === 'accepted' || kind === 'refused') ? kind : null
}
