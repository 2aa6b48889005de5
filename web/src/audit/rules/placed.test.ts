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
})
