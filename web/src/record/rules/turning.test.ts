// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { meant, seen } from './turning'

describe('a place on a turned page', () => {
  it('moves with the page, clockwise', () => {
    // the upper left corner goes to the upper right, the lower right, the lower left
    const corner = { x: 0, y: 0 }
    expect([0, 90, 180, 270, 360].map((turn) => seen(corner, turn))).toEqual([
      { x: 0, y: 0 },
      { x: 1, y: 0 },
      { x: 1, y: 1 },
      { x: 0, y: 1 },
      { x: 0, y: 0 },
    ])
    expect(seen({ x: 0.25, y: 0.5 }, 90)).toEqual({ x: 0.5, y: 0.25 })
  })

  it('is meant where it is seen, however the page is turned', () => {
    for (const turn of [0, 90, 180, 270, 450]) {
      const place = { x: 0.125, y: 0.75 }
      expect(meant(seen(place, turn), turn)).toEqual(place)
      expect(seen(meant(place, turn), turn)).toEqual(place)
    }
  })
})
