/**
 * A quadrangle of a picture laid flat as a rectangle (projective map of the unit square, Heckbert 1989), sampled
 * between pixels. Pure; knows pixels only.
 */
import type { Pixels, PixelPoint, Quad } from './corners'

/** Of sheets of the A and B rows, and of cards (ISO/IEC 7810 ID-1): what comes near is made exactly so. */
const PROPORTIONS = [Math.SQRT2, 85.6 / 53.98]
const NEAR = 0.06

const far = (a: PixelPoint, b: PixelPoint): number => Math.hypot(a.x - b.x, a.y - b.y)

/** The quadrangle turned clockwise by so many quarters: what was at its left is on top. */
export function quarter([a, b, c, d]: Quad, turns: number): Quad {
  const corners = [a, b, c, d]
  return [0, 1, 2, 3].map((i) => corners[(i - turns + 8) % 4]) as unknown as Quad
}

/** How large the flat sheet is, in pixels, no side longer than `most`. */
export function sizeOf(quad: Quad, most: number): { width: number; height: number } {
  let width = Math.max(far(quad[0], quad[1]), far(quad[3], quad[2]), 1)
  let height = Math.max(far(quad[0], quad[3]), far(quad[1], quad[2]), 1)
  const [long, short] = [Math.max(width, height), Math.min(width, height)]
  const exact = PROPORTIONS.find((one) => Math.abs(long / short / one - 1) < NEAR)
  if (exact) [width, height] = width >= height ? [long, long / exact] : [long / exact, long]
  const by = Math.min(1, most / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * by)), height: Math.max(1, Math.round(height * by)) }
}

export function flatten(
  picture: Pixels,
  quad: Quad,
  width: number,
  height: number,
): Uint8ClampedArray<ArrayBuffer> {
  const [p0, p1, p2, p3] = quad
  const [sx, sy] = [p0.x - p1.x + p2.x - p3.x, p0.y - p1.y + p2.y - p3.y]
  const [dx1, dx2, dy1, dy2] = [p1.x - p2.x, p3.x - p2.x, p1.y - p2.y, p3.y - p2.y]
  const det = dx1 * dy2 - dx2 * dy1 || 1e-9
  const [g, h] = [(sx * dy2 - dx2 * sy) / det, (dx1 * sy - sx * dy1) / det]
  const [a, b] = [p1.x - p0.x + g * p1.x, p3.x - p0.x + h * p3.x]
  const [d, e] = [p1.y - p0.y + g * p1.y, p3.y - p0.y + h * p3.y]
  const from = picture.data
  const [right, bottom] = [picture.width - 1, picture.height - 1]
  const to = new Uint8ClampedArray(width * height * 4)
  for (let row = 0, out = 0; row < height; row++) {
    const v = (row + 0.5) / height
    for (let column = 0; column < width; column++, out += 4) {
      const u = (column + 0.5) / width
      const w = g * u + h * v + 1
      const x = Math.min(right, Math.max(0, (a * u + b * v + p0.x) / w - 0.5))
      const y = Math.min(bottom, Math.max(0, (d * u + e * v + p0.y) / w - 0.5))
      const [x0, y0] = [x | 0, y | 0]
      const [fx, fy] = [x - x0, y - y0]
      const one = (y0 * picture.width + x0) * 4
      const next = x0 < right ? 4 : 0
      const below = y0 < bottom ? picture.width * 4 : 0
      for (let channel = 0; channel < 3; channel++) {
        const at = one + channel
        const upper = (from[at] as number) * (1 - fx) + (from[at + next] as number) * fx
        const lower = (from[at + below] as number) * (1 - fx) + (from[at + below + next] as number) * fx
        to[out + channel] = upper * (1 - fy) + lower * fy
      }
      to[out + 3] = 255
    }
  }
  return to
}
