// @vitest-environment node
import { computed, ref, shallowRef } from 'vue'
import { describe, expect, it } from 'vitest'
import { approver, at, playback, ZERO } from '../../../../tests/kit/recorded'
import { Story } from '../../rules/asOf'
import type { TimelineMark } from '../../rules/marks/marks'
import { useMoment } from './useMoment'

function moment(gaps: Record<string, unknown>[], unseen: readonly { from_s: number; to_s: number }[]) {
  const position_s = ref(0)
  const facts = {
    zero_ms: computed(() => ZERO),
    story: computed(() => new Story([])),
    shown: computed(() => null),
    pictures: computed(() => [
      playback('face', 'approver', 0, { gaps: gaps as never }),
      playback('window', 'window', 0),
    ]),
    unseen: computed(() =>
      unseen.map((one) => ({ ...one, seat: 'approver' as const, person_id: approver.id })),
    ),
    holds: computed(() => [{ from_s: 50, to_s: 60 }]),
    withdrawn: computed(() => [{ from_s: 100, to_s: 200 }]),
    marks: computed<TimelineMark[]>(() => []),
  }
  return { ...useMoment(facts, position_s, shallowRef(null)), position_s }
}

describe('one second of a replay', () => {
  it('says that a camera gave no picture, of whom and for how long', () => {
    const { gone, position_s } = moment(
      [],
      [
        { from_s: 10, to_s: 30 },
        { from_s: 40, to_s: 40.4 },
      ],
    )
    const at_s = (second: number): [string, string][] => {
      position_s.value = second
      return [...gone.value]
    }
    expect([at_s(9.9), at_s(10), at_s(29.9), at_s(30), at_s(40.2)]).toEqual([
      [],
      [['face', 'unseen']],
      [['face', 'unseen']],
      [],
      [],
    ])
  })

  it('says before that what the recording itself knows', () => {
    const gaps = ['0', '1'].map((mid) => ({ from_s: 10, to_s: 20, reason: 'lost', mid }))
    const { gone, position_s } = moment(gaps, [{ from_s: 10, to_s: 30 }])
    position_s.value = 15
    expect(gone.value.get('face')).toBe('gap')
    position_s.value = 25
    expect(gone.value.get('face')).toBe('unseen')
  })

  it('knows what was on hold, and what was not recorded any more', () => {
    const { on_hold, position_s, unrecorded, moment_ms } = moment([], [])
    position_s.value = 55
    expect([on_hold.value, unrecorded.value, Math.floor(moment_ms.value)]).toEqual([
      true,
      false,
      Date.parse(at(55)),
    ])
    position_s.value = 100
    expect([on_hold.value, unrecorded.value]).toEqual([false, true])
  })
})
