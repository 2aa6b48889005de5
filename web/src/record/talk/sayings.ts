/** What follows from the messages of a case: the rows of a lane, what is unread. Derived, never kept; pure. */
import { chinaDay } from '../../rules/china'
import type { CaseView, Saying } from '../../wire/messages'

export type Lane = Saying['lane']

/** A message, or the rule before the first one of a day, of a call, or of what was written outside of calls. */
export type TalkRow =
  | { kind: 'rule'; id: string; at: string; where: 'this_call' | 'earlier_call' | 'no_call' }
  | { kind: 'saying'; id: string; saying: Saying }

/** Messages are kept in the order in which the record took them. */
export function sayingsOf(view: CaseView, lane: Lane): Saying[] {
  return view.sayings.filter((one) => one.lane === lane)
}

const day = (at: string): string => chinaDay(new Date(at))

export function rowsOf(sayings: readonly Saying[], call_id: string | null): TalkRow[] {
  return sayings.flatMap((saying, index): TalkRow[] => {
    const before = sayings[index - 1]
    const row: TalkRow = { kind: 'saying', id: saying.id, saying }
    if (before && day(before.at) === day(saying.at) && before.call_id === saying.call_id) return [row]
    const where =
      saying.call_id === null ? 'no_call' : saying.call_id === call_id ? 'this_call' : 'earlier_call'
    return [{ kind: 'rule', id: `rule-${saying.id}`, at: saying.at, where }, row]
  })
}

/** How many messages of others came after the one that was last seen. */
export function unread(sayings: readonly Saying[], seen: string | null, me: string): number {
  const from = sayings.findIndex((one) => one.id === seen) + 1
  return sayings.slice(from).filter((one) => one.by.id !== me || one.on_behalf_of !== null).length
}
