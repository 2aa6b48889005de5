// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { piecesOf, sharesOf, strokesOf } from './strokes'

const point = (x: number, y: number, pressure: number, time: number) => ({ x, y, pressure, time })

describe('a signature on its way to the record', () => {
  it('is told in shares of the box, with pressure and the time since the first point', () => {
    const drawn = [
      { points: [point(0, 0, 0.2, 5_000), point(400, 100, 0.9, 5_040)] },
      { points: [point(200, 50, 0.4, 5_600)] },
    ]
    expect(sharesOf(drawn, 400, 200)).toEqual([
      [
        [0, 0, 0.2, 0],
        [1, 0.5, 0.9, 40],
      ],
      [[0.5, 0.25, 0.4, 600]],
    ])
  })

  it('is the same on a box of another size', () => {
    const small = sharesOf([{ points: [point(30, 40, 0.5, 1)] }], 120, 80)
    expect(sharesOf([{ points: [point(300, 400, 0.5, 1)] }], 1200, 800)).toEqual(small)
  })

  it('brings what went beside the box to its edge', () => {
    expect(sharesOf([{ points: [point(-5, 900, 1.4, 1)] }], 400, 200)).toEqual([[[0, 1, 1, 0]]])
  })

  it('says half a pressure for a pad that feels none', () => {
    expect(
      sharesOf([{ points: [point(1, 1, 0, 1), point(2, 2, 0, 2)] }], 10, 10)[0]?.map(
        ([, , pressure]) => pressure,
      ),
    ).toEqual([0.5, 0.5])
  })

  it('keeps within what the wire takes, and sends no empty stroke', () => {
    const long = { points: Array.from({ length: 5_000 }, (_, at) => point(at % 100, 1, 0.5, at)) }
    const strokes = sharesOf([{ points: [] }, ...Array.from({ length: 250 }, () => long)], 100, 100)
    expect([strokes.length, strokes[0]?.length]).toEqual([200, 4_000])
  })
})

describe('a signature that is drawn again', () => {
  it('is read as the server keeps it; what is no point is left out', () => {
    const strokes = [
      [
        [0.1, 0.2, 0.5, 0],
        ['x', 0, 0, 0],
      ],
      [],
    ] as unknown as Parameters<typeof strokesOf>[0]['strokes']
    expect(strokesOf({ strokes })).toEqual([[[0.1, 0.2, 0.5, 0]]])
  })

  it('is thicker where the pen was pressed', () => {
    const [light, hard] = piecesOf(
      [
        [
          [0, 0, 0.1, 0],
          [0.5, 0, 0.1, 10],
          [1, 0, 0.9, 20],
        ],
      ],
      200,
      100,
    )
    expect(light?.d).toBe('M0.0 0.0L100.0 0.0')
    expect(hard?.width).toBeGreaterThan(light?.width ?? 0)
  })

  it('shows a dot for a single touch', () => {
    expect(piecesOf([[[0.5, 0.5, 0.5, 0]]], 200, 100)).toHaveLength(1)
  })
})
