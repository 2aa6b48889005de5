/* Written by `npm run messages` from what the events of a case declare. Never edited. */

/**
 * By the type of the event, what it changes in a case. A member of the case, then the member of the event: of `puts`
 * a thing that goes over the one with its id or behind them all, of `sets` what it becomes, of `takes` ids that go.
 */
export const ARMS = {
  'case.advanced': { sets: { state: 'state', course: 'course' } },
  'case.answered': { sets: { call_id: 'call_id', state: 'state' } },
  'case.assigned': { sets: { owner: 'owner' } },
  'case.called': { sets: { call_id: 'call_id', state: 'state' } },
  'case.commented': { puts: { comments: 'comment' } },
  'case.consented': { sets: { consent: 'consent' } },
  'case.drawing_kept': { sets: { drawing_only: 'only' } },
  'case.drawings_cleared': { takes: { drawings: 'ids' } },
  'case.drawn': { puts: { drawings: 'drawing' } },
  'case.earlier_consented': { sets: { earlier_consent: 'consent' } },
  'case.mode_changed': { sets: { mode: 'mode' } },
  'case.proposal_answered': { puts: { proposals: 'proposal' } },
  'case.proposed': { puts: { proposals: 'proposal' } },
  'case.rated': { puts: { ratings: 'rating' } },
  'case.received': { sets: { receipt_number: 'receipt_number' } },
  'case.recounted': { sets: { decision: 'decision' } },
  'case.said': { puts: { sayings: 'saying' } },
  'case.signed': { sets: { signature: 'signature' } },
  'case.submitted': { sets: { number: 'number', submission: 'submission' } },
  'case.unmasked': { puts: { unmaskings: 'unmasking' } },
  'handover.changed': { puts: { handovers: 'handover' } },
  'paper.changed': { puts: { papers: 'paper' } },
  'phone.changed': { puts: { phones: 'phone' } },
} as const
