/** A call and its case as they stood at one second of it: what was on screen, who was not recorded, what happened. */
import { computed, type Ref } from 'vue'
import type { PlaybackView } from '../../../wire/messages'
import type { TimelineMark } from '../../rules/marks/marks'
import { absence, gapsOf, type Absence } from '../../rules/presence'
import type { Pointing } from '../../rules/shown'
import { happening } from '../../rules/timeline'
import type { Facts } from './useFacts'

/** a shorter gap is over before it can be read */
const WORTH_SAYING_S = 1

/** `chosen`: the mark to which somebody jumped, which is told at its second before all others. */
export function useMoment(
  facts: Pick<Facts, 'zero_ms' | 'story' | 'shown' | 'pictures' | 'unseen' | 'holds' | 'withdrawn' | 'marks'>,
  position_s: Readonly<Ref<number>>,
  chosen: Readonly<Ref<TimelineMark | null>>,
) {
  const { zero_ms, story, shown, pictures, unseen, holds, withdrawn, marks } = facts
  const moment_ms = computed(() => zero_ms.value + position_s.value * 1000 + 0.5)
  const count = computed(() => story.value.countAt(moment_ms.value))
  const as_of = computed(() => story.value.after(count.value))
  const screen = computed(() => shown.value?.screenAt(position_s.value) ?? null)
  /** the same list as long as the same hands point: it is asked for at every frame */
  const pointings = computed<Pointing[]>((before) => {
    const now = shown.value?.pointingsAt(position_s.value) ?? []
    return before && before.length === now.length && before.every((one, index) => one === now[index])
      ? before
      : now
  })
  /** whether the camera of this party gave no picture at this second */
  const hidden = (of: PlaybackView): boolean =>
    unseen.value.some(
      (one) =>
        one.seat === of.seat &&
        one.person_id === of.person?.id &&
        one.to_s - one.from_s >= WORTH_SAYING_S &&
        position_s.value >= one.from_s &&
        position_s.value < one.to_s,
    )
  /** the parties of whom nothing was recorded at this second, though they have a file, and why: by playback */
  const gone = computed<Map<string, Absence>>((before) => {
    const now = new Map<string, Absence>()
    for (const one of pictures.value) {
      const at = one.started_at ? position_s.value - (Date.parse(one.started_at) - zero_ms.value) / 1000 : -1
      // a voice alone that is missing leaves the picture
      const there = gapsOf(one).filter(
        (gap) => gap.to_s - gap.from_s >= WORTH_SAYING_S && at >= gap.from_s && at < gap.to_s,
      )
      const gap = there.find((found) => found.mid !== '0')
      if (gap) {
        const voiceless = there.some((found) => found.mid !== '1')
        now.set(one.id, absence(gap, voiceless))
      } else if (one.source === 'face' && hidden(one)) now.set(one.id, 'unseen')
    }
    return before && before.size === now.size && [...now].every(([id, why]) => before.get(id) === why)
      ? before
      : now
  })
  const on_hold = computed(() =>
    holds.value.some((one) => position_s.value >= one.from_s && position_s.value < one.to_s),
  )
  /** the applicant has taken back his consent by this second: nothing was recorded any more */
  const unrecorded = computed(() => withdrawn.value.some((one) => position_s.value >= one.from_s))
  const current = computed(() => {
    const mine = chosen.value
    if (mine && Math.abs(mine.at_s - position_s.value) < 0.3) return mine
    return happening(marks.value, position_s.value)
  })

  return { moment_ms, count, as_of, screen, pointings, gone, on_hold, unrecorded, current }
}
