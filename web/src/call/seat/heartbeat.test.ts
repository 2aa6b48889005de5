// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { Heartbeat, LOOK_MS, QUIET_MS } from './heartbeat'

/** looks at a heart twice a second; each step is how many bytes and answers are new since the last */
function felt(...steps: readonly (readonly [bytes: number, answers: number])[]): (string | null)[] {
  const heart = new Heartbeat()
  const sum = { bytes: 0, answers: 0 }
  return steps.map(([bytes, answers], at) => {
    sum.bytes += bytes
    sum.answers += answers
    return heart.look({ ...sum }, at * LOOK_MS)
  })
}

const talk = [100, 0] as const
const nothing = [0, 0] as const
const answer = [0, 1] as const
const talking = [talk, talk, talk, talk, talk]
const looks = (ms: number) => Math.ceil(ms / LOOK_MS)

describe('packets that come in', () => {
  it('steadily and then stay away are missed after a while, once', () => {
    const quiet = Array.from({ length: looks(QUIET_MS) + 2 }, () => nothing)
    const heard = felt(...talking, ...quiet)
    expect(heard.slice(1, 5)).toEqual(['up', 'up', 'up', 'up'])
    expect(heard.indexOf('weak')).toBe(talking.length - 1 + looks(QUIET_MS))
    expect(heard.filter((one) => one === 'weak')).toHaveLength(1)
  })

  it('and come again make it well', () => {
    expect(felt(...talking, nothing, nothing, nothing, nothing, talk).slice(-2)).toEqual(['weak', 'up'])
  })

  it('seldom are not missed', () => {
    expect(
      felt(talk, talk, nothing, talk, nothing, nothing, nothing, nothing, nothing, nothing),
    ).not.toContain('weak')
  })

  it('as answers alone keep it well, and are not missed when they stay away', () => {
    const heard = felt(
      ...talking,
      nothing,
      nothing,
      nothing,
      answer,
      nothing,
      nothing,
      nothing,
      nothing,
      answer,
      nothing,
      nothing,
      nothing,
      nothing,
    )
    expect(heard).not.toContain('weak')
  })

  it('are not missed for the time that the page slept', () => {
    const heart = new Heartbeat()
    for (let at = 0; at < 6; at += 1) heart.look({ bytes: at * 100, answers: 0 }, at * LOOK_MS)
    expect(heart.look({ bytes: 500, answers: 0 }, 60_000)).toBeNull()
    expect(heart.look({ bytes: 500, answers: 0 }, 60_000 + QUIET_MS)).toBe('weak')
  })
})
