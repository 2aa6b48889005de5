/** What happened in a case and its call, as lines in order of time. Pure: words are made by the page. */
import type { CallView, CaseSnapshot, HistoryEvent, PersonRef } from '../wire/messages'

export type Actor = 'here' | 'far' | 'system'

export interface Mark {
  at: string
  who: string
  side: Actor
  /** key under audit.marks */
  kind: string
  /** values for the sentence; never a sensitive value, the server has masked them */
  values: Record<string, string>
}

function by(person: PersonRef | null | undefined, unit_id: string): { who: string; side: Actor } {
  if (!person) return { who: '', side: 'system' }
  return { who: person.name, side: person.unit_id === unit_id ? 'far' : 'here' }
}

export function marksOf(history: readonly HistoryEvent[], snapshot: CaseSnapshot, call: CallView): Mark[] {
  const unit_id = snapshot.case.item.unit_id
  const labels = new Map(snapshot.case.item.form.map((field) => [field.name, field.label]))
  const lines = new Map(snapshot.case.item.lines.map((line) => [line.key, line.name]))
  const marks: Mark[] = []
  const add = (at: string, person: PersonRef | null | undefined, kind: string, values: Record<string, string> = {}): void => {
    marks.push({ at, ...by(person, unit_id), kind, values })
  }

  add(call.opened_at, call.caller, 'dialled')
  for (const ring of call.rings) if (ring.state !== 'ringing') add(ring.closed_at ?? ring.rung_at, ring.target, `ring_${ring.state}`)
  for (const leg of call.legs) {
    add(leg.joined_at, leg.person, leg.previous_leg_id ? 'rejoined' : 'joined')
    if (leg.ended_at) add(leg.ended_at, leg.person, leg.state === 'lost' ? 'lost' : 'left')
  }
  if (call.ended_at) add(call.ended_at, null, 'ended')

  for (const { event, type, at } of history) {
    const body = event as Record<string, never>
    const of = (name: string): Record<string, string> => (body[name] ?? {}) as Record<string, string>
    const person = (name: string, key = 'by'): PersonRef | undefined => (body[name] as Record<string, PersonRef> | undefined)?.[key]
    const field = (name: string): string => labels.get(name) ?? name
    switch (type) {
      case 'case.consented':
        add(at, person('consent', 'taken_by'), String(of('consent')['given']) === 'true' ? 'consent_given' : 'consent_refused')
        break
      case 'case.edited':
        add(at, person('field_state'), 'edited', { field: field(String(body['field'])), value: of('field_state')['value'] ?? '' })
        break
      case 'case.proposed':
        add(at, person('proposal'), 'proposed', { field: field(of('proposal')['field'] ?? ''), value: of('proposal')['value'] ?? '' })
        break
      case 'case.proposal_closed':
        add(at, person('proposal', 'closed_by'), of('proposal')['state'] === 'adopted' ? 'adopted' : 'declined', {
          field: field(of('proposal')['field'] ?? ''),
          value: of('proposal')['value'] ?? '',
        })
        break
      case 'material.changed': {
        const material = of('material')
        const values = { line: lines.get(material['line'] ?? '') ?? '', name: material['name'] ?? '', reason: material['review_reason'] ?? '' }
        if (material['review'] && material['review'] !== 'none') add(at, person('material', 'reviewed_by'), `review_${material['review']}`, values)
        else if (material['state'] === 'stored' || material['state'] === 'rejected') add(at, person('material'), `file_${material['state']}`, values)
        break
      }
      case 'case.decided':
        add(at, person('decision'), `decided_${of('decision')['kind'] ?? ''}`, { reason: of('decision')['reason'] ?? '', number: String(body['number'] ?? '') })
        break
    }
  }
  return marks.sort((a, b) => a.at.localeCompare(b.at))
}
