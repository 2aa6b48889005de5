/**
 * A call played again: one clock, every party's pictures in step with it, and the case as it stood at that second.
 *
 * The clock leads and the pictures follow. It stands while a picture that has something to show is not ready, though
 * never long for one that does not get ready. Jumps go to the second of a mark, in the call or before and after it.
 */
import { computed, onScopeDispose, ref, shallowReactive, shallowRef, watch, type Ref } from 'vue'
import type { PlaybackView } from '../../wire/messages'
import { Story } from '../rules/asOf'
import { Clock, inFile, RATES, steer, type Rate } from '../rules/clock'
import { Shown, type Pointing } from '../rules/shown'
import {
  absence,
  endOf,
  gapsOf,
  happening,
  holdsOf,
  marksOf,
  neighbour,
  seatedOf,
  sides,
  withdrawnOf,
  zeroOf,
  type Absence,
  type Mark,
} from '../rules/timeline'
import { countedOf, qualitiesOf, withSilences, type Stretch, type WorkerStretch } from '../rules/qualities'
import { useBookmarks } from './useBookmarks'
import { useCall } from './useCallFile'

const STEER_MS = 100
/** a picture that is not there by then no longer stops the others */
const PATIENCE_MS = 6_000
/** the end of a file has no following picture to wait for */
const LAST_S = 0.3

/** a shorter gap is over before it can be read */
const WORTH_SAYING_S = 1

interface Player {
  element: HTMLVideoElement
  starts_s: number
  length_s: number
  /** since when the clock waits for it */
  waited_ms: number | null
}

export type PictureState = 'there' | 'nothing' | 'waiting' | 'stuck' | 'failed'
export type Replay = ReturnType<typeof useReplay>

export function useReplay(call_id: Ref<string | undefined>) {
  const book = useCall(call_id)
  const clock = new Clock(() => performance.now(), 0)
  const position_s = ref(0)
  const playing = ref(false)
  const held = ref(false)
  const rate = ref<Rate>(1)
  const chosen = shallowRef<Mark | null>(null)
  /** the pictures are played though something no longer matches the record */
  const anyway = ref(false)
  const players = new Map<string, Player>()
  const states = shallowReactive(new Map<string, PictureState>())

  // ------------------------------------------------------------ what follows from the files

  const call = computed(() => book.file.value?.detail.call ?? null)
  const view = computed(() => book.file.value?.snapshot.case ?? null)
  const zero_ms = computed(() => (call.value ? zeroOf(call.value) : 0))
  /** what each party's seat has: faces, document cameras, screens */
  const pictures = computed(() =>
    (book.file.value?.detail.playbacks ?? []).filter((one) => one.seat !== 'composed'),
  )
  const parties = computed(() => pictures.value.filter((one) => one.source === 'face'))
  const composed = computed(() =>
    (book.file.value?.detail.playbacks ?? []).filter((one) => one.seat === 'composed'),
  )
  const end_s = computed(() => (call.value ? endOf(call.value, parties.value, Date.now()) : 0))
  const story = computed(() => new Story(book.file.value?.history ?? []))
  const marks = computed(() => {
    const file = book.file.value
    return file ? marksOf(file.history, file.snapshot.case, file.detail.call, file.refused) : []
  })
  /** those of the call itself */
  const within = computed(() => marks.value.filter((one) => one.at_s >= 0 && one.at_s <= end_s.value))
  const shown = computed(() => {
    const file = book.file.value
    return file
      ? new Shown(
          file.marks.filter((one) => one.kind !== 'quality' && one.kind !== 'worker'),
          file.detail.call,
          zero_ms.value,
          end_s.value,
          sides(file.detail.call, file.snapshot.case),
        )
      : null
  })
  const seated = computed(() => (call.value ? seatedOf(call.value, parties.value, end_s.value) : []))
  const holds = computed(() => (call.value ? holdsOf(call.value, end_s.value) : []))
  const withdrawn = computed(() => (call.value ? withdrawnOf(call.value, end_s.value) : []))
  const qualities = computed(() => {
    const file = book.file.value
    if (!file) return new Map<string, Stretch[]>()
    const { call: of, silences } = file.detail
    return withSilences(
      qualitiesOf(file.marks, of, zero_ms.value, end_s.value),
      silences,
      of,
      zero_ms.value,
      end_s.value,
    )
  })
  const counted = computed(() => {
    const file = book.file.value
    return file
      ? countedOf(file.marks, file.detail.call, zero_ms.value, end_s.value)
      : new Map<string, WorkerStretch[]>()
  })
  const bookmarks = useBookmarks(call_id)

  // ------------------------------------------------------------ as of this second

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
      if (gap)
        now.set(
          one.id,
          absence(
            gap,
            there.some((found) => found.mid !== '1'),
          ),
        )
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

  // ------------------------------------------------------------ the pictures

  function attach(playback: PlaybackView, element: HTMLVideoElement): void {
    const starts_s = playback.started_at ? (Date.parse(playback.started_at) - zero_ms.value) / 1000 : 0
    players.set(playback.id, {
      element,
      starts_s,
      length_s: playback.duration_s ?? Infinity,
      waited_ms: null,
    })
    states.set(playback.id, 'waiting')
    place(playback.id)
  }

  function detach(id: string): void {
    players.delete(id)
    states.delete(id)
    clock.hold(id, false)
  }

  /** Puts one picture where the clock stands. */
  function place(id: string): void {
    const player = players.get(id)
    if (!player) return
    const at = inFile(clock.position_s, player.starts_s, player.length_s)
    if (at !== null && player.element.readyState > 0 && Math.abs(player.element.currentTime - at) > 0.01)
      player.element.currentTime = at
  }

  function follow(): void {
    const now = performance.now()
    for (const [id, player] of players) {
      const { element } = player
      const at = inFile(clock.position_s, player.starts_s, player.length_s)
      if (element.error) {
        states.set(id, 'failed')
        clock.hold(id, false)
        continue
      }
      if (at === null) {
        if (!element.paused) element.pause()
        states.set(id, 'nothing')
        clock.hold(id, false)
        player.waited_ms = null
        continue
      }
      const drift_s = element.currentTime - at
      const ends = at > player.length_s - LAST_S || element.ended
      const ready = element.readyState >= (ends ? 2 : 3) && !element.seeking
      if (ready || ends) player.waited_ms = null
      else player.waited_ms ??= now
      const stuck = player.waited_ms !== null && now - player.waited_ms > PATIENCE_MS
      clock.hold(id, !ready && !ends && !stuck)
      states.set(id, stuck ? 'stuck' : element.readyState >= 2 ? 'there' : 'waiting')
      if (element.readyState === 0 || element.seeking) continue
      const steering = steer(drift_s, clock.rate)
      if (steering.jump && !ends) {
        element.currentTime = at
        // the others wait for it, or it would be late again when it gets there
        clock.hold(id, true)
        continue
      }
      const wanted = steering.jump || !clock.playing ? clock.rate : steering.rate
      if (Math.abs(element.playbackRate - wanted) > 0.001) element.playbackRate = wanted
    }
    const runs = clock.playing && !clock.held
    for (const { element, starts_s, length_s } of players.values()) {
      const there = inFile(clock.position_s, starts_s, length_s) !== null && !element.ended && !element.error
      if (runs && there && element.paused) {
        // a browser may refuse to sound before the first click; the button then stays on "play"
        element.play().catch((reason: unknown) => {
          if (reason instanceof DOMException && reason.name === 'NotAllowedError') pause()
        })
      } else if (!runs && !element.paused) element.pause()
    }
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

  function seek(second: number, mark: Mark | null = null): void {
    clock.seek(second)
    chosen.value = mark
    for (const id of players.keys()) place(id)
    follow()
  }

  function jump(mark: Mark): void {
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
    call,
    view,
    zero_ms,
    end_s,
    parties,
    pictures,
    composed,
    seated,
    holds,
    withdrawn,
    on_hold,
    unrecorded,
    marks,
    within,
    shown,
    qualities,
    counted,
    story,
    bookmarks,
    position_s,
    playing,
    held,
    rate,
    states,
    count,
    as_of,
    moment_ms,
    screen,
    pointings,
    gone,
    current,
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
