/**
 * A case as this page knows it: a snapshot, and the events after it.
 *
 * The law: reducing the snapshot that an audience got by the events that it got gives the snapshot that it would
 * get now. Late and doubled events change nothing; an event that skips a version is left alone, and `gap` says so,
 * so that the page asks for a snapshot. Pure: no clock, no connection, no Vue.
 */
import { changed, declared, put, type DeclaredEvent } from './arms'
import { fillable } from './course/course'
import type {
  AnyEvent,
  CaseSnapshot,
  CaseView,
  Check,
  MaterialView,
  Proposal,
  SignatureView,
  UnitTaskView,
} from '../../wire/messages'

/** The events whose subject is a case. */
export type CaseEvent = Exclude<AnyEvent, { type: 'call.changed' }>

export function subjectOf(case_id: string): string {
  return `case:${case_id}`
}

/** Whether `event` comes after something that this snapshot has not seen. */
export function gap(snapshot: CaseSnapshot, event: CaseEvent): boolean {
  return event.subject === subjectOf(snapshot.case.id) && event.version > snapshot.version + 1
}

export function reduceCase(snapshot: CaseSnapshot, event: CaseEvent): CaseSnapshot {
  if (event.subject !== subjectOf(snapshot.case.id) || event.version !== snapshot.version + 1) return snapshot
  return { ...snapshot, version: event.version, case: step(snapshot.case, event) }
}

function step(view: CaseView, event: CaseEvent): CaseView {
  return declared(event) ? changed(view, event) : byHand(view, event)
}

/** What an event does beside what it declares, or otherwise. */
function byHand(view: CaseView, event: Exclude<CaseEvent, DeclaredEvent>): CaseView {
  switch (event.type) {
    case 'skipped':
      return view
    case 'case.created':
      return event.case
    case 'case.promised':
      return {
        ...view,
        promises: [...view.promises.filter((one) => one.line !== event.promise.line), event.promise],
      }
    case 'case.edited':
      return {
        ...view,
        fields: { ...view.fields, [event.field]: event.field_state },
        proposals: outdate(view.proposals, event.outdated),
        signature: outdatedSignature(view),
      }
    case 'case.proposal_closed':
      return {
        ...view,
        fields: event.field_state
          ? { ...view.fields, [event.proposal.field]: event.field_state }
          : view.fields,
        proposals: put(outdate(view.proposals, event.outdated), event.proposal),
        signature: event.field_state ? outdatedSignature(view) : view.signature,
      }
    case 'material.changed':
      return {
        ...view,
        materials: put<MaterialView>(view.materials, event.material),
        signature: brings(view, event.material) ? outdatedSignature(view) : view.signature,
      }
    case 'material.moved':
      return {
        ...view,
        materials: event.materials.reduce<MaterialView[]>(put, view.materials),
        comments: (event.comments ?? []).reduce(put, view.comments),
        signature: outdatedSignature(view),
      }
    case 'case.tasked':
      return { ...view, unit_tasks: event.tasks.reduce<UnitTaskView[]>(put, view.unit_tasks ?? []) }
    case 'case.decided':
      return {
        ...view,
        number: event.number,
        state: event.state,
        decision: event.decision,
        proposals: outdate(view.proposals, event.outdated),
        corrections: view.corrections + (event.decision.kind === 'to_correct' ? 1 : 0),
      }
    case 'case.referred':
      return {
        ...view,
        referrals: [...view.referrals, event.referral],
        owner: null,
        item: {
          ...view.item,
          unit_id: event.unit_id,
          unit_name: event.referral.to_unit_name,
          place: event.place,
        },
      }
    case 'case.checked':
      return { ...view, checks: checked(view.checks, event.point, event.check) }
    case 'case.shown':
      return view
    default:
      return unknown(event)
  }
}

/** An event that this page does not know: it came from a newer server, and only a new page can follow. */
export class UnknownEvent extends Error {}

function unknown(event: never): never {
  throw new UnknownEvent(String((event as { type: unknown }).type))
}

function outdate(proposals: Proposal[], outdated: readonly string[] | undefined): Proposal[] {
  if (!outdated?.length) return proposals
  return proposals.map((one) => (outdated.includes(one.id) ? { ...one, state: 'outdated' as const } : one))
}

/** The signature no longer fits what stands there: a field or a stored material changed after it. */
function outdatedSignature(view: CaseView): SignatureView | null {
  return view.signature && { ...view.signature, outdated: true }
}

/** Whether this version of a material has just become stored, as one that counts. */
function brings(view: CaseView, now: MaterialView): boolean {
  const before = view.materials.find((one) => one.id === now.id)
  // what follows after acceptance takes nothing from what was signed
  return fillable(view) && now.purpose === 'material' && now.state === 'stored' && before?.state !== 'stored'
}

/** In the order of the points' keys. */
function checked(checks: readonly Check[], point: string, check: Check | null): Check[] {
  const others = checks.filter((one) => one.point !== point)
  return check ? [...others, check].sort((a, b) => (a.point < b.point ? -1 : 1)) : others
}
