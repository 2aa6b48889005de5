// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest'
import { clockOf } from './lengths'
import { countedOf, qualitiesOf, withSilences, type Stretch } from './qualities'
import { lineSaid } from '../replay/useWords'
import { i18n, learn } from '../../i18n'
import type { MarkView } from '../../wire/messages'
import { at, callView, ZERO } from '../../../tests/kit/recorded'

const [first] = callView().legs
if (!first) throw new Error('the call has legs')

function told(
  second: number,
  quality: string,
  more: Record<string, unknown> = {},
  leg_id = first!.id,
): MarkView {
  const sample = {
    loss_in: 0,
    loss_out: 0,
    round_trip_ms: 30,
    jitter_ms: 1,
    in_kbps: 1,
    out_kbps: 1,
    freezes: 0,
    freeze_ms: 0,
    concealed: 0,
    limited_by: 'none',
    candidate: 'host',
    protocol: 'udp',
    ...more,
  }
  return { at: at(second), kind: 'quality', by: first!.person, body: { leg_id, quality, sample } }
}
const line = (...marks: MarkView[]) => qualitiesOf(marks, callView(), ZERO, 100).get(first!.seat) ?? []

describe('the line of a party', () => {
  it('is one stretch while its level is the same, with the worst of it', () => {
    const worst = {
      loss_out: 0.03,
      round_trip_ms: 80,
      freezes: 2,
      freeze_ms: 900,
      concealed: 0.05,
      jitter_ms: 70,
      limited_by: 'bandwidth',
    }
    expect(
      line(
        told(0, 'good', { limited_by: 'cpu' }),
        told(4, 'good', worst),
        told(8, 'good', { freezes: 1, freeze_ms: 300, limited_by: 'other' }),
      ),
    ).toEqual([
      {
        from_s: 0,
        to_s: 17,
        level: 'good',
        loss: 0.03,
        round_trip_ms: 80,
        concealed: 0.05,
        jitter_ms: 70,
        freezes: 3,
        freeze_ms: 1200,
        limited_by: ['bandwidth', 'cpu'],
        relayed: false,
      },
    ])
  })

  it('changes with its level and with its way', () => {
    const found = line(told(0, 'good'), told(4, 'poor'), told(8, 'poor', { candidate: 'relay' }))
    expect(found.map((one) => [one.from_s, one.to_s, one.level, one.relayed])).toEqual([
      [0, 4, 'good', false],
      [4, 8, 'poor', false],
      [8, 17, 'poor', true],
    ])
  })

  it('is not known where nothing was told, nor behind the end', () => {
    const found = line(told(0, 'good'), told(30, 'good'), told(96, 'good'))
    expect(found.map((one) => [one.from_s, one.to_s])).toEqual([
      [0, 9],
      [30, 39],
      [96, 100],
    ])
    expect(line(told(0, 'good', {}, 'a leg of another call'))).toEqual([])
    const left = callView()
    left.legs = left.legs.map((leg) => ({ ...leg, ended_at: at(33) }))
    expect(
      [...qualitiesOf([told(30, 'good'), told(34, 'lost')], left, ZERO, 100).values()]
        .flat()
        .map((one) => [one.from_s, one.to_s]),
    ).toEqual([[30, 33]])
    expect(line(told(-12, 'good'), told(-2, 'poor')).map((one) => [one.from_s, one.to_s])).toEqual([[0, 7]])
  })
})

describe('a page that the server did not hear', () => {
  it('had a broken line, whatever was told before and after', () => {
    const marks = [told(0, 'good'), told(4, 'good'), told(20, 'poor')]
    const of = (...silences: { leg_id: string; from_at: string; to_at: string | null }[]) =>
      (
        withSilences(qualitiesOf(marks, callView(), ZERO, 100), silences, callView(), ZERO, 100).get(
          first!.seat,
        ) ?? []
      ).map((one) => [one.from_s, one.to_s, one.level])
    expect(of()).toEqual([
      [0, 13, 'good'],
      [20, 29, 'poor'],
    ])
    expect(of({ leg_id: first!.id, from_at: at(6), to_at: at(22) })).toEqual([
      [0, 6, 'good'],
      [6, 22, 'lost'],
      [22, 29, 'poor'],
    ])
    expect(of({ leg_id: first!.id, from_at: at(50), to_at: null }).at(-1)).toEqual([50, 100, 'lost'])
    expect(of({ leg_id: 'another', from_at: at(6), to_at: null })).toEqual([
      [0, 13, 'good'],
      [20, 29, 'poor'],
    ])
  })
})

describe('what is said of a line', () => {
  beforeAll(() => learn('work', 'case', 'audit'))
  const said = (...marks: MarkView[]): string =>
    lineSaid(i18n.global.t as never, line(...marks)[0] as Stretch, clockOf)

  it('names all that is known to have made it poor', () => {
    expect(
      said(
        told(12, 'poor', {
          loss_in: 0.12,
          round_trip_ms: 620,
          freezes: 3,
          freeze_ms: 2100,
          concealed: 0.15,
          jitter_ms: 90,
          limited_by: 'bandwidth',
          candidate: 'relay',
        }),
        told(16, 'poor', { limited_by: 'cpu', candidate: 'relay' }),
      ),
    ).toBe(
      '00:12 至 00:25 网络差：声音和画面最多缺 12.0 %，往返最多 620 毫秒，画面卡顿 3 次（共 2.1 秒），声音断续最多 15.0 %，声音到达时间相差最多 90 毫秒，送出的画面受限于带宽，送出的画面受限于处理器（电脑太忙） · 经中继',
    )
  })

  it('names a picture that stood still where nothing else was wrong, and nothing that was not measured', () => {
    expect(said(told(0, 'poor', { round_trip_ms: null, freeze_ms: 1500 }))).toBe(
      '00:00 至 00:09 网络差：声音和画面最多缺 0.0 %，画面卡顿 1 次（共 1.5 秒）',
    )
    expect(said(told(0, 'lost', { loss_in: 0.5 }))).toBe('00:00 至 00:09 网络断开')
    // a moment after it was poor the figures are good already: that is said too
    expect(said(told(0, 'poor', {}))).toBe(
      '00:00 至 00:09 网络差：声音和画面最多缺 0.0 %，往返最多 30 毫秒，此前较差，正在恢复',
    )
    expect(said(told(0, 'excellent', { freezes: 1 }))).toBe(
      '00:00 至 00:09 网络很好：声音和画面最多缺 0.0 %，往返最多 30 毫秒',
    )
  })
})

function counted(second: number, more: Record<string, unknown> = {}, leg_id = first!.id): MarkView {
  const sample = {
    seconds: 4,
    packets_in: 600,
    packets_out: 600,
    lost_in: 0,
    nacks_in: 0,
    nacks_out: 0,
    plis_in: 0,
    plis_out: 0,
    in_kbps: 900,
    out_kbps: 800,
    ...more,
  }
  return { at: at(second), kind: 'worker', by: first!.person, body: { leg_id, sample } }
}
const counts = (...marks: MarkView[]) => countedOf(marks, callView(), ZERO, 100).get(first!.seat) ?? []

describe('what the worker counted of a party', () => {
  it('is added up while its level is the same, of the seconds before each mark', () => {
    expect(
      counts(counted(4.1, { lost_in: 2, nacks_out: 2, plis_out: 1 }), counted(8.2, { in_kbps: 1200 })),
    ).toEqual(
      [
        {
          from_s: 0.1,
          to_s: 8.2,
          level: 'excellent',
          packets_in: 1200,
          packets_out: 1200,
          lost_in: 2,
          nacks_in: 0,
          nacks_out: 2,
          plis_in: 0,
          plis_out: 1,
          in_kbps: 1200,
          out_kbps: 800,
        },
      ].map((one) => ({ ...one, from_s: expect.closeTo(one.from_s) as number })),
    )
  })

  it('changes with what was lost on either way, and says where nothing came', () => {
    const found = counts(
      counted(4),
      counted(8, { lost_in: 100 }),
      counted(12, { nacks_in: 30 }),
      counted(16, { packets_in: 0 }),
    )
    expect(found.map((one) => [one.from_s, one.to_s, one.level])).toEqual([
      [0, 4, 'excellent'],
      [4, 8, 'poor'],
      [8, 12, 'good'],
      [12, 16, 'quiet'],
    ])
  })

  it('ends with the call, has no part twice, and is of this call alone', () => {
    expect(counts(counted(98), counted(101), counted(106)).map((one) => [one.from_s, one.to_s])).toEqual([
      [94, 100],
    ])
    expect(counts(counted(-1), counted(2)).map((one) => [one.from_s, one.to_s])).toEqual([[0, 2]])
    expect(counts(counted(4), counted(20)).map((one) => [one.from_s, one.to_s])).toEqual([
      [0, 4],
      [16, 20],
    ])
    expect(counts(counted(4, {}, 'a leg of another call'))).toEqual([])
  })

  it('is no word of the page, nor the other way round', () => {
    expect(line(counted(4))).toEqual([])
    expect(counts(told(4, 'good'))).toEqual([])
  })
})
