/**
 * Whether this page should take the seat of the call in which its person sits, or another page has it. The newer page
 * wins while it lives; when it is closed this one takes the seat again.
 */
import { computed, onScopeDispose, ref, watch, type Ref } from 'vue'
import { leftEmpty, takesSeat } from '../rules/standing'
import { satIn, type SeatKeeper } from '../seat/keeper'
import { browserMeans, type Stop, type Ticking } from '../seat/means'
import type { CallView } from '../../wire/messages'

/**
 * A page whose seat a newer one took has it again when that is away for so long. It says so at once; a newer
 * one that was only reloaded takes it again.
 */
export const TAKEN_BACK_AFTER_MS = 1_000
/** A page that never had the seat takes it when no page has had it for so long: one that is loaded anew is back by then. */
export const DESERTED_AFTER_MS = 3_000

export interface Joining {
  me: Readonly<Ref<string>>
  current: Readonly<Ref<CallView | null>>
  /** whether the page knows which calls run */
  ready: Readonly<Ref<boolean>>
  seat: Pick<SeatKeeper, 'claimed' | 'replaced' | 'entering'>
  enter: (call_id: string) => void
  time?: Ticking
}

export function useJoining({ me, current, ready, seat, enter, time = browserMeans.time }: Joining) {
  /** the call whose seat no page has had for a while */
  const deserted = ref<string | null>(null)
  const takes = (call: CallView): boolean =>
    takesSeat(call, me.value, {
      replaced: seat.replaced.has(call.id),
      sat: satIn(call.id),
      deserted: deserted.value === call.id,
    })

  /** the running call whose seat is nobody's but this page's to take */
  const vacant = computed(() => {
    const call = current.value
    return ready.value && call && !seat.claimed.has(call.id) && takes(call) ? call.id : null
  })
  /** another page of this person has the seat */
  const elsewhere = computed(() => {
    const call = current.value
    return (
      ready.value &&
      call?.state === 'live' &&
      !seat.claimed.has(call.id) &&
      !seat.entering.has(call.id) &&
      !takes(call)
    )
  })

  /** Does this once the call has stood so for a while. */
  function afterwards(
    ms: number,
    stands: (call: CallView) => boolean,
    then: (call_id: string) => void,
  ): void {
    let stop: Stop = () => undefined
    watch(
      () => (current.value && stands(current.value) ? current.value.id : null),
      (call_id) => {
        stop()
        if (call_id) stop = time.after(ms, () => then(call_id))
      },
      { immediate: true },
    )
    onScopeDispose(() => stop())
  }
  const empty = (call: CallView): boolean => leftEmpty(call, me.value)
  afterwards(TAKEN_BACK_AFTER_MS, (call) => seat.replaced.has(call.id) && empty(call), enter)
  const lies = (call: CallView): boolean => !seat.claimed.has(call.id) && empty(call)
  watch(
    () => (current.value && lies(current.value) ? current.value.id : null),
    () => (deserted.value = null),
  )
  afterwards(DESERTED_AFTER_MS, lies, (call_id) => (deserted.value = call_id))

  return { vacant, elsewhere }
}
