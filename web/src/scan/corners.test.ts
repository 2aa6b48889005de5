// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { findPaper, type Pixels, type PixelPoint, type Quad } from './corners'
import { flatten, quarter, sizeOf } from './flatten'

const inside = (quad: Quad, x: number, y: number): boolean =>
  quad.every((a, i) => {
    const b = quad[(i + 1) % 4] as PixelPoint
    return (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x) > 0
  })

/** A sheet with print on it, on a ground that a lamp lights from one side, with the camera's noise. */
function picture(
  width: number,
  height: number,
  quad: Quad | null,
  paper: readonly number[],
  ground: readonly number[],
): Pixels {
  const data = new Uint8ClampedArray(width * height * 4)
  let noise = 12345
  const middle = quad && {
    x: quad.reduce((s, p) => s + p.x, 0) / 4,
    y: quad.reduce((s, p) => s + p.y, 0) / 4,
  }
  const margin =
    quad &&
    middle &&
    (quad.map((p) => ({
      x: middle.x + (p.x - middle.x) * 0.88,
      y: middle.y + (p.y - middle.y) * 0.88,
    })) as unknown as Quad)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      noise = (noise * 1103515245 + 12345) & 0x7fffffff
      const lamp = (x / width) * 30
      const here = quad && inside(quad, x + 0.5, y + 0.5)
      const print = margin && inside(margin, x, y) && (x + y) % 37 < 5
      for (let channel = 0; channel < 3; channel++)
        data[(y * width + x) * 4 + channel] =
          (print ? 30 : ((here ? paper : ground)[channel] ?? 0)) + lamp + (noise % 9)
      data[(y * width + x) * 4 + 3] = 255
    }
  }
  return { data, width, height }
}

const QUADS: [string, Quad][] = [
  [
    'straight',
    [
      { x: 120, y: 60 },
      { x: 520, y: 60 },
      { x: 520, y: 420 },
      { x: 120, y: 420 },
    ],
  ],
  [
    'turned',
    [
      { x: 180, y: 40 },
      { x: 560, y: 130 },
      { x: 480, y: 440 },
      { x: 100, y: 350 },
    ],
  ],
  [
    'seen from the side',
    [
      { x: 220, y: 80 },
      { x: 430, y: 90 },
      { x: 560, y: 430 },
      { x: 90, y: 410 },
    ],
  ],
  [
    'a small card',
    [
      { x: 300, y: 200 },
      { x: 420, y: 215 },
      { x: 412, y: 290 },
      { x: 292, y: 276 },
    ],
  ],
]

describe('the corners of a paper', () => {
  for (const [name, quad] of QUADS) {
    for (const [paper, ground] of [
      [
        [225, 222, 215],
        [60, 50, 40],
      ],
      [
        [70, 90, 160],
        [190, 190, 185],
      ],
    ] as const) {
      it(`are found within a pixel: ${name}, ${paper[0] > ground[0] ? 'light on dark' : 'dark on light'}`, () => {
        const found = findPaper(picture(640, 480, quad, paper, ground))
        expect(found).not.toBeNull()
        found?.forEach((corner, i) =>
          expect(
            Math.hypot(corner.x - (quad[i] as PixelPoint).x, corner.y - (quad[i] as PixelPoint).y),
          ).toBeLessThan(1),
        )
      })
    }
  }

  it('are not told where nothing lies, and not of something round', () => {
    expect(findPaper(picture(320, 240, null, [0, 0, 0], [90, 90, 90]))).toBeNull()
    const round = picture(320, 240, null, [0, 0, 0], [60, 60, 60])
    for (let y = 0; y < 240; y++)
      for (let x = 0; x < 320; x++)
        if ((x - 160) ** 2 + (y - 120) ** 2 < 80 ** 2)
          round.data.fill(220, (y * 320 + x) * 4, (y * 320 + x) * 4 + 3)
    expect(findPaper(round)).toBeNull()
  })
})

describe('a flat sheet', () => {
  const quad = QUADS[2]?.[1] as Quad

  it('has the proportions of paper when it comes near them, and no side beyond the limit', () => {
    const a4: Quad = [
      { x: 0, y: 0 },
      { x: 210, y: 4 },
      { x: 212, y: 300 },
      { x: 2, y: 297 },
    ]
    const { width, height } = sizeOf(a4, 5000)
    expect(height / width).toBeCloseTo(Math.SQRT2, 2)
    expect(sizeOf(a4, 100)).toEqual({ width: 71, height: 100 })
  })

  it('shows each quarter of the paper in its own corner, turned by quarters', () => {
    const from: Pixels = { data: new Uint8ClampedArray(640 * 480 * 4), width: 640, height: 480 }
    // a spot of its own value near each corner, a tenth inwards
    const centre = { x: quad.reduce((s, p) => s + p.x, 0) / 4, y: quad.reduce((s, p) => s + p.y, 0) / 4 }
    quad.forEach((corner, i) => {
      const [cx, cy] = [corner.x + (centre.x - corner.x) * 0.2, corner.y + (centre.y - corner.y) * 0.2]
      for (let y = -9; y <= 9; y++)
        for (let x = -9; x <= 9; x++)
          from.data[((Math.round(cy) + y) * 640 + Math.round(cx) + x) * 4] = 60 * (i + 1)
    })
    for (const turns of [0, 1, 2, 3]) {
      const flat = flatten(from, quarter(quad, turns), 200, 200)
      const brightest = [
        [0, 0],
        [100, 0],
        [100, 100],
        [0, 100],
      ].map(([x0, y0]) => {
        let most = 0
        for (let y = 0; y < 100; y++)
          for (let x = 0; x < 100; x++)
            most = Math.max(most, flat[((y + (y0 as number)) * 200 + x + (x0 as number)) * 4] as number)
        return most / 60
      })
      expect(brightest).toEqual([0, 1, 2, 3].map((i) => ((i - turns + 4) % 4) + 1))
    }
  })
})
