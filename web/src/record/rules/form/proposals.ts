/** What stands of a proposal for a field, as its row tells it. */
import type { FieldState, Proposal } from '../../../wire/messages'

/** undecided: nobody answered it before the case was decided */
export type ProposalStanding = 'waiting' | 'adopted' | 'declined' | 'outdated' | 'undecided'

const STANDINGS = { open: 'waiting', adopted: 'adopted', declined: 'declined', outdated: 'outdated' } as const

/** `state` is the field as the record has it, `over` whether the case is decided. */
export function standingOf(
  proposal: Proposal,
  state: FieldState | undefined,
  over: boolean,
): ProposalStanding {
  // the field is still as it was when it was proposed: not what came later has made it old, but the decision
  const unanswered =
    proposal.state === 'open' ||
    (proposal.state === 'outdated' && (!state || Date.parse(state.at) <= Date.parse(proposal.at)))
  return over && unanswered ? 'undecided' : STANDINGS[proposal.state]
}
