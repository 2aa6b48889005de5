// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { brought, clusters, moved, share, ticks, zoomed } from './pixels'

const whole = { from_s: 0, to_s: 1200 }

describe('the part in sight', () => {
  it('comes nearer around a second, which stays where it is', () => {
    const near = zoomed(whole, whole, 0.25, 600)
    expect(near).toEqual({ from_s: 450, to_s: 750 })
    expect(share(600, near)).toBe(share(600, whole))
  })

  it('never leaves the call, and is never shorter than ten seconds', () => {
    expect(zoomed(whole, whole, 0.5, 0)).toEqual({ from_s: 0, to_s: 600 })
    expect(zoomed(whole, whole, 4, 100)).toEqual(whole)
    expect(zoomed(whole, whole, 0.0001, 1200)).toEqual({ from_s: 1190, to_s: 1200 })
    expect(moved({ from_s: 1150, to_s: 1250 }, whole)).toEqual({ from_s: 1100, to_s: 1200 })
  })

  it('follows the second that is played', () => {
    const sight = { from_s: 100, to_s: 200 }
    expect(brought(150, sight, whole)).toBe(sight)
    expect(brought(400, sight, whole)).toEqual({ from_s: 350, to_s: 450 })
  })

  it('has a ruler that can be read at any width', () => {
    for (const width of [300, 900, 1500]) {
      const found = ticks(whole, width)
      expect(found[0]).toBe(0)
      const apart = (((found[1] ?? 0) - (found[0] ?? 0)) / 1200) * width
      expect(apart).toBeGreaterThanOrEqual(90)
    }
  })
})

describe('marks that lie close together', () => {
  const many = Array.from({ length: 600 }, (_, index) => ({ at_s: index * 2 }))

  it('are one over 200 in a row, and none is lost', () => {
    const found = clusters(many, whole, 900)
    expect(found.length).toBeLessThanOrEqual(900 / 8)
    expect(found.flatMap((one) => one.marks)).toEqual(many)
  })

  it('come apart when one looks nearer', () => {
    const near = clusters(many, { from_s: 0, to_s: 100 }, 900)
    expect(near).toHaveLength(51)
    expect(near.every((one) => one.marks.length === 1)).toBe(true)
  })

  it('are one in any row where their pictures would lie over each other', () => {
    const found = clusters([{ at_s: 10 }, { at_s: 20 }, { at_s: 400 }], whole, 900, 30)
    expect(found.map((one) => one.marks.length)).toEqual([2, 1])
  })

  it('stay apart in a row that has few', () => {
    expect(clusters([{ at_s: 10 }, { at_s: 10.1 }, { at_s: 11 }], whole, 900)).toHaveLength(3)
  })
})
