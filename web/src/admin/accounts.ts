/** What somebody may do to the account of another person of his unit; the server judges again. */
import type { PersonRow } from '../wire/messages'
import type { Role } from '../wire/session'

export type AccountAct = 'block' | 'unblock' | 'reset' | 'sign_out' | 'exempt' | 'unexempt'
export type Pair = readonly [Role, Role]
export interface Me {
  readonly id: string
  readonly roles: readonly Role[]
}

/** 不相容岗位, as server/rights/person.py has them */
export const EXCLUDED: readonly Pair[] = [
  ['supervisor', 'approver'],
  ['supervisor', 'clerk'],
  ['admin', 'clerk'],
  ['admin', 'approver'],
  ['admin', 'head'],
  ['admin', 'supervisor'],
]

/** Those whose part is to check on an administrator: their passwords are set at the machine alone. */
const CHECKING: readonly Role[] = ['operator', 'admin', 'security']

/** The acts that I may do to this person, in the order in which they are offered. */
export function actsOn(me: Me, person: PersonRow): AccountAct[] {
  if (me.id === person.id) return []
  const acts: AccountAct[] = []
  if (me.roles.includes('admin') && !person.roles.includes('operator')) {
    if (!person.roles.some((role) => CHECKING.includes(role))) acts.push('reset')
    acts.push('sign_out', person.active ? 'block' : 'unblock')
  }
  if (me.roles.includes('security')) {
    if (pairsToAllow(person).length) acts.push('exempt')
    if (pairsAllowed(person).length) acts.push('unexempt')
  }
  return acts
}

const isOf = (pair: Pair, one: { first: Role; second: Role }): boolean =>
  pair[0] === one.first && pair[1] === one.second

/** The pairs that were let be in this person. */
export const pairsAllowed = (person: PersonRow): Pair[] =>
  EXCLUDED.filter((pair) => person.conflicts.some((one) => one.allowed !== null && isOf(pair, one)))

/** The others, those that he has first, then those of which he has one. */
export function pairsToAllow(person: PersonRow): Pair[] {
  const allowed = pairsAllowed(person)
  const has = (pair: Pair): number => pair.filter((role) => person.roles.includes(role)).length
  return EXCLUDED.filter((pair) => !allowed.includes(pair) && has(pair) > 0).sort(
    (one, other) => has(other) - has(one),
  )
}
