/**
 * The pictures of a replay, kept in step with its clock. The clock leads and the pictures keepInStep. It
 * stands while a picture that has something to show is not ready, though never long for one that does not get
 * ready.
 */
import { shallowReactive, type Ref } from 'vue'
import type { PlaybackView } from '../../../wire/messages'
import { inFile, steer, type PlaybackClock } from '../../rules/playbackClock'

/** a picture that is not there by then no longer stops the others */
const PATIENCE_MS = 6_000
/** the end of a file has no following picture to wait for */
const LAST_S = 0.3

interface Player {
  element: HTMLVideoElement
  starts_s: number
  length_s: number
  /** since when the clock waits for it */
  waited_ms: number | null
}

export type PictureState = 'there' | 'nothing' | 'waiting' | 'stuck' | 'failed'

export interface Pictured {
  clock: PlaybackClock
  /** the moment that is second 0 */
  zero_ms: Readonly<Ref<number>>
  /** milliseconds of a clock that never goes back */
  now: () => number
  /** a browser does not let sound begin before the first click */
  silenced: () => void
}

export function usePictures({ clock, zero_ms, now, silenced }: Pictured) {
  const players = new Map<string, Player>()
  const states = shallowReactive(new Map<string, PictureState>())

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

  function keepInStep(): void {
    const at_ms = now()
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
      else player.waited_ms ??= at_ms
      const stuck = player.waited_ms !== null && at_ms - player.waited_ms > PATIENCE_MS
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
        // the button then stays on "play"
        element.play().catch((reason: unknown) => {
          if (reason instanceof DOMException && reason.name === 'NotAllowedError') silenced()
        })
      } else if (!runs && !element.paused) element.pause()
    }
  }

  return {
    states,
    attach,
    detach,
    keepInStep,
    /** Puts all of them where the clock stands. */
    placeAll: (): void => {
      for (const id of players.keys()) place(id)
    },
  }
}
