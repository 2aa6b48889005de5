/**
 * How good the connections of a call are: tells the others how this one is, every few seconds, and keeps what their
 * own pages tell of theirs.
 */
import { onScopeDispose, shallowRef, type Ref } from 'vue'
import type { CallQuality, CallView } from '../../wire/messages'
import type { Hint } from '../../wire/socket'
import type { QualityLevel, Sample } from '../rules/quality'
import { legOf } from '../rules/standing'
import type { Quality } from '../seat/keeper'
import { browserMeans, type Ticking } from '../seat/means'

/** A page tells how good its connection is every so often; of one that does not, nothing is known after a while. */
export const TOLD_EVERY_MS = 4_000
export const QUIET_AFTER_MS = 13_000

export interface ToldQuality {
  level: QualityLevel
  sample: Sample
  at_ms: number
}

export interface Telling {
  me: Readonly<Ref<string>>
  current: Readonly<Ref<CallView | null>>
  hint: (hint: Hint) => void
  time?: Ticking
}

export function useQualities({ me, current, hint, time = browserMeans.time }: Telling) {
  /** how good the connection of each other leg is, as its own page tells; gone when it tells nothing more */
  const qualities = shallowRef<ReadonlyMap<string, ToldQuality>>(new Map())
  let told_at = -Infinity

  const fresh = (): [string, ToldQuality][] =>
    [...qualities.value].filter(([, one]) => time.now() - one.at_ms < QUIET_AFTER_MS)

  onScopeDispose(
    time.every(TOLD_EVERY_MS, () => {
      const left = fresh()
      if (left.length < qualities.value.size) qualities.value = new Map(left)
    }),
  )

  return {
    qualities,
    /** How this connection is now. */
    tell: (call_id: string, { level: quality, sample }: Quality): void => {
      const leg = current.value?.id === call_id ? legOf(current.value, me.value) : null
      if (!leg || leg.state !== 'joined' || time.now() - told_at < TOLD_EVERY_MS) return
      told_at = time.now()
      hint({ type: 'call.quality', call_id, leg_id: leg.id, quality, sample })
    },
    /** What another page tells. */
    keep: (told: CallQuality): void => {
      const now = { level: told.quality, sample: told.sample, at_ms: time.now() }
      qualities.value = new Map(fresh()).set(told.leg_id, now)
    },
  }
}
