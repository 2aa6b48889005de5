// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { Losses, Sparing } from './sparing'

const heard = (packetsReceived: number, packetsLost: number) => ({
  type: 'inbound-rtp',
  id: 'in',
  packetsReceived,
  packetsLost,
})
const told = (fractionLost: number, timestamp: number, id = 'out') => ({
  type: 'remote-inbound-rtp',
  id,
  fractionLost,
  timestamp,
})

describe('what is lost', () => {
  it('is the share of what should have come since the last look', () => {
    const losses = new Losses()
    losses.look([heard(100, 0)])
    expect(losses.look([heard(150, 50)])).toBe(0.5)
    expect(losses.look([heard(250, 50)])).toBe(0)
  })

  it('may turn up again, which makes nothing worse', () => {
    const losses = new Losses()
    losses.look([heard(100, 20)])
    expect(losses.look([heard(105, 10)])).toBe(0)
    expect(losses.look([heard(110, 10)])).toBe(0)
  })

  it('is not known where nothing came in and nobody told anything', () => {
    const losses = new Losses()
    losses.look([heard(100, 0), told(0, 1)])
    expect(losses.look([heard(100, 0), told(0, 1)])).toBeNull()
    expect(losses.look([heard(100, 40), told(0, 1)])).toBeNull()
    expect(losses.look([])).toBeNull()
  })

  it('is told by the other side once a report, however long no other comes', () => {
    const losses = new Losses()
    expect(losses.look([heard(10, 0), told(0.9, 1)])).toBe(0.9)
    expect(losses.look([heard(10, 0), told(0.9, 1)])).toBeNull()
    expect(losses.look([heard(10, 0), told(0.9, 2)])).toBe(0.9)
    expect(losses.look([heard(10, 0), told(0, 3)])).toBe(0)
  })

  it('on the way out is not made good by what comes in meanwhile', () => {
    const losses = new Losses()
    expect(losses.look([heard(10, 0), told(0.4, 1)])).toBe(0.4)
    expect(losses.look([heard(20, 0), told(0.4, 1)])).toBeNull()
    expect(losses.look([heard(30, 30), told(0.4, 1)])).toBe(0.75)
    expect(losses.look([heard(40, 30), told(0, 2)])).toBe(0)
    expect(losses.look([heard(50, 30), told(0, 2)])).toBe(0)
  })

  it('on a stream that is sent no more stands for some seconds, and is forgotten then', () => {
    const losses = new Losses()
    const looks = Array.from({ length: 8 }, (_, n) =>
      losses.look([heard(10 * (n + 1), 0), told(0.4, 1, 'picture')]),
    )
    expect(looks).toEqual([0.4, null, null, null, null, 0, 0, 0])
  })

  it('on one stream does not hide what is told of another', () => {
    const losses = new Losses()
    losses.look([heard(10, 0), told(0.4, 1, 'picture'), told(0.4, 1)])
    expect(losses.look([heard(20, 0), told(0.4, 1, 'picture'), told(0, 2)])).toBe(0)
  })

  it('is not guessed from streams that went, nor from reports that name no share', () => {
    const losses = new Losses()
    losses.look([heard(100, 0)])
    expect(losses.look([{ type: 'remote-inbound-rtp', id: 'out', timestamp: 1 }])).toBeNull()
    expect(losses.look([heard(50, 50)])).toBe(0.5)
  })

  it('is the greater of both ways and of all streams', () => {
    const losses = new Losses()
    expect(losses.look([heard(90, 10), told(0.3, 1), told(0.2, 1, 'second')])).toBe(0.3)
    expect(losses.look([heard(130, 70), told(0.3, 2), told(0.2, 2, 'second')])).toBe(0.6)
  })
})

describe('pictures', () => {
  const looked = (...looks: (number | null)[]) => {
    const sparing = new Sparing()
    return looks.map((lost) => sparing.look(lost))
  }

  it('give way after four bad looks in a row, and come back after ten good ones', () => {
    expect(looked(0.3, 0.3, 0.3, 0.3)).toEqual([null, null, null, 'sound'])
    expect(looked(0.3, 0.3, 0.3, 0, 0.3)).toEqual([null, null, null, null, null])
    expect(looked(...Array<number>(10).fill(0)).lastIndexOf('whole')).toBe(9)
    expect(looked(...Array<number>(9).fill(0))).not.toContain('whole')
  })

  it('are not taken away for looks that saw nothing, nor brought back before as many as good ones', () => {
    expect(looked(0.9, null, null, null, null, null)).not.toContain('sound')
    expect(looked(0.3, 0.3, 0.3, null, 0.3).at(-1)).toBe('sound')
    expect(looked(...Array<number>(9).fill(0), null, null)).not.toContain('whole')
    expect(looked(...Array<null>(10).fill(null)).lastIndexOf('whole')).toBe(9)
    expect(looked(...Array<null>(9).fill(null), 0.3, null)).not.toContain('whole')
  })

  it('wait for a line that is neither good nor bad', () => {
    expect(looked(0.3, 0.3, 0.3, 0.1, 0.3)).not.toContain('sound')
    expect(looked(...Array<number>(9).fill(0), 0.1, 0)).not.toContain('whole')
  })

  it('begin anew when all is forgotten', () => {
    const sparing = new Sparing()
    for (const lost of [0.3, 0.3, 0.3]) sparing.look(lost)
    sparing.forget()
    expect(sparing.look(0.3)).toBeNull()
  })
})
