/**
 * A call played again: one clock, every party's pictures in step with it, and the case as it stood at that second.
 * Jumps go to the second of a mark, in the call or before and after it.
 */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { PlaybackClock, RATES, type Rate } from '../rules/playbackClock'
import type { TimelineMark } from '../rules/marks/marks'
import { neighbour } from '../rules/timeline'
import { useFacts } from './playing/useFacts'
import { useMoment } from './playing/useMoment'
import { usePictures } from './playing/usePictures'
import { useBookmarks } from './useBookmarks'
import { useCall } from './useCallFile'

const STEER_MS = 100

export type Replay = ReturnType<typeof useReplay>

export function useReplay(call_id: Ref<string | undefined>) {
  const book = useCall(call_id)
  const clock = new PlaybackClock(() => performance.now(), 0)
  const position_s = ref(0)
  const playing = ref(false)
  const held = ref(false)
  const rate = ref<Rate>(1)
  const chosen = shallowRef<TimelineMark | null>(null)
  /** the pictures are played though something no longer matches the record */
  const anyway = ref(false)

  const facts = useFacts(book.file)
  const { zero_ms, parties, end_s, within } = facts
  const moment = useMoment(facts, position_s, chosen)
  const bookmarks = useBookmarks(call_id)
  const { states, attach, detach, placeAll, keepInStep } = usePictures({
    clock,
    zero_ms,
    now: () => performance.now(),
    silenced: () => pause(),
  })

  function follow(): void {
    keepInStep()
    tell()
  }

  function tell(): void {
    clock.stopAtEnd()
    position_s.value = clock.position_s
    playing.value = clock.playing
    held.value = clock.playing && clock.held
    rate.value = clock.rate
  }

  let frame = 0
  function eachFrame(): void {
    if (clock.playing) position_s.value = clock.position_s
    frame = requestAnimationFrame(eachFrame)
  }
  frame = requestAnimationFrame(eachFrame)
  const steering = setInterval(follow, STEER_MS)
  onScopeDispose(() => {
    cancelAnimationFrame(frame)
    clearInterval(steering)
  })

  // ------------------------------------------------------------ the hands

  const covered = computed(() => Boolean(book.check.value && !book.check.value.ok) && !anyway.value)

  function play(): void {
    if (covered.value) return
    clock.play()
    follow()
  }

  function pause(): void {
    clock.pause()
    follow()
  }

  function seek(second: number, mark: TimelineMark | null = null): void {
    clock.seek(second)
    chosen.value = mark
    placeAll()
    follow()
  }

  function jump(mark: TimelineMark): void {
    seek(mark.at_s, mark)
  }

  /** To the mark or bookmark before or after this second. */
  function toNeighbour(direction: 1 | -1): void {
    const mark = neighbour(within.value, clock.position_s, direction)
    const kept =
      direction > 0
        ? bookmarks.all.value.find((one) => one > clock.position_s + 0.05)
        : bookmarks.all.value.findLast((one) => one < clock.position_s - 0.05)
    const kept_first = kept !== undefined && (!mark || (direction > 0 ? kept < mark.at_s : kept > mark.at_s))
    if (kept_first) seek(kept)
    else if (mark) jump(mark)
  }

  function setRate(wanted: Rate): void {
    clock.setRate(wanted)
    follow()
  }

  function stepRate(direction: 1 | -1): void {
    const next = RATES[RATES.indexOf(clock.rate) + direction]
    if (next) setRate(next)
  }

  /** Where a call opens: the first second that has all its pictures, when they came soon. */
  const SOON_S = 5
  let opened: string | undefined
  watch(parties, (now) => {
    const starts = now.flatMap((one) =>
      one.state === 'ready' && one.started_at ? [(Date.parse(one.started_at) - zero_ms.value) / 1000] : [],
    )
    if (opened === call_id.value || !starts.length || starts.length < now.length) return
    opened = call_id.value
    const first = Math.max(0, ...starts.filter((one) => one < SOON_S)) + 0.05
    if (clock.position_s === 0 && !clock.playing) seek(Math.min(first, end_s.value))
  })
  watch(end_s, (end) => (clock.end_s = end), { immediate: true })
  watch(call_id, () => {
    clock.pause()
    clock.seek(0)
    clock.setRate(1)
    chosen.value = null
    anyway.value = false
    tell()
  })

  return {
    ...book,
    ...facts,
    ...moment,
    bookmarks,
    position_s,
    playing,
    held,
    rate,
    states,
    covered,
    anyway,
    attach,
    detach,
    play,
    pause,
    seek,
    jump,
    toNeighbour,
    setRate,
    stepRate,
    toggle: () => (clock.playing ? pause() : play()),
  }
}
