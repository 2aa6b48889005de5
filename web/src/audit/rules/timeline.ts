/**
 * What happened in a case and its call: events in order of time, and who was there when. Pure: words are made by the page.
 *
 * Seconds are those of the call: 0 is its answer (or its dialling, when nobody answered); what came before is negative.
 */
import { listed } from '../../i18n'
import { fieldIn } from '../../record/rules/form/fields'
import type {
  CallView,
  CaseView,
  Comment,
  HistoryEvent,
  MaterialMoved,
  MaterialView,
  PersonRef,
  PlaybackView,
  RefusedSignature,
} from '../../wire/messages'
import type { CaseEvent } from '../../record/rules/reducer'

export type Actor = 'here' | 'far' | 'guest' | 'system'
export type Row = 'people' | 'files' | 'form' | 'talk' | 'decisions'
export type Tone = 'plain' | 'good' | 'amber' | 'red' | 'guest'

export interface Mark {
  key: string
  at: string
  at_s: number
  who: string
  side: Actor
  /** key under audit.marks */
  kind: string
  /** values for the sentence; never a sensitive value, the server has masked them */
  values: Record<string, string>
  row: Row
  tone: Tone
  field: string | null
  material_id: string | null
}

/** A seat and when somebody was in it. */
export interface Seated {
  seat: 'approver' | 'window' | 'third' | 'fourth' | 'fifth' | 'sixth' | 'applicant'
  side: Actor
  who: string
  /** supervisors who joined in the open and had this place */
  supervisors: string
  spans: { from_s: number; to_s: number }[]
  /** no packets came, though somebody was there */
  gaps: { from_s: number; to_s: number; reason: string }[]
}

export interface Span {
  from_s: number
  to_s: number
}

/** When the call was on hold: nobody heard, saw or was recorded. */
export function holdsOf(call: CallView, end_s: number): Span[] {
  const zero = zeroOf(call)
  const second = (at: string): number => (Date.parse(at) - zero) / 1000
  return call.holds.map((one) => ({ from_s: second(one.since), to_s: one.until ? second(one.until) : end_s }))
}

/** When nothing was recorded though the meeting went on: the applicant had taken his consent back. */
export function withdrawnOf(call: CallView, end_s: number): Span[] {
  if (!call.consent_withdrawn_at) return []
  const from_s = Math.max(0, (Date.parse(call.consent_withdrawn_at) - zeroOf(call)) / 1000)
  return from_s < end_s ? [{ from_s, to_s: end_s }] : []
}

/** A moment in milliseconds; not a number when there was none. */
const at_ms = (at: string | null | undefined): number => Date.parse(at ?? '')

/** The moment that is second 0. */
export function zeroOf(call: CallView): number {
  return Date.parse(call.answered_at ?? call.opened_at)
}

/** The last second of the call, or of the last picture of it. */
export function endOf(call: CallView, playbacks: readonly PlaybackView[], now_ms: number): number {
  const zero = zeroOf(call)
  const ends = [call.ended_at ? Date.parse(call.ended_at) : now_ms]
  for (const one of playbacks)
    if (one.started_at && one.duration_s !== null)
      ends.push(Date.parse(one.started_at) + one.duration_s * 1000)
  return Math.max(1, (Math.max(...ends) - zero) / 1000)
}

/** On which side a person stands: his seat in the call, or else his unit. */
export function sides(call: CallView, view: CaseView): (person: PersonRef | null | undefined) => Actor {
  const seats = new Map(call.legs.map((leg) => [leg.person.id, leg.seat]))
  return (person) => {
    if (!person) return 'system'
    const seat = seats.get(person.id)
    if (seat) return seat === 'window' ? 'here' : 'far'
    return person.unit_id === view.window_unit_id ? 'here' : 'far'
  }
}

export function seatedOf(call: CallView, playbacks: readonly PlaybackView[], end_s: number): Seated[] {
  const zero = zeroOf(call)
  const second = (at: string): number => (Date.parse(at) - zero) / 1000
  const found: Seated[] = []
  for (const seat of ['approver', 'window', 'third', 'fourth', 'fifth', 'sixth'] as const) {
    const legs = call.legs.filter((leg) => leg.seat === seat)
    if (!legs.length) continue
    const names = (barged: boolean): string =>
      listed([...new Set(legs.filter((leg) => leg.barged === barged).map((leg) => leg.person.name))])
    found.push({
      seat,
      side: seat === 'window' ? 'here' : 'far',
      who: names(false),
      supervisors: names(true),
      // a call that nobody answered was none that somebody was in
      spans: (call.answered_at ? legs : []).map((leg) => ({
        from_s: Math.max(0, second(leg.joined_at)),
        to_s: Math.min(end_s, leg.ended_at ? second(leg.ended_at) : end_s),
      })),
      gaps: playbacks
        .filter((one) => one.seat === seat && one.source === 'face' && one.started_at)
        .flatMap((one) =>
          gapsOf(one).map((gap) => ({
            from_s: Math.max(0, gap.from_s + second(one.started_at ?? '')),
            to_s: gap.to_s + second(one.started_at ?? ''),
            reason: gap.reason,
          })),
        )
        .filter((gap) => gap.to_s > gap.from_s),
    })
  }
  // the applicant sits at the window: he is there as long as it is
  const window = found.find((one) => one.seat === 'window')
  if (window)
    found.push({
      seat: 'applicant',
      side: 'guest',
      who: call.card.applicant_masked,
      supervisors: '',
      spans: window.spans,
      gaps: [],
    })
  return found
}

/** Which word names a party: his seat, or that he is a supervisor who joined in the open. */
export function wordOf(
  call: CallView | null,
  seat: PlaybackView['seat'],
  person_id: string | undefined,
): PlaybackView['seat'] | 'supervisor' {
  return call?.legs.some((leg) => leg.barged && leg.seat === seat && leg.person.id === person_id)
    ? 'supervisor'
    : seat
}

/** The spans of a playback without packets, in seconds of its file. */
export function gapsOf(
  playback: PlaybackView,
): { from_s: number; to_s: number; reason: string; mid: string }[] {
  return playback.gaps.flatMap((gap) => {
    const { from_s, to_s, reason, mid } = gap
    return typeof from_s === 'number' && typeof to_s === 'number'
      ? [
          {
            from_s,
            to_s,
            reason: typeof reason === 'string' ? reason : '',
            mid: typeof mid === 'string' ? mid : '',
          },
        ]
      : []
  })
}

/** Why nothing is seen of a party: the connection was lost, the recording stood still, or the picture alone did not come. */
export type Absence = 'gap' | 'broken' | 'unseen'

/** What a gap of a picture means; `voiceless`: nothing of the voice was there either. */
export function absence(gap: { reason: string; mid: string }, voiceless: boolean): Absence {
  if (['unwritten', 'dropped', 'cut'].includes(gap.reason)) return 'broken'
  return (voiceless || gap.mid !== '1') && gap.reason !== 'muted' ? 'gap' : 'unseen'
}

const DECISION_TONE: Record<string, Tone> = { accepted: 'good', to_correct: 'amber', refused: 'red' }
const REVIEW_TONE: Record<string, Tone> = { accepted: 'good', returned: 'amber', not_needed: 'plain' }

export function marksOf(
  history: readonly HistoryEvent[],
  view: CaseView,
  call: CallView,
  refused: readonly RefusedSignature[] = [],
): Mark[] {
  const zero = zeroOf(call)
  const side = sides(call, view)
  const lines = new Map(view.item.lines.map((line) => [line.key, line.name]))
  const points = new Map(view.item.checklist.map((point) => [point.key, point.text]))
  const marks: Mark[] = []

  interface More {
    values?: Record<string, string>
    row?: Row
    tone?: Tone
    field?: string | null
    material_id?: string | null
    guest?: boolean
  }
  function add(
    key: string,
    at: string,
    person: PersonRef | null | undefined,
    kind: string,
    more: More = {},
  ): void {
    marks.push({
      key,
      at,
      at_s: (Date.parse(at) - zero) / 1000,
      who: more.guest ? call.card.applicant_masked : (person?.name ?? ''),
      side: more.guest ? 'guest' : side(person),
      kind,
      values: more.values ?? {},
      row: more.row ?? 'people',
      tone: more.tone ?? 'plain',
      field: more.field ?? null,
      material_id: more.material_id ?? null,
    })
  }

  add('dialled', call.opened_at, call.caller, 'dialled')
  for (const ring of call.rings) {
    if (ring.invited_by)
      add(`invited-${ring.id}`, ring.rung_at, ring.invited_by, 'invited', {
        values: { name: ring.target.name },
      })
    if (ring.state !== 'ringing')
      add(`ring-${ring.id}`, ring.closed_at ?? ring.rung_at, ring.target, `ring_${ring.state}`)
  }
  for (const leg of call.legs) {
    add(
      `in-${leg.id}`,
      leg.joined_at,
      leg.person,
      leg.previous_leg_id ? 'rejoined' : leg.barged ? 'barged' : 'joined',
    )
    if (leg.ended_at) add(`out-${leg.id}`, leg.ended_at, leg.person, leg.state === 'lost' ? 'lost' : 'left')
  }
  for (const hold of call.holds) {
    add(`hold-${hold.since}`, hold.since, hold.by, 'held')
    if (hold.until && hold.until !== call.ended_at)
      add(`resume-${hold.until}`, hold.until, hold.by, 'resumed')
  }
  if (call.ended_at) add('ended', call.ended_at, null, 'ended')

  const materials = new Map<string, MaterialView>()
  const threads = new Map<string, Comment>()
  const label = (path: string): string => fieldIn(view, path)?.label ?? path

  function material(key: string, at: string, now: MaterialView): void {
    const before = materials.get(now.id)
    materials.set(now.id, now)
    const values = { line: lines.get(now.line) ?? '', name: now.name, reason: now.review_reason }
    const more = {
      values: { ...values, from: now.origin?.item_name ?? '' },
      row: 'files' as const,
      material_id: now.id,
    }
    if (now.review !== 'none' && (before?.review !== now.review || before.reviewed_at !== now.reviewed_at)) {
      // a verdict about a material is on the way to the decision
      add(key, at, now.reviewed_by, `review_${now.review}`, {
        ...more,
        row: 'decisions',
        tone: REVIEW_TONE[now.review] ?? 'plain',
      })
    } else if (now.review === 'none' && before && before.review !== 'none') {
      // only who said it takes it back
      add(key, at, before.reviewed_by, 'review_withdrawn', { ...more, row: 'decisions' })
    } else if (now.graded_at && now.graded_at !== before?.graded_at) {
      add(key, at, now.graded_by, `graded_${now.grade ?? 'C'}`, more)
    } else if (now.state !== before?.state) {
      if (now.state === 'stored')
        add(
          key,
          at,
          now.by,
          now.side === 'approver'
            ? 'file_sent'
            : now.origin
              ? 'file_earlier'
              : now.answers
                ? 'file_returned'
                : 'file_stored',
          more,
        )
      else if (now.state === 'rejected') add(key, at, now.by, 'file_rejected', { ...more, tone: 'red' })
      else if (now.state === 'cancelled') add(key, at, now.by, 'file_cancelled', more)
      else add(key, at, now.by, 'file_begun', more)
    }
  }

  function moved(key: string, event: MaterialMoved): void {
    for (const one of event.materials) materials.set(one.id, one)
    const of = event.materials.find((one) => one.id === event.material_id)
    const name = (line: string): string => lines.get(line) ?? ''
    add(
      key,
      event.at,
      event.by,
      event.from_line === event.to_line
        ? 'file_turned'
        : name(event.to_line)
          ? 'file_moved'
          : 'file_put_aside',
      {
        values: { name: of?.name ?? '', line: name(event.to_line) },
        row: 'files',
        material_id: event.material_id,
      },
    )
  }

  function comment(key: string, at: string, now: Comment): void {
    const before = threads.get(now.id)
    threads.set(now.id, now)
    const [kind, name = ''] = now.on.split(':')
    const on = kind === 'field' ? label(name) : kind === 'line' ? (lines.get(name) ?? '') : ''
    const more = { row: 'talk' as const, field: kind === 'field' ? name : null }
    const last = now.entries.at(-1)
    const values = { on: on || view.item.name, text: last?.text ?? '' }
    if (now.entries.length > (before?.entries.length ?? 0))
      add(key, at, last?.by, before ? 'comment_answered' : 'commented', { ...more, values, tone: 'amber' })
    else if (now.state === 'resolved')
      add(key, at, now.closed_by, 'comment_resolved', { ...more, values, tone: 'good' })
    else add(key, at, last?.by, 'comment_reopened', { ...more, values, tone: 'amber' })
  }

  /** a signature that holds, until something that was signed changes or it is given anew */
  let signed = false
  let decided = false
  function voids(key: string, at: string, by: PersonRef | null | undefined, what: string): void {
    if (signed)
      add(`${key}-void`, at, by, 'signature_void', { values: { what }, row: 'decisions', tone: 'amber' })
    signed = false
  }

  refused.forEach((one, n) =>
    add(`refused-${n}`, one.at, one.by, one.code === 'stale' ? 'signature_stale' : 'signature_refused', {
      row: 'decisions',
      tone: 'red',
    }),
  )

  for (const { event: body, at, version } of history) {
    const event = body as unknown as CaseEvent
    const key = `case-${version}`
    switch (event.type) {
      case 'case.created':
        add(key, at, event.case.clerk, 'registered', { row: 'decisions' })
        break
      case 'case.consented':
        add(
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
        break
      case 'case.edited':
        add(key, at, event.field_state.by, 'edited', {
          values: { field: label(event.field), value: event.field_state.value },
          row: 'form',
          field: event.field,
        })
        voids(key, at, event.field_state.by, label(event.field))
        break
      case 'case.proposed':
        add(key, at, event.proposal.by, 'proposed', {
          values: { field: label(event.proposal.field), value: event.proposal.value },
          row: 'form',
          field: event.proposal.field,
        })
        break
      case 'case.proposal_closed':
        add(key, at, event.proposal.closed_by, event.proposal.state === 'adopted' ? 'adopted' : 'declined', {
          values: {
            field: label(event.proposal.field),
            value: event.proposal.value,
            by: event.proposal.by.name,
          },
          row: 'form',
          field: event.proposal.field,
        })
        if (event.field_state) voids(key, at, event.field_state.by, label(event.proposal.field))
        break
      case 'material.changed': {
        const brings =
          !decided &&
          event.material.purpose === 'material' &&
          event.material.state === 'stored' &&
          materials.get(event.material.id)?.state !== 'stored'
        material(key, at, event.material)
        if (brings) voids(key, at, event.material.by, event.material.name)
        break
      }
      case 'material.moved':
        moved(key, event)
        voids(key, at, event.by, event.materials.find((one) => one.id === event.material_id)?.name ?? '')
        for (const one of event.comments ?? []) threads.set(one.id, one)
        break
      case 'case.drawn':
        add(key, at, event.drawing.by, 'drawn', {
          values: { n: String(event.drawing.page) },
          row: 'files',
          material_id: event.drawing.material_id,
        })
        break
      case 'case.said':
        add(key, at, event.saying.by, event.saying.lane === 'staff' ? 'said_staff' : 'said', {
          values: { text: event.saying.text },
          row: 'talk',
          guest: Boolean(event.saying.on_behalf_of),
        })
        break
      case 'case.commented':
        comment(key, at, event.comment)
        break
      case 'case.checked':
        add(key, at, event.check?.by, event.check ? `checked_${event.check.verdict}` : 'check_withdrawn', {
          values: { point: points.get(event.point) ?? event.point, note: event.check?.note ?? '' },
          row: 'decisions',
          tone: event.check?.verdict === 'lacking' ? 'amber' : 'plain',
        })
        break
      case 'case.shown':
        if (event.to === 'clerk') add(key, at, event.by, 'read_over', { row: 'decisions' })
        else add(key, at, null, 'shown', { row: 'decisions', guest: true })
        break
      case 'case.signed':
        add(key, at, event.signature.by, signed ? 'signed_anew' : 'signed', {
          row: 'decisions',
          tone: 'guest',
          guest: true,
        })
        signed = true
        break
      case 'case.submitted':
        add(key, at, event.submission.by, 'submitted', {
          values: { number: event.number },
          row: 'decisions',
          tone: 'good',
        })
        break
      case 'case.rated':
        add(key, at, null, `rated_${event.rating.level ?? 'hidden'}`, {
          values: { text: event.rating.text ?? '', reasons: (event.rating.reasons ?? []).join(' ') },
          row: 'decisions',
          guest: true,
          tone: Number(event.rating.level) > 3 ? 'amber' : 'plain',
        })
        break
      case 'case.decided':
        // what follows after it takes nothing from what was signed
        decided = event.decision.kind !== 'to_correct'
        add(key, at, event.decision.by, `decided_${event.decision.kind}`, {
          values: { reason: event.decision.reason, number: event.number },
          row: 'decisions',
          tone: DECISION_TONE[event.decision.kind] ?? 'plain',
        })
        break
      case 'case.referred':
        add(key, at, event.referral.by, 'referred', {
          values: { unit: event.referral.to_unit_name, reason: event.referral.reason },
          row: 'decisions',
          tone: 'amber',
        })
        break
      case 'case.recounted':
        add(key, at, event.by ?? null, `recounted_${event.why ?? 'calendar'}`, {
          values: { day: event.decision.due_on ?? '', legal: event.decision.clock?.legal.due_on ?? '' },
          row: 'decisions',
        })
        break
      case 'paper.changed':
        if (event.paper.state !== 'making')
          add(key, at, null, `paper_${event.paper.state}_${event.paper.kind}`, {
            values: { number: event.paper.number },
            row: 'decisions',
            tone: event.paper.state === 'failed' ? 'red' : 'plain',
          })
        break
      case 'case.earlier_consented':
        add(key, at, event.consent.taken_by, event.consent.given ? 'earlier_given' : 'earlier_refused', {
          row: 'decisions',
        })
        break
      case 'handover.changed': {
        const { handover: one } = event
        const got = one.received_at !== null
        const differs = one.lines.some((line) => line.received === false || line.note)
        add(key, at, got ? one.received_by : one.by, got ? 'originals_received' : 'originals_sent', {
          values: { courier: one.courier, tracking: one.tracking, n: String(one.lines.length) },
          row: 'files',
          tone: got && differs ? 'amber' : 'plain',
        })
        break
      }
      case 'case.promised':
        add(
          key,
          at,
          event.promise.moved?.by ?? event.promise.by,
          event.promise.moved ? 'promise_moved' : 'promised',
          {
            values: { line: lines.get(event.promise.line) ?? '', day: event.promise.due_on },
            row: 'files',
            tone: 'amber',
          },
        )
        break
      case 'case.unmasked':
        add(key, at, event.unmasking.by, 'unmasked', {
          values: { reason: event.unmasking.reason },
          row: 'decisions',
          tone: 'amber',
        })
        break
      case 'case.called':
      case 'case.answered':
      case 'skipped':
        break
      default:
        // an event of a newer server has no words here
        break
    }
  }
  // a stable order: what happened in the same millisecond stays as it was written
  return marks.sort((a, b) => a.at_s - b.at_s)
}

/** The marks whose sentence, person, file or field holds every word of `text`. */
export function found(marks: readonly Mark[], text: string, sentence: (mark: Mark) => string): Mark[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (!words.length) return [...marks]
  return marks.filter((mark) => {
    const said = `${mark.who} ${sentence(mark)} ${Object.values(mark.values).join(' ')}`.toLowerCase()
    return words.every((word) => said.includes(word))
  })
}

/** The nearest mark before or after a second; what stands at it, up to a twentieth of a second, is passed over. */
export function neighbour(marks: readonly Mark[], at_s: number, direction: 1 | -1): Mark | null {
  const clear = 0.05
  return (
    (direction > 0
      ? marks.find((one) => one.at_s > at_s + clear)
      : marks.findLast((one) => one.at_s < at_s - clear)) ?? null
  )
}

/** What happened at this second: the last mark of the last few seconds. */
export function happening(marks: readonly Mark[], at_s: number, within_s = 4): Mark | null {
  const last = marks.findLast((one) => one.at_s <= at_s + 0.05) ?? null
  return last && at_s - last.at_s <= within_s ? last : null
}
