/**
 * What happened in a case and its call: events in order of time, looked for and walked through. Pure: words are made by
 * the page.
 */
import type { CaseEvent } from '../../record/rules/reducer'
import type { CallView, CaseView, Comment, HistoryEvent, RefusedSignature } from '../../wire/messages'
import { TimelineMarks, type TimelineMark } from './marks/marks'
import { tellCall } from './marks/ofCall'
import { courseTells } from './marks/ofCourse'
import { formTells } from './marks/ofForm'
import { materialTells } from './marks/ofMaterials'
import { talkTells } from './marks/ofTalk'
import { Signature, type Tells, type ToldEvent } from './marks/tells'

/** Every mark of a case and one call about it, the earliest first. */
export function marksOf(
  history: readonly HistoryEvent[],
  view: CaseView,
  call: CallView,
  refused: readonly RefusedSignature[] = [],
): TimelineMark[] {
  const marks = new TimelineMarks(call, view)
  tellCall(marks)
  refused.forEach((one, n) =>
    marks.add(
      `refused-${n}`,
      one.at,
      one.by,
      one.code === 'stale' ? 'signature_stale' : 'signature_refused',
      {
        row: 'decisions',
        tone: 'red',
      },
    ),
  )
  const signature = new Signature(marks)
  const threads = new Map<string, Comment>()
  const tells: Tells = {
    ...formTells(marks, signature),
    ...materialTells(marks, signature, threads),
    ...talkTells(marks, threads),
    ...courseTells(marks, signature),
  }
  for (const { event: body, at, version } of history) {
    const event = body as unknown as CaseEvent
    // an event of a newer server has no words here, nor one that is told by the call
    const tell = tells[event.type] as ((told: ToldEvent<CaseEvent>) => void) | undefined
    tell?.({ event, key: `case-${version}`, at })
  }
  return marks.inOrder()
}

/** The marks whose sentence, person, file or field holds every word of `text`. */
export function found(
  marks: readonly TimelineMark[],
  text: string,
  sentence: (mark: TimelineMark) => string,
): TimelineMark[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (!words.length) return [...marks]
  return marks.filter((mark) => {
    const said = `${mark.who} ${sentence(mark)} ${Object.values(mark.values).join(' ')}`.toLowerCase()
    return words.every((word) => said.includes(word))
  })
}

/** The nearest mark before or after a second; what stands at it, up to a twentieth of a second, is passed over. */
export function neighbour(
  marks: readonly TimelineMark[],
  at_s: number,
  direction: 1 | -1,
): TimelineMark | null {
  const clear = 0.05
  return (
    (direction > 0
      ? marks.find((one) => one.at_s > at_s + clear)
      : marks.findLast((one) => one.at_s < at_s - clear)) ?? null
  )
}

/** What happened at this second: the last mark of the last few seconds. */
export function happening(marks: readonly TimelineMark[], at_s: number, within_s = 4): TimelineMark | null {
  const last = marks.findLast((one) => one.at_s <= at_s + 0.05) ?? null
  return last && at_s - last.at_s <= within_s ? last : null
}
