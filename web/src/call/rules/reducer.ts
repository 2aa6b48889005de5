/**
 * A call as this reader sees it: a snapshot, moved forward by events.
 *
 * `call.changed` carries the whole state, so late and doubled events do no harm; an event held back from this
 * reader arrives as `skipped` and only moves the version. Pure; replayed by the vectors of the server's tests.
 */
import type { AnyEvent, CallSnapshot } from '../../wire/messages'

export type { CallSnapshot } from '../../wire/messages'

export function reduceCall(snapshot: CallSnapshot, event: AnyEvent): CallSnapshot {
  if (event.subject !== `call:${snapshot.call.id}` || event.version <= snapshot.version) return snapshot
  switch (event.type) {
    case 'call.changed':
      return { ...snapshot, version: event.version, call: event.call }
    case 'skipped':
      return event.version === snapshot.version + 1 ? { ...snapshot, version: event.version } : snapshot
    default:
      return snapshot
  }
}

/** Whether the snapshot has missed something that this event cannot make up for. */
export function missed(snapshot: CallSnapshot, event: AnyEvent): boolean {
  return (
    event.subject === `call:${snapshot.call.id}` &&
    event.type !== 'call.changed' &&
    event.version > snapshot.version + 1
  )
}
