/**
 * Where a sheet of paper or a card lies in a picture: its four corners, or null when none can be told from the ground.
 *
 * The ground is what the rim of the picture shows, told as a plane of colour so that a lamp at one side does no harm;
 * what differs from it and hangs together is the paper, whatever is printed on it. Its sides are fitted as lines and
 * their crossings are the corners, so that rounded corners of a card come out square. Pure; knows pixels only.
 */

export interface PixelPoint {
  x: number
  y: number
}

/** Top left, top right, bottom right, bottom left, in pixels of the picture; a pixel covers [n, n + 1]. */
export type Quad = readonly [PixelPoint, PixelPoint, PixelPoint, PixelPoint]

export interface Pixels {
  data: Uint8ClampedArray
  width: number
  height: number
}

/** of the picture: what is smaller is no paper that somebody laid down to be read */
const LEAST_SHARE = 0.015
/** of 255 and three channels: less is noise of the camera */
const LEAST_DIFFERENCE = 30
/** of the hull: a shape that fills less of its quadrangle is none */
const LEAST_FILL = 0.86
const HULL_POINTS = 20

export function whole(width: number, height: number): Quad {
  return [
    { x: 0, y: 0 },
    { x: width, y: 0 },
    { x: width, y: height },
    { x: 0, y: height },
  ]
}

export function scaled(quad: Quad, by: number): Quad {
  const [a, b, c, d] = quad
  const times = (one: PixelPoint): PixelPoint => ({ x: one.x * by, y: one.y * by })
  return [times(a), times(b), times(c), times(d)]
}

export function findPaper(picture: Pixels): Quad | null {
  const rim = rimOf(shapeOf(picture), picture.width, picture.height)
  if (!rim) return null
  const hull = hullOf(rim)
  const rough = largestQuad(fewer(hull, HULL_POINTS))
  if (!rough || area(rough) < LEAST_FILL * area(hull)) return null
  return turned(squared(rough, rim))
}

// ---------------------------------------------------------------- paper and ground

/** The largest connected part that differs from the ground: 1 where it is. */
function shapeOf(picture: Pixels): Uint8Array {
  const { width, height } = picture
  const difference = blurred(differenceFromGround(picture), width, height)
  const least = Math.max(LEAST_DIFFERENCE, between(difference))
  const labels = new Int32Array(width * height)
  const stack = new Int32Array(width * height)
  let [best, best_size, label] = [0, 0, 0]
  for (let start = 0; start < labels.length; start++) {
    if (labels[start] || (difference[start] ?? 0) < least) continue
    label++
    let [top, size] = [0, 0]
    stack[top++] = start
    labels[start] = label
    while (top) {
      const at = stack[--top] ?? 0
      size++
      const x = at % width
      for (const next of [x > 0 ? at - 1 : -1, x < width - 1 ? at + 1 : -1, at - width, at + width]) {
        if (next < 0 || next >= labels.length || labels[next] || (difference[next] ?? 0) < least) continue
        labels[next] = label
        stack[top++] = next
      }
    }
    if (size > best_size) [best, best_size] = [label, size]
  }
  const shape = new Uint8Array(labels.length)
  if (best_size >= LEAST_SHARE * shape.length)
    for (let at = 0; at < shape.length; at++) shape[at] = labels[at] === best ? 1 : 0
  return shape
}

function differenceFromGround({ data, width, height }: Pixels): Uint8Array {
  const rim = Math.max(2, Math.round(Math.min(width, height) * 0.02))
  const planes = [0, 1, 2].map((channel) => planeOf(data, width, height, rim, channel))
  const difference = new Uint8Array(width * height)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      let sum = 0
      for (let channel = 0; channel < 3; channel++) {
        const [base, across, down] = planes[channel] ?? [0, 0, 0]
        sum += Math.abs((data[at * 4 + channel] ?? 0) - (base + across * x + down * y))
      }
      difference[at] = Math.min(255, sum / 2)
    }
  }
  return difference
}

type Plane = readonly [number, number, number]

/**
 * Least squares of one channel over the rim; a second time without what stood far off, such as a sheet that
 * reaches the edge.
 */
function planeOf(
  data: Uint8ClampedArray,
  width: number,
  height: number,
  rim: number,
  channel: number,
): Plane {
  let plane: Plane | null = null
  for (let round = 0; round < 3; round++) {
    const m = new Float64Array(9)
    const v = new Float64Array(3)
    for (let y = 0; y < height; y++) {
      const edge = y < rim || y >= height - rim
      for (let x = 0; x < width; x += edge || x < rim - 1 || x >= width - rim ? 1 : width - 2 * rim + 1) {
        const value = data[(y * width + x) * 4 + channel] ?? 0
        if (plane && Math.abs(value - (plane[0] + plane[1] * x + plane[2] * y)) > (round === 1 ? 60 : 30))
          continue
        const terms = [1, x / width, y / height]
        for (let i = 0; i < 3; i++) {
          v[i] = (v[i] ?? 0) + (terms[i] ?? 0) * value
          for (let j = 0; j < 3; j++) m[i * 3 + j] = (m[i * 3 + j] ?? 0) + (terms[i] ?? 0) * (terms[j] ?? 0)
        }
      }
    }
    const solved = solve(m, v)
    if (!solved) break
    plane = [solved[0], solved[1] / width, solved[2] / height]
  }
  return plane ?? [0, 0, 0]
}

/** Three equations by Cramer's rule; null when they do not determine anything. */
function solve(m: Float64Array, v: Float64Array): Plane | null {
  const at = (matrix: Float64Array, i: number, j: number): number => matrix[i * 3 + j] ?? 0
  const det = (matrix: Float64Array): number =>
    at(matrix, 0, 0) * (at(matrix, 1, 1) * at(matrix, 2, 2) - at(matrix, 1, 2) * at(matrix, 2, 1)) -
    at(matrix, 0, 1) * (at(matrix, 1, 0) * at(matrix, 2, 2) - at(matrix, 1, 2) * at(matrix, 2, 0)) +
    at(matrix, 0, 2) * (at(matrix, 1, 0) * at(matrix, 2, 1) - at(matrix, 1, 1) * at(matrix, 2, 0))
  const all = det(m)
  if (Math.abs(all) < 1e-9) return null
  const one = (column: number): number => {
    const swapped = m.slice()
    for (let i = 0; i < 3; i++) swapped[i * 3 + column] = v[i] ?? 0
    return det(swapped) / all
  }
  return [one(0), one(1), one(2)]
}

function blurred(from: Uint8Array, width: number, height: number): Uint8Array {
  const to = new Uint8Array(from.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [sum, count] = [0, 0]
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          if (y + dy < 0 || y + dy >= height || x + dx < 0 || x + dx >= width) continue
          sum += from[(y + dy) * width + x + dx] ?? 0
          count++
        }
      }
      to[y * width + x] = sum / count
    }
  }
  return to
}

/** The value that parts two heaps of values best (Otsu 1979). */
function between(values: Uint8Array): number {
  const counts = new Float64Array(256)
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  const all = values.length
  let sum = 0
  for (let i = 0; i < 256; i++) sum += i * (counts[i] ?? 0)
  let [below, below_sum, best, best_gap] = [0, 0, 0, -1]
  for (let i = 0; i < 256; i++) {
    below += counts[i] ?? 0
    below_sum += i * (counts[i] ?? 0)
    if (!below || below === all) continue
    const gap = below * (all - below) * (below_sum / below - (sum - below_sum) / (all - below)) ** 2
    if (gap > best_gap) [best, best_gap] = [i, gap]
  }
  return best + 1
}

// ---------------------------------------------------------------- from a shape to four corners

/** The outermost points of the shape in each row and column, at the outer edge of their pixels. */
function rimOf(shape: Uint8Array, width: number, height: number): PixelPoint[] | null {
  const rim: PixelPoint[] = []
  for (let y = 0; y < height; y++) {
    let [first, last] = [-1, -1]
    for (let x = 0; x < width; x++) {
      if (!shape[y * width + x]) continue
      if (first < 0) first = x
      last = x
    }
    if (first >= 0) rim.push({ x: first, y: y + 0.5 }, { x: last + 1, y: y + 0.5 })
  }
  for (let x = 0; x < width; x++) {
    let [first, last] = [-1, -1]
    for (let y = 0; y < height; y++) {
      if (!shape[y * width + x]) continue
      if (first < 0) first = y
      last = y
    }
    if (first >= 0) rim.push({ x: x + 0.5, y: first }, { x: x + 0.5, y: last + 1 })
  }
  return rim.length >= 8 ? rim : null
}

const cross = (o: PixelPoint, a: PixelPoint, b: PixelPoint): number =>
  (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x)

/** The convex hull (Andrew 1979), clockwise as it is seen. */
function hullOf(points: readonly PixelPoint[]): PixelPoint[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y)
  const half = (from: readonly PixelPoint[]): PixelPoint[] => {
    const chain: PixelPoint[] = []
    for (const point of from) {
      while (chain.length > 1 && cross(chain.at(-2) as PixelPoint, chain.at(-1) as PixelPoint, point) <= 0)
        chain.pop()
      chain.push(point)
    }
    return chain.slice(0, -1)
  }
  return [...half(sorted), ...half([...sorted].reverse())]
}

/** The hull with so many points, without those that take the least from it. */
function fewer(hull: readonly PixelPoint[], most: number): PixelPoint[] {
  const left = [...hull]
  while (left.length > most) {
    let [least, at] = [Infinity, 0]
    for (let i = 0; i < left.length; i++) {
      const takes = Math.abs(
        cross(left.at(i - 1) as PixelPoint, left[i] as PixelPoint, left[(i + 1) % left.length] as PixelPoint),
      )
      if (takes < least) [least, at] = [takes, i]
    }
    left.splice(at, 1)
  }
  return left
}

export function area(polygon: readonly PixelPoint[]): number {
  let sum = 0
  polygon.forEach((a, i) => {
    const b = polygon[(i + 1) % polygon.length] as PixelPoint
    sum += a.x * b.y - b.x * a.y
  })
  return Math.abs(sum) / 2
}

function largestQuad(points: readonly PixelPoint[]): Quad | null {
  const n = points.length
  let [best, best_area]: [Quad | null, number] = [null, 0]
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      for (let k = j + 1; k < n; k++) {
        for (let l = k + 1; l < n; l++) {
          const quad = [points[i], points[j], points[k], points[l]] as unknown as Quad
          const size = area(quad)
          if (size > best_area) [best, best_area] = [quad, size]
        }
      }
    }
  }
  return best
}

interface Straight {
  at: PixelPoint
  /** unit vector along it */
  way: PixelPoint
}

/** Each side fitted to the points of the rim along it; the corners are where the sides cross. */
function squared(rough: Quad, rim: readonly PixelPoint[]): Quad {
  const diagonal = Math.hypot(rough[2].x - rough[0].x, rough[2].y - rough[0].y)
  const sides = rough.map((a, i) => sideOf(a, rough[(i + 1) % 4] as PixelPoint, rim, diagonal * 0.02))
  return rough.map((corner, i) => {
    const met = crossing(sides[(i + 3) % 4] as Straight, sides[i] as Straight)
    return met && Math.hypot(met.x - corner.x, met.y - corner.y) < diagonal * 0.08 ? met : corner
  }) as unknown as Quad
}

function sideOf(a: PixelPoint, b: PixelPoint, rim: readonly PixelPoint[], near: number): Straight {
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1
  let line: Straight = { at: a, way: { x: (b.x - a.x) / length, y: (b.y - a.y) / length } }
  const away = (point: PixelPoint): number =>
    Math.abs((point.x - line.at.x) * line.way.y - (point.y - line.at.y) * line.way.x)
  for (const within of [near, near / 2, Math.max(1, near / 6)]) {
    const along = rim.filter((point) => {
      const share = ((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / length ** 2
      return share > 0.1 && share < 0.9 && away(point) <= within
    })
    if (along.length < 6) break
    line = fitted(along)
  }
  return line
}

/** The line with the least squares of distances. */
function fitted(points: readonly PixelPoint[]): Straight {
  const n = points.length
  const at = {
    x: points.reduce((sum, one) => sum + one.x, 0) / n,
    y: points.reduce((sum, one) => sum + one.y, 0) / n,
  }
  let [xx, xy, yy] = [0, 0, 0]
  for (const one of points) {
    xx += (one.x - at.x) ** 2
    xy += (one.x - at.x) * (one.y - at.y)
    yy += (one.y - at.y) ** 2
  }
  const angle = Math.atan2(2 * xy, xx - yy) / 2
  return { at, way: { x: Math.cos(angle), y: Math.sin(angle) } }
}

function crossing(one: Straight, other: Straight): PixelPoint | null {
  const det = one.way.x * other.way.y - one.way.y * other.way.x
  if (Math.abs(det) < 0.2) return null
  const t = ((other.at.x - one.at.x) * other.way.y - (other.at.y - one.at.y) * other.way.x) / det
  return { x: one.at.x + t * one.way.x, y: one.at.y + t * one.way.y }
}

/** Clockwise from the corner that is nearest to the picture's top left. */
function turned(quad: Quad): Quad {
  const first = quad.reduce(
    (best, one, i) =>
      one.x + one.y < (quad[best] as PixelPoint).x + (quad[best] as PixelPoint).y ? i : best,
    0,
  )
  return [0, 1, 2, 3].map((i) => quad[(first + i) % 4]) as unknown as Quad
}
