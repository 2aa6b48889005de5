/** How an event of a case becomes marks: by its type, each told with the key and the moment of its version. */
import type { CaseEvent } from '../../../record/rules/reducer'
import type { PersonRef } from '../../../wire/messages'
import type { TimelineMarks } from './marks'

export interface ToldEvent<Event> {
  event: Event
  key: string
  at: string
}

export type Tells = { [T in CaseEvent['type']]?: (told: ToldEvent<Extract<CaseEvent, { type: T }>>) => void }

/** Whether a signature holds: until something that was signed changes, or it is given anew. */
export class Signature {
  holds = false
  /** the case was decided: what follows takes nothing from what was signed */
  closed = false

  constructor(private readonly marks: TimelineMarks) {}

  /** Something that was signed has changed. */
  voids(key: string, at: string, by: PersonRef | null | undefined, what: string): void {
    if (this.holds)
      this.marks.add(`${key}-void`, at, by, 'signature_void', {
        values: { what },
        row: 'decisions',
        tone: 'amber',
      })
    this.holds = false
  }
}
