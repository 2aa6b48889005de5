/**
 * A signature as the wire takes it: strokes of points in shares of the pad, with pressure and time, so that it can be
 * drawn at any size. Pure.
 */
import type { SignatureImage } from '../../../wire/messages'

/** x and y as shares of the pad, pressure 0 to 1, milliseconds since the first point */
export type StrokePoint = [number, number, number, number]
export type Stroke = [StrokePoint, ...StrokePoint[]]

/** What a pad tells of a stroke: CSS pixels, pressure 0 to 1, milliseconds since 1970. */
export interface Pressed {
  points: readonly { x: number; y: number; pressure: number; time: number }[]
}

const MOST_STROKES = 200
const MOST_POINTS = 4000
const MOST_MS = 3_600_000
/** what is written for a pad that feels no pressure (W3C Pointer Events says the same of a mouse) */
const NO_PRESSURE = 0.5

const share = (value: number, whole: number): number =>
  Math.min(1, Math.max(0, Number((value / whole).toFixed(5))))

/** The strokes of a pad `width` by `height` CSS pixels; what lies beside the pad is brought to its edge. */
export function sharesOf(pressed: readonly Pressed[], width: number, height: number): Stroke[] {
  const strokes = pressed.filter((one) => one.points.length).slice(0, MOST_STROKES)
  const began = strokes[0]?.points[0]?.time ?? 0
  const feels = strokes.some((one) => one.points.some((point) => point.pressure > 0))
  return strokes.map(
    (one) =>
      one.points
        .slice(0, MOST_POINTS)
        .map(({ x, y, pressure, time }): StrokePoint => [
          share(x, width),
          share(y, height),
          feels ? share(pressure, 1) : NO_PRESSURE,
          Math.min(MOST_MS, Math.max(0, Math.round(time - began))),
        ]) as Stroke,
  )
}

/** The strokes of a signature as the server keeps them; what is no point is left out. */
export function strokesOf(image: Pick<SignatureImage, 'strokes'>): Stroke[] {
  const points = (stroke: readonly (readonly unknown[])[]): StrokePoint[] =>
    stroke
      .map((point) => point.map(Number) as StrokePoint)
      .filter((point) => point.length === 4 && point.every(Number.isFinite))
  return image.strokes.map(points).filter((stroke): stroke is Stroke => stroke.length > 0)
}

/** One piece of a drawn stroke, in the units of the pad. */
export interface StrokePiece {
  d: string
  width: number
}

/** The pieces that draw strokes on a pad of that size: thicker where the pen was pressed. */
export function piecesOf(strokes: readonly Stroke[], width: number, height: number): StrokePiece[] {
  const thick = Math.min(width, height) / 40
  const wide = (pressure: number): number => Number((thick * (0.4 + 1.2 * pressure)).toFixed(2))
  const place = ([x, y]: StrokePoint): string => `${(x * width).toFixed(1)} ${(y * height).toFixed(1)}`
  return strokes.flatMap((stroke) => {
    const [first] = stroke
    if (stroke.length === 1) return [{ d: `M${place(first)}h0.01`, width: wide(first[2]) * 1.4 }]
    return stroke.slice(1).map((to, index) => {
      const from = stroke[index] as StrokePoint
      return { d: `M${place(from)}L${place(to)}`, width: wide((from[2] + to[2]) / 2) }
    })
  })
}
