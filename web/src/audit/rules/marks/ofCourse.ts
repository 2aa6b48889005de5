/** Marks of the course of a case: from its registration through consent and signature to what was decided. */
import { yuan } from '../../../rules/money'
import type { CaseAdvanced, CourseView, PersonRef, UnitTaskView } from '../../../wire/messages'
import type { TimelineMarks, MarkTone } from './marks'
import type { Signature, Tells } from './tells'

const DECISION_TONE: Record<string, MarkTone> = { accepted: 'good', to_correct: 'amber', refused: 'red' }

/** What of a unit's task is told: that it was asked for, accepted, answered, and how it ended. */
const TASKED: Partial<Record<UnitTaskView['state'], string>> = {
  asked: 'asked',
  accepted: 'accepted',
  working: 'accepted',
  answered: 'answered',
  closed: 'closed',
  declined: 'declined',
  passed_on: 'declined',
  returned: 'returned',
}

/** A moment in milliseconds; not a number when there was none. */
const at_ms = (at: string | null | undefined): number => Date.parse(at ?? '')

interface StepTold {
  kind: string
  who: PersonRef | null
  values: Record<string, string>
  tone?: MarkTone
}

/** How the one that came to its end last did. */
function sequelEnded(sequels: CourseView['sequels']): string {
  const ended = [...(sequels ?? [])]
    .filter((one) => one.ended_on)
    .sort((one, other) => (one.ended_on ?? '').localeCompare(other.ended_on ?? ''))
  return ended.at(-1)?.outcome === 'granted' ? 'sequel_granted' : 'sequel_ended'
}

/** What a step of the course is told as; the course holds all that came before it, so each tells of its last. */
function advanced({ step, course }: CaseAdvanced): StepTold {
  const { ruling, results, agreement, deliveries, ending, archived, consultation } = course as CourseView
  const last = deliveries.at(-1)
  const { reports, fee, sequels } = course as CourseView
  const reported = reports?.at(-1)
  const ended = [...deliveries]
    .filter((one) => one.ended_at)
    .sort((one, other) => at_ms(one.ended_at) - at_ms(other.ended_at))
    .at(-1)
  const seen = deliveries
    .flatMap((one) => one.receiver ?? [])
    .sort((one, other) => at_ms(one.at) - at_ms(other.at))
    .at(-1)
  switch (step) {
    case 'ruled':
      return {
        kind: `ruled_${ruling?.kind ?? 'granted'}`,
        who: ruling?.by ?? null,
        values: { reason: ruling?.reason ?? '' },
        tone: ruling?.kind === 'denied' ? 'red' : 'good',
      }
    case 'issued':
      return {
        kind: 'issued',
        who: results[0]?.by ?? null,
        values: { n: String(results.length), names: results.map((one) => one.name).join(' ') },
        tone: 'good',
      }
    case 'reported':
      return {
        kind: `reported_${reported?.step ?? 'accepted'}`,
        who: reported?.by ?? null,
        values: { number: reported?.number ?? '' },
        tone: reported?.step === 'denied' ? 'red' : 'good',
      }
    case 'fee_asked':
      return { kind: 'fee_asked', who: fee?.by ?? null, values: { yuan: yuan(fee?.amount_fen ?? 0) } }
    case 'fee_settled':
      return {
        kind: `fee_${fee?.payment?.kind ?? 'paid'}`,
        who: fee?.payment?.by ?? null,
        values: { number: fee?.payment?.number ?? '', reason: fee?.payment?.reason ?? '' },
        tone: 'good',
      }
    case 'mandate_renewed':
      return {
        kind: 'mandate_renewed',
        who: course.mandate?.by ?? null,
        values: { day: course.mandate?.until ?? '' },
      }
    case 'sequel_begun':
      return { kind: 'sequel_begun', who: sequels?.at(-1)?.by ?? null, values: {} }
    case 'sequel_ended':
      return { kind: sequelEnded(sequels), who: null, values: {} }
    case 'migrated':
      return { kind: 'migrated', who: null, values: { day: course.migrated?.on ?? '' } }
    case 'agreed':
      return { kind: 'agreed', who: agreement?.by ?? null, values: {} }
    case 'delivery_begun':
      return { kind: 'delivery_begun', who: last?.by ?? null, values: { way: last?.way ?? '' } }
    case 'receiver_checked':
      return {
        kind: 'receiver_checked',
        who: seen?.by ?? null,
        values: { name: seen?.name ?? '', number: seen?.number ?? '' },
      }
    case 'delivery_ended':
      return {
        kind: ended?.state === 'returned' ? 'delivery_returned' : 'delivery_delivered',
        who: ended?.ended_by ?? null,
        values: { way: ended?.way ?? '', note: ended?.note ?? '' },
        tone: ended?.state === 'returned' ? 'amber' : 'good',
      }
    case 'finished':
      return {
        kind: `ended_${ending?.kind ?? 'terminated'}`,
        who: ending?.by ?? null,
        values: { reason: ending?.reason ?? '' },
        tone: 'amber',
      }
    case 'archived':
      return { kind: 'archived', who: archived?.by ?? null, values: {} }
    case 'concluded':
      return {
        kind: 'concluded',
        who: consultation?.answered_by ?? null,
        values: { answer: consultation?.answer ?? '' },
        tone: 'good',
      }
  }
}

export function courseTells(marks: TimelineMarks, signature: Signature): Tells {
  const { call } = marks
  return {
    'case.created': ({ event, key, at }) => {
      const asked = event.case.state === 'consulting' ? event.case.course.consultation : null
      marks.add(key, at, event.case.clerk, asked ? 'asked' : 'registered', {
        row: 'decisions',
        ...(asked && { values: { question: asked.question } }),
      })
    },
    'case.consented': ({ event, key, at }) => {
      marks.add(
        key,
        at,
        event.consent.taken_by,
        event.consent.given
          ? 'consent_given'
          : at_ms(at) === at_ms(call.consent_withdrawn_at)
            ? 'consent_withdrawn'
            : 'consent_refused',
        { row: 'decisions' },
      )
    },
    'case.shown': ({ event, key, at }) => {
      if (event.to === 'clerk') marks.add(key, at, event.by, 'read_over', { row: 'decisions' })
      else marks.add(key, at, null, 'shown', { row: 'decisions', guest: true })
    },
    'case.signed': ({ event, key, at }) => {
      marks.add(key, at, event.signature.by, signature.holds ? 'signed_anew' : 'signed', {
        row: 'decisions',
        tone: 'guest',
        guest: true,
      })
      signature.holds = true
    },
    'case.submitted': ({ event, key, at }) => {
      marks.add(key, at, event.submission.by, 'submitted', {
        values: { number: event.number },
        row: 'decisions',
        tone: 'good',
      })
    },
    'case.rated': ({ event, key, at }) => {
      marks.add(key, at, null, `rated_${event.rating.level ?? 'hidden'}`, {
        values: { text: event.rating.text ?? '', reasons: (event.rating.reasons ?? []).join(' ') },
        row: 'decisions',
        guest: true,
        tone: Number(event.rating.level) > 3 ? 'amber' : 'plain',
      })
    },
    'case.decided': ({ event, key, at }) => {
      // what follows after it takes nothing from what was signed
      signature.closed = event.decision.kind !== 'to_correct'
      marks.add(key, at, event.decision.by, `decided_${event.decision.kind}`, {
        values: { reason: event.decision.reason, number: event.number },
        row: 'decisions',
        tone: DECISION_TONE[event.decision.kind] ?? 'plain',
      })
    },
    'case.advanced': ({ event, key, at }) => {
      const told = advanced(event)
      marks.add(key, at, told.who, told.kind, {
        values: told.values,
        row: 'decisions',
        tone: told.tone ?? 'plain',
      })
    },
    'case.tasked': ({ event, key, at }) => {
      event.tasks.forEach((task, n) => {
        const kind = TASKED[task.state]
        if (kind === undefined) return
        const who = task.state === 'answered' ? (task.answer?.by ?? null) : (task.owner ?? task.received_by)
        const tone = ['declined', 'passed_on', 'returned'].includes(task.state) ? 'amber' : 'plain'
        marks.add(`${key}.${n}`, at, who ?? null, `tasked_${kind}`, {
          values: { unit: task.unit_name, name: task.name, text: task.answer?.text ?? task.why },
          row: 'decisions',
          tone: task.answer?.opinion === 'object' ? 'red' : tone,
        })
      })
    },
    'case.referred': ({ event, key, at }) => {
      marks.add(key, at, event.referral.by, 'referred', {
        values: { unit: event.referral.to_unit_name, reason: event.referral.reason },
        row: 'decisions',
        tone: 'amber',
      })
    },
    'case.recounted': ({ event, key, at }) => {
      marks.add(key, at, event.by ?? null, `recounted_${event.why ?? 'calendar'}`, {
        values: { day: event.decision.due_on ?? '', legal: event.decision.clock?.legal.due_on ?? '' },
        row: 'decisions',
      })
    },
    'paper.changed': ({ event, key, at }) => {
      if (event.paper.state !== 'making')
        marks.add(key, at, null, `paper_${event.paper.state}_${event.paper.kind}`, {
          values: { number: event.paper.number },
          row: 'decisions',
          tone: event.paper.state === 'failed' ? 'red' : 'plain',
        })
    },
    'case.earlier_consented': ({ event, key, at }) => {
      marks.add(key, at, event.consent.taken_by, event.consent.given ? 'earlier_given' : 'earlier_refused', {
        row: 'decisions',
      })
    },
    'case.unmasked': ({ event, key, at }) => {
      marks.add(key, at, event.unmasking.by, 'unmasked', {
        values: { reason: event.unmasking.reason },
        row: 'decisions',
        tone: 'amber',
      })
    },
  }
}
