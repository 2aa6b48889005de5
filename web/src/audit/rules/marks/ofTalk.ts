/** Marks of what was said: messages, comments and their threads, the points of the checklist. */
import type { Comment } from '../../../wire/messages'
import type { TimelineMarks } from './marks'
import type { Tells } from './tells'

export function talkTells(marks: TimelineMarks, threads: Map<string, Comment>): Tells {
  function comment(key: string, at: string, now: Comment): void {
    const before = threads.get(now.id)
    threads.set(now.id, now)
    const [kind, name = ''] = now.on.split(':')
    const on = kind === 'field' ? marks.label(name) : kind === 'line' ? marks.line(name) : ''
    const more = { row: 'talk' as const, field: kind === 'field' ? name : null }
    const last = now.entries.at(-1)
    const values = { on: on || marks.view.item.name, text: last?.text ?? '' }
    if (now.entries.length > (before?.entries.length ?? 0))
      marks.add(key, at, last?.by, before ? 'comment_answered' : 'commented', {
        ...more,
        values,
        tone: 'amber',
      })
    else if (now.state === 'resolved')
      marks.add(key, at, now.closed_by, 'comment_resolved', { ...more, values, tone: 'good' })
    else marks.add(key, at, last?.by, 'comment_reopened', { ...more, values, tone: 'amber' })
  }

  return {
    'case.said': ({ event, key, at }) => {
      marks.add(key, at, event.saying.by, event.saying.lane === 'staff' ? 'said_staff' : 'said', {
        values: { text: event.saying.text },
        row: 'talk',
        guest: Boolean(event.saying.on_behalf_of),
      })
    },
    'case.commented': ({ event, key, at }) => {
      comment(key, at, event.comment)
    },
    'case.checked': ({ event, key, at }) => {
      marks.add(
        key,
        at,
        event.check?.by,
        event.check ? `checked_${event.check.verdict}` : 'check_withdrawn',
        {
          values: { point: marks.point(event.point), note: event.check?.note ?? '' },
          row: 'decisions',
          tone: event.check?.verdict === 'lacking' ? 'amber' : 'plain',
        },
      )
    },
  }
}
