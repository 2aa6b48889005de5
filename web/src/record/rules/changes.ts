/** What others changed in a case since this person looked, as a refused act tells it. Pure. */

export interface Change {
  what: 'values' | 'materials' | 'reviews' | 'comments' | 'unit' | 'decision'
  /** a path, a key of a line, `point:<key>` or the anchor of a comment; empty where there is one place alone */
  where: string
}

/** A detail with commas. */
export const listIn = (told: unknown): string[] =>
  typeof told === 'string' ? told.split(',').filter(Boolean) : []

/** `values:old_principal,materials:identity,unit` */
export function changesIn(told: unknown): Change[] {
  return listIn(told).map((one) => {
    const at = one.indexOf(':')
    return {
      what: (at < 0 ? one : one.slice(0, at)) as Change['what'],
      where: at < 0 ? '' : one.slice(at + 1),
    }
  })
}
