/** Marks of the call itself: who was asked, came and went, what was put on hold. */
import type { TimelineMarks } from './marks'

export function tellCall(marks: TimelineMarks): void {
  const { call } = marks
  marks.add('dialled', call.opened_at, call.caller, 'dialled')
  for (const ring of call.rings) {
    if (ring.invited_by)
      marks.add(`invited-${ring.id}`, ring.rung_at, ring.invited_by, 'invited', {
        values: { name: ring.target.name },
      })
    if (ring.state !== 'ringing')
      marks.add(`ring-${ring.id}`, ring.closed_at ?? ring.rung_at, ring.target, `ring_${ring.state}`)
  }
  for (const leg of call.legs) {
    marks.add(
      `in-${leg.id}`,
      leg.joined_at,
      leg.person,
      leg.previous_leg_id ? 'rejoined' : leg.barged ? 'barged' : 'joined',
    )
    if (leg.ended_at)
      marks.add(`out-${leg.id}`, leg.ended_at, leg.person, leg.state === 'lost' ? 'lost' : 'left')
  }
  for (const hold of call.holds) {
    marks.add(`hold-${hold.since}`, hold.since, hold.by, 'held')
    if (hold.until && hold.until !== call.ended_at)
      marks.add(`resume-${hold.until}`, hold.until, hold.by, 'resumed')
  }
  if (call.ended_at) marks.add('ended', call.ended_at, null, 'ended')
}
