/** 后续办件: what may follow a granted case, and from which desk (`server/case/rules/course/sequels.py`). Pure. */
import type { CaseBeginSequel, CaseView } from '../../../wire/messages'
import type { DeskSeat } from './modes'
import { chinaDay, dayStart } from '../../../rules/china'

export type SequelKind = CaseBeginSequel['kind']

const FROM = new Set<CaseView['state']>(['granted', 'issued', 'delivered', 'archived'])
/** what the applicant asks for at the window, and what the unit begins of itself */
const KINDS: Record<DeskSeat, readonly SequelKind[]> = {
  window: ['altered', 'prolonged', 'reissued', 'rectified', 'deregistered'],
  approver: ['revoked', 'deregistered', 'rectified'],
}

/** the last day of what was issued; null: something holds for good, or nothing was issued */
export function validUntil(view: CaseView): string | null {
  const ends = view.course.results.map((one) => one.valid_until)
  if (!ends.length || ends.includes(null)) return null
  return (ends as string[]).sort().at(-1) ?? null
}

/** whether 延续 is asked for with fewer than thirty days left */
export function prolongedLate(view: CaseView, today: string): boolean {
  const until = validUntil(view)
  return until !== null && until < chinaDay(new Date(Date.parse(dayStart(today)) + 30 * 86_400_000))
}

/** what became of the licence, the newest first */
export function becameOfLicence(view: CaseView): SequelKind[] {
  const came = view.course.sequels ?? []
  return came
    .filter((one) => one.outcome === 'granted')
    .map((one) => one.kind)
    .reverse()
}

/** The kinds that may begin now from this desk. */
export function sequelsFor(view: CaseView, seat: DeskSeat, today: string): SequelKind[] {
  if (!FROM.has(view.state) || view.course.ruling?.kind !== 'granted') return []
  const came = becameOfLicence(view)
  if (came.includes('deregistered')) return []
  const running = new Set(
    (view.course.sequels ?? []).filter((one) => one.outcome === 'open').map((one) => one.kind),
  )
  const until = validUntil(view)
  return KINDS[seat].filter((kind) => {
    if (running.has(kind)) return false
    if (came.includes('revoked') && kind !== 'deregistered') return false
    return kind !== 'prolonged' || (until !== null && until >= today)
  })
}
