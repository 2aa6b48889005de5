// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { placed } from './placed'

const whole = { from_s: 0, to_s: 100 }

describe('words of a row', () => {
  it('have the room up to the next, and the last all of it', () => {
    expect(placed([10, 30], whole)).toEqual([
      {
        worded: true,
        edge: false,
        style: { left: '10.000%', maxWidth: `max(24px, calc(${(0.3 - 0.1) * 100}% - 2px))` },
      },
      { worded: true, edge: false, style: { left: '30.000%' } },
    ])
  })

  it('are written to the left at the right edge, where there is room up to the one before', () => {
    const [, near] = placed([90, 98], whole)
    const [, far] = placed([40, 98], whole)
    expect(far).toEqual({ worded: true, edge: true, style: { right: '2.000%', left: 'auto' } })
    expect(near).toMatchObject({ worded: false, edge: true })
  })

  it('lie over none of those near the right edge', () => {
    // an icon there stands at its second, and where that has no room it ends at the edge
    const [word, icon] = placed([90, 98], whole)
    expect(icon?.style).toEqual({ right: 'max(0px, calc(2.000% - 40px))', left: 'auto' })
    expect(word?.style['maxWidth']).toMatch(/^max\(24px, calc\(min\([\d.]+%, [\d.]+% - 40px\) - 2px\)\)$/)
    // the one before it leaves it that room
    expect(placed([40, 97, 99], whole)[1]?.style['right']).toBe('3.000%')
    expect(placed([94, 97, 99.9], whole)[1]?.style['right']).toBe('max(40px, calc(3.000% - 40px))')
    // a word there reaches back
    expect(placed([40, 98], whole)[0]?.style['maxWidth']).toBe(
      `max(24px, calc(${(0.98 - 0.14 - 0.4) * 100}% - 2px))`,
    )
  })
})
