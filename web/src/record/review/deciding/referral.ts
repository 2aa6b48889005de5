/** Which units are offered first when a case is referred (转办); pure. */
import type { UnitRow } from '../../../wire/messages'

/**
 * First those that take the item, of them who is on duty, then the others who are on duty, then the rest; the unit whose
 * window took the case last of those that are alike. Otherwise as they came.
 */
export function likely(units: readonly UnitRow[], window_unit_id: string): UnitRow[] {
  const rank = (one: UnitRow): number =>
    (one.takes ? 0 : 4) + (one.on_duty ? 0 : 2) + (one.id === window_unit_id ? 1 : 0)
  return [...units].sort((a, b) => rank(a) - rank(b))
}
