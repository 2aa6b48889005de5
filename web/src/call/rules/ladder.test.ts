// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { carried } from '../seat/media'
import {
  AT_REST,
  BEGIN_MS,
  climb,
  RELAY_MS,
  RESTART_MS,
  SOUND_AT_MOST_MS,
  SOUND_MS,
  told,
  WAIT_MS,
  type Ladder,
  type MediaNoticed,
  type Rung,
} from './ladder'

const NOW = 1_000
const RUNGS: readonly Rung[] = ['none', 'beginning', 'up', 'waiting', 'restarting', 'relaying', 'sound']
/** a rung whose time is over at NOW, with the server there */
const on = (rung: Rung, more: Partial<Ladder> = {}): Ladder => ({
  ...AT_REST,
  rung,
  until_ms: rung === 'none' || rung === 'up' ? null : NOW,
  relay: rung === 'relaying',
  load: rung === 'sound' ? 'sound' : 'whole',
  ...more,
})

/** what each thing noticed makes of each rung: the next rung, then the act if there is one; '.' is nothing at all */
const TABLE: Record<string, [MediaNoticed, Record<Rung, string>]> = {
  begun: [
    { type: 'begun' },
    {
      none: 'beginning',
      beginning: 'beginning',
      up: 'beginning',
      waiting: 'beginning',
      restarting: 'beginning',
      relaying: 'beginning',
      sound: 'beginning',
    },
  ],
  up: [
    { type: 'up' },
    { none: '.', beginning: 'up', up: '.', waiting: 'up', restarting: 'up', relaying: 'up', sound: 'up' },
  ],
  weak: [
    { type: 'weak' },
    { none: '.', beginning: '.', up: 'waiting', waiting: '.', restarting: '.', relaying: '.', sound: '.' },
  ],
  broken: [
    { type: 'broken' },
    {
      none: '.',
      beginning: 'relaying relay',
      up: 'restarting restart',
      waiting: 'restarting restart',
      restarting: 'relaying relay',
      relaying: 'sound sound',
      sound: 'sound sound',
    },
  ],
  moved: [
    { type: 'moved' },
    {
      none: '.',
      beginning: '.',
      up: 'restarting restart',
      waiting: 'restarting restart',
      restarting: 'restarting restart',
      relaying: 'restarting restart',
      sound: 'restarting restart',
    },
  ],
  unheard: [
    { type: 'unheard' },
    {
      none: '.',
      beginning: '.',
      up: 'restarting restart',
      waiting: 'restarting restart',
      restarting: '.',
      relaying: '.',
      sound: '.',
    },
  ],
  failed: [
    { type: 'failed' },
    {
      none: '.',
      beginning: '.',
      up: '.',
      waiting: '.',
      restarting: 'relaying relay',
      relaying: 'sound sound',
      sound: '.',
    },
  ],
  time: [
    { type: 'time' },
    {
      none: '.',
      beginning: 'relaying relay',
      up: '.',
      waiting: 'restarting restart',
      restarting: 'relaying relay',
      relaying: 'sound sound',
      sound: 'sound sound',
    },
  ],
  'served, as before': [
    { type: 'served', on: true },
    { none: '.', beginning: '.', up: '.', waiting: '.', restarting: '.', relaying: '.', sound: '.' },
  ],
  'the server is gone': [
    { type: 'served', on: false },
    {
      none: 'none',
      beginning: 'beginning',
      up: 'up',
      waiting: 'waiting',
      restarting: 'restarting',
      relaying: 'relaying',
      sound: 'sound',
    },
  ],
  'carry less': [
    { type: 'carry', load: 'paper' },
    {
      none: 'none',
      beginning: 'beginning',
      up: 'up restart',
      waiting: 'waiting',
      restarting: 'restarting',
      relaying: 'relaying',
      sound: 'sound',
    },
  ],
  ended: [
    { type: 'ended' },
    {
      none: 'none',
      beginning: 'none',
      up: 'none',
      waiting: 'none',
      restarting: 'none',
      relaying: 'none',
      sound: 'none',
    },
  ],
}
/** the same where the server cannot be asked: nothing is ordered, nothing runs out */
const CUT: Record<string, [MediaNoticed, Record<Rung, string>]> = {
  up: [
    { type: 'up' },
    { none: '.', beginning: 'up', up: '.', waiting: 'up', restarting: 'up', relaying: 'up', sound: 'up' },
  ],
  broken: [
    { type: 'broken' },
    {
      none: '.',
      beginning: 'beginning',
      up: 'waiting',
      waiting: 'waiting',
      restarting: 'restarting',
      relaying: 'relaying',
      sound: 'sound',
    },
  ],
  moved: [
    { type: 'moved' },
    {
      none: '.',
      beginning: '.',
      up: 'waiting',
      waiting: 'waiting',
      restarting: 'waiting',
      relaying: 'waiting',
      sound: 'waiting',
    },
  ],
  time: [
    { type: 'time' },
    {
      none: '.',
      beginning: 'beginning',
      up: '.',
      waiting: 'waiting',
      restarting: 'restarting',
      relaying: 'relaying',
      sound: 'sound',
    },
  ],
  'carry less': [
    { type: 'carry', load: 'paper' },
    {
      none: 'none',
      beginning: 'beginning',
      up: 'up',
      waiting: 'waiting',
      restarting: 'restarting',
      relaying: 'relaying',
      sound: 'sound',
    },
  ],
  'the server is back': [
    { type: 'served', on: true },
    {
      none: 'none',
      beginning: 'beginning',
      up: 'up',
      waiting: 'restarting restart',
      restarting: 'restarting restart',
      relaying: 'restarting restart',
      sound: 'restarting restart',
    },
  ],
}

describe.each([
  ['with the server', TABLE, true],
  ['without the server', CUT, false],
] as const)('every rung and everything noticed, %s', (_name, table, served) => {
  const rows = Object.entries(table).flatMap(([name, [noticed, outcomes]]) =>
    RUNGS.map((rung) => [name, rung, noticed, outcomes[rung]] as const),
  )
  it.each(rows)('%s on %s', (_what, rung, noticed, outcome) => {
    const before = on(rung, { served })
    const { ladder, act } = climb(before, noticed, NOW)
    if (outcome === '.') {
      expect(ladder).toBe(before)
      expect(act).toBeNull()
    } else {
      expect([ladder.rung, act].filter(Boolean).join(' ')).toBe(outcome)
    }
  })
})

describe('the time that a rung has', () => {
  it.each([
    ['begun', on('none'), { type: 'begun' }, BEGIN_MS],
    ['waiting', on('up'), { type: 'weak' }, WAIT_MS],
    ['restarting', on('up'), { type: 'moved' }, RESTART_MS],
    ['relaying', on('restarting'), { type: 'time' }, RELAY_MS],
    ['sound', on('relaying'), { type: 'time' }, SOUND_MS],
  ] as const)('%s', (_name, before, noticed, lasts_ms) => {
    expect(climb(before, noticed, NOW).ladder.until_ms).toBe(NOW + lasts_ms)
  })

  it('is not over before it is', () => {
    const before = on('waiting', { until_ms: NOW + 1 })
    expect(climb(before, { type: 'time' }, NOW)).toEqual({ ladder: before, act: null })
  })

  it('grows with each try without pictures, up to a limit', () => {
    let ladder = on('sound')
    const waits: number[] = []
    for (let now = NOW; waits.length < 4; now = ladder.until_ms ?? 0) {
      ladder = climb(ladder, { type: 'time' }, now).ladder
      waits.push((ladder.until_ms ?? 0) - now)
    }
    expect(waits).toEqual([2 * SOUND_MS, SOUND_AT_MOST_MS, SOUND_AT_MOST_MS, SOUND_AT_MOST_MS])
  })

  it('stands still without the server', () => {
    for (const rung of RUNGS)
      expect(climb(on(rung), { type: 'served', on: false }, NOW).ladder.until_ms).toBeNull()
  })
})

describe('a way that breaks', () => {
  /** climbs on the given notices and tells each rung and act on the way */
  function story(...steps: MediaNoticed[]): string[] {
    let ladder = climb(AT_REST, { type: 'begun' }, 0).ladder
    return steps.map((noticed) => {
      const step = climb(ladder, noticed, ladder.until_ms ?? 0)
      ladder = step.ladder
      return [ladder.rung, step.act, ladder.relay ? 'relay only' : null, ladder.load]
        .filter(Boolean)
        .join(' ')
    })
  }

  it('is waited for, restarted, made anew over the relay, and then carries sound alone', () => {
    const time = { type: 'time' } as const
    expect(story({ type: 'up' }, { type: 'weak' }, time, time, time, { type: 'up' })).toEqual([
      'up whole',
      'waiting whole',
      'restarting restart whole',
      'relaying relay relay only whole',
      'sound sound sound',
      'up sound',
    ])
  })

  it('that comes back by itself changes nothing', () => {
    expect(story({ type: 'up' }, { type: 'weak' }, { type: 'up' })).toEqual([
      'up whole',
      'waiting whole',
      'up whole',
    ])
  })

  it('carries pictures again when somebody wants them', () => {
    expect(story({ type: 'up' }, { type: 'carry', load: 'sound' }, { type: 'carry', load: 'whole' })).toEqual(
      ['up whole', 'up restart sound', 'up restart whole'],
    )
  })

  it('starts whole again in the next call', () => {
    expect(climb(on('sound', { served: false }), { type: 'ended' }, NOW).ladder).toEqual({
      ...AT_REST,
      served: false,
    })
  })
})

describe('what is carried on the lines of a seat', () => {
  it.each([
    ['whole', [true, true, true, true]],
    ['paper', [true, false, true, false]],
    ['sound', [true, false, false, false]],
  ] as const)('%s', (load, lines) => {
    for (const mids of ['0123', '4567', 'ghij'])
      expect([...mids].map((mid) => carried(load, mid))).toEqual(lines)
    expect(carried(load, 'k')).toBe(load === 'whole')
  })
})

describe('what is told', () => {
  it.each([
    [on('none'), null],
    [on('beginning'), null],
    [on('up'), null],
    [on('up', { load: 'paper' }), 'without_faces'],
    [on('up', { load: 'sound' }), 'without_pictures'],
    [on('waiting'), 'waiting'],
    [on('restarting'), 'restarting'],
    [on('relaying'), 'relaying'],
    [on('sound'), 'sound'],
    [on('waiting', { served: false }), 'cut'],
    [on('relaying', { served: false }), 'cut'],
    [on('up', { served: false }), null],
  ] as const)('%o', (ladder, wanted) => {
    expect(told(ladder)).toBe(wanted)
  })
})
