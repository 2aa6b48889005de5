/** Marks of a timeline: what happened when, by whom, and where it stands. Words are made by the page. */
import { language } from '../../../i18n'
import { fieldIn } from '../../../record/rules/form/fields'
import { labelOf } from '../../../record/rules/words'
import type { CallView, CaseView, PersonRef } from '../../../wire/messages'
import { sides, zeroOf, type ActorSide } from '../presence'

export type TimelineRow = 'people' | 'files' | 'form' | 'talk' | 'decisions'
export type MarkTone = 'plain' | 'good' | 'amber' | 'red' | 'guest'

export interface TimelineMark {
  key: string
  at: string
  at_s: number
  who: string
  side: ActorSide
  /** key under audit.marks */
  kind: string
  /** values for the sentence; never a sensitive value, the server has masked them */
  values: Record<string, string>
  row: TimelineRow
  tone: MarkTone
  field: string | null
  material_id: string | null
}

export interface More {
  values?: Record<string, string>
  row?: TimelineRow
  tone?: MarkTone
  field?: string | null
  material_id?: string | null
  /** the applicant did it himself */
  guest?: boolean
}

/** The marks of one call and its case as they are found, and the names of what they are about. */
export class TimelineMarks {
  private readonly all: TimelineMark[] = []
  private readonly zero_ms: number
  private readonly side: (person: PersonRef | null | undefined) => ActorSide
  private readonly lines: ReadonlyMap<string, string>
  private readonly points: ReadonlyMap<string, string>

  constructor(
    readonly call: CallView,
    readonly view: CaseView,
  ) {
    this.zero_ms = zeroOf(call)
    this.side = sides(call, view)
    this.lines = new Map(view.item.lines.map((line) => [line.key, line.name]))
    this.points = new Map(view.item.checklist.map((point) => [point.key, point.text]))
  }

  add(key: string, at: string, person: PersonRef | null | undefined, kind: string, more: More = {}): void {
    this.all.push({
      key,
      at,
      at_s: (Date.parse(at) - this.zero_ms) / 1000,
      who: more.guest ? this.call.card.applicant_masked : (person?.name ?? ''),
      side: more.guest ? 'guest' : this.side(person),
      kind,
      values: more.values ?? {},
      row: more.row ?? 'people',
      tone: more.tone ?? 'plain',
      field: more.field ?? null,
      material_id: more.material_id ?? null,
    })
  }

  /** The name of a line of the item; empty when it has none. */
  line(key: string): string {
    return this.lines.get(key) ?? ''
  }

  point(key: string): string {
    return this.points.get(key) ?? key
  }

  /** What a field is called. */
  label(path: string): string {
    const field = fieldIn(this.view, path)
    return field ? labelOf(field, language()) : path
  }

  /** In order of time; what happened in the same millisecond stays as it was written. */
  inOrder(): TimelineMark[] {
    return this.all.sort((a, b) => a.at_s - b.at_s)
  }
}
