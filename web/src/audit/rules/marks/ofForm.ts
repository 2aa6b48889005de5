/** Marks of the form: what was filled in, proposed, answered by the applicant, adopted. */
import type { TimelineMarks } from './marks'
import type { Signature, Tells } from './tells'

export function formTells(marks: TimelineMarks, signature: Signature): Tells {
  return {
    'case.edited': ({ event, key, at }) => {
      marks.add(key, at, event.field_state.by, 'edited', {
        values: { field: marks.label(event.field), value: event.field_state.value },
        row: 'form',
        field: event.field,
      })
      signature.voids(key, at, event.field_state.by, marks.label(event.field))
    },
    'case.proposed': ({ event, key, at }) => {
      marks.add(key, at, event.proposal.by, 'proposed', {
        values: { field: marks.label(event.proposal.field), value: event.proposal.value },
        row: 'form',
        field: event.proposal.field,
      })
    },
    'case.proposal_answered': ({ event, key, at }) => {
      marks.add(key, at, null, `answered_${event.proposal.answer ?? 'yes'}`, {
        values: { field: marks.label(event.proposal.field), value: event.proposal.value },
        row: 'form',
        field: event.proposal.field,
        guest: true,
      })
    },
    'case.proposal_closed': ({ event, key, at }) => {
      marks.add(
        key,
        at,
        event.proposal.closed_by,
        event.proposal.state === 'adopted' ? 'adopted' : 'declined',
        {
          values: {
            field: marks.label(event.proposal.field),
            value: event.proposal.value,
            by: event.proposal.by.name,
          },
          row: 'form',
          field: event.proposal.field,
        },
      )
      if (event.field_state) signature.voids(key, at, event.field_state.by, marks.label(event.proposal.field))
    },
  }
}
