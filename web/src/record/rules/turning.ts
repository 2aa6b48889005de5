/**
 * Places on a page that is shown turned. A place is a pair of shares (0 to 1) of width and height, from the left and
 * the top: of the page as it lies in the document (what travels), or of the page as it is shown. Pure.
 */
export interface PagePoint {
  x: number
  y: number
}

const quarter = (turn: number): number => (((turn % 360) + 360) % 360) / 90

/** Where a place of the document is seen when the page is turned clockwise by `turn` degrees. */
export function seen({ x, y }: PagePoint, turn: number): PagePoint {
  const places: PagePoint[] = [
    { x, y },
    { x: 1 - y, y: x },
    { x: 1 - x, y: 1 - y },
    { x: y, y: 1 - x },
  ]
  return places[quarter(turn)] ?? { x, y }
}

/** The place of the document that is seen at `place`. */
export function meant(place: PagePoint, turn: number): PagePoint {
  return seen(place, -turn)
}
