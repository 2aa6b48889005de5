/** Marks of materials: what came, was moved, judged, drawn on, promised, sent by courier. */
import type { Comment, MaterialMoved, MaterialView } from '../../../wire/messages'
import type { TimelineMarks, MarkTone } from './marks'
import type { Signature, Tells } from './tells'

const REVIEW_TONE: Record<string, MarkTone> = { accepted: 'good', returned: 'amber', not_needed: 'plain' }

/** `threads`: comments by their id, some of which move with a material. */
export function materialTells(
  marks: TimelineMarks,
  signature: Signature,
  threads: Map<string, Comment>,
): Tells {
  const materials = new Map<string, MaterialView>()

  function material(key: string, at: string, now: MaterialView): void {
    const before = materials.get(now.id)
    materials.set(now.id, now)
    const values = { line: marks.line(now.line), name: now.name, reason: now.review_reason }
    const more = {
      values: { ...values, from: now.origin?.item_name ?? '' },
      row: 'files' as const,
      material_id: now.id,
    }
    if (now.review !== 'none' && (before?.review !== now.review || before.reviewed_at !== now.reviewed_at)) {
      // a verdict about a material is on the way to the decision
      marks.add(key, at, now.reviewed_by, `review_${now.review}`, {
        ...more,
        row: 'decisions',
        tone: REVIEW_TONE[now.review] ?? 'plain',
      })
    } else if (now.review === 'none' && before && before.review !== 'none') {
      // only who said it takes it back
      marks.add(key, at, before.reviewed_by, 'review_withdrawn', { ...more, row: 'decisions' })
    } else if (now.graded_at && now.graded_at !== before?.graded_at) {
      marks.add(key, at, now.graded_by, `graded_${now.grade ?? 'C'}`, more)
    } else if (now.state !== before?.state) {
      if (now.state === 'stored')
        marks.add(
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
      else if (now.state === 'rejected') marks.add(key, at, now.by, 'file_rejected', { ...more, tone: 'red' })
      else if (now.state === 'cancelled') marks.add(key, at, now.by, 'file_cancelled', more)
      else marks.add(key, at, now.by, 'file_begun', more)
    }
  }

  function moved(key: string, event: MaterialMoved): void {
    for (const one of event.materials) materials.set(one.id, one)
    const of = event.materials.find((one) => one.id === event.material_id)
    const name = (line: string): string => marks.line(line)
    marks.add(
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

  return {
    'material.changed': ({ event, key, at }) => {
      const brings =
        !signature.closed &&
        event.material.purpose === 'material' &&
        event.material.state === 'stored' &&
        materials.get(event.material.id)?.state !== 'stored'
      material(key, at, event.material)
      if (brings) signature.voids(key, at, event.material.by, event.material.name)
    },
    'material.moved': ({ event, key, at }) => {
      moved(key, event)
      signature.voids(
        key,
        at,
        event.by,
        event.materials.find((one) => one.id === event.material_id)?.name ?? '',
      )
      for (const one of event.comments ?? []) threads.set(one.id, one)
    },
    'case.drawn': ({ event, key, at }) => {
      marks.add(key, at, event.drawing.by, 'drawn', {
        values: { n: String(event.drawing.page) },
        row: 'files',
        material_id: event.drawing.material_id,
      })
    },
    'handover.changed': ({ event, key, at }) => {
      const { handover: one } = event
      const got = one.received_at !== null
      const differs = one.lines.some((line) => line.received === false || line.note)
      marks.add(key, at, got ? one.received_by : one.by, got ? 'originals_received' : 'originals_sent', {
        values: { courier: one.courier, tracking: one.tracking, n: String(one.lines.length) },
        row: 'files',
        tone: got && differs ? 'amber' : 'plain',
      })
    },
    'case.promised': ({ event, key, at }) => {
      const { moved, verified, due_on } = event.promise
      const what = verified
        ? (`declared_${verified.verdict}` as const)
        : due_on === null
          ? 'declared'
          : moved
            ? 'promise_moved'
            : 'promised'
      marks.add(key, at, verified?.by ?? moved?.by ?? event.promise.by, what, {
        values: { line: marks.line(event.promise.line), day: due_on ?? '' },
        row: 'files',
        tone: 'amber',
      })
    },
  }
}
