/** What was on screen, one bar a document: turning its pages does not end it. Pure. */
import type { CaseView } from '../../wire/messages'
import type { OnScreen } from './shown'

export interface Bar {
  key: string
  /** the document */
  id: string
  from_s: number
  to_s: number
  name: string
  /** it was returned */
  mend: boolean
  pages: Set<number>
  who: Set<string>
}

/** shorter, between two pages of one document, it was on screen all the time */
const TURNING_S = 1

/** `unknown`: what a document is called that the case does not have. */
export function barsOf(screens: readonly OnScreen[], view: CaseView | null, unknown: string): Bar[] {
  const materials = new Map(view?.materials.map((one) => [one.id, one]))
  const names = new Map(view?.item.lines.map((one) => [one.key, one.name]))
  const found: Bar[] = []
  for (const one of screens) {
    const last = found.at(-1)
    if (last && last.id === one.material_id && one.from_s - last.to_s < TURNING_S) {
      last.to_s = one.to_s
      last.pages.add(one.page)
      for (const name of one.who) last.who.add(name)
      continue
    }
    const material = materials.get(one.material_id)
    found.push({
      key: `${one.material_id}${one.from_s}`,
      id: one.material_id,
      from_s: one.from_s,
      to_s: one.to_s,
      name: material ? (names.get(material.line) ?? material.name) : unknown,
      mend: material?.review === 'returned',
      pages: new Set([one.page]),
      who: new Set(one.who),
    })
  }
  return found
}
