/**
 * 容缺后补: what the applicant promised to bring after acceptance and how it stands. 告知承诺: what he declared to be so,
 * in place of a material, and what the unit found of it (核查). As the server has it
 * (server/case/rules/materials/promise.py); derived from the view, never kept; pure.
 */
import type { CaseView, MaterialLine, PromiseView } from '../../wire/messages'
import { takesOwed } from './course/course'
import { linesOf, OTHER, type Line } from './lines'

export type PromiseStanding = 'open' | 'overdue' | 'received' | 'done' | 'declared' | 'true' | 'untrue'

export function promiseOf(view: CaseView, line: string): PromiseView | null {
  return view.promises.find((one) => one.line === line) ?? null
}

export function standingOf(promise: PromiseView, line: Pick<Line, 'state'>, today: string): PromiseStanding {
  if (line.state === 'accepted' || line.state === 'not_needed') return 'done'
  if (promise.due_on === null) return promise.verified?.verdict ?? 'declared'
  if (line.state === 'unread' || line.state === 'lacking') return 'received'
  return today > promise.due_on ? 'overdue' : 'open'
}

/** Whether files of this line are still taken and judged though the case is accepted. */
export function owed(view: CaseView, line: Line): boolean {
  return (
    takesOwed(view) &&
    (promiseOf(view, line.line.key)?.due_on ?? null) !== null &&
    line.state !== 'accepted' &&
    line.state !== 'not_needed'
  )
}

/** Whether files of this line still come though nothing else is filled in: what is owed, or is shown in a consultation. */
export function comes(view: CaseView, line: Line): boolean {
  return owed(view, line) || (view.state === 'consulting' && line.line.key === OTHER)
}

/** Lines that may follow, of which nothing is there and nothing is promised: they stand in the way of acceptance. */
export function unpromised(view: CaseView): MaterialLine[] {
  const there = new Set(['unread', 'accepted', 'returned', 'not_needed', 'lacking'])
  return linesOf(view).flatMap((one) =>
    one.line.need === 'later' && !there.has(one.state) && !promiseOf(view, one.line.key) ? [one.line] : [],
  )
}

/** Lines for which a declaration stands instead of a material, with it. */
export function declaredOf(view: CaseView): { line: Line; promise: PromiseView }[] {
  return linesOf(view).flatMap((line) => {
    const promise = promiseOf(view, line.line.key)
    const stands = promise?.due_on === null && line.state !== 'accepted' && line.state !== 'not_needed'
    return promise && stands ? [{ line, promise }] : []
  })
}

/** Of these what the unit is still to verify, once the case is granted. */
export function unverified(view: CaseView): Line[] {
  if (view.course.ruling?.kind !== 'granted') return []
  return declaredOf(view).flatMap(({ line, promise }) => (promise.verified ? [] : [line]))
}
