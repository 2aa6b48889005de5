/**
 * Hanging up: what would be left half done is asked about first; a person who leaves alone goes once the call
 * is over for him.
 */
import { ref, watch, type Ref } from 'vue'
import type { CallDesk } from '../../desk/useCall'
import type { CallHere } from '../useCallHere'

export interface Leaving {
  here: Pick<CallHere, 'call' | 'alone'>
  desk: Pick<CallDesk, 'hangUp'>
  /** what would be left half done, in words, asked for at that moment */
  pending: () => readonly string[]
  /** he has left, and the call goes on without him */
  left: () => void
}

export interface HangingUp {
  /** what stands in the way of hanging up at once */
  unfinished: Ref<readonly string[]>
  /** The key: asks, or hangs up; false when it asked. */
  ask: () => boolean
  hangUp: () => Promise<void>
  /** He stays. */
  stay: () => void
}

export function useHangUp({ here: { call, alone }, desk, pending, left }: Leaving): HangingUp {
  const unfinished = ref<readonly string[]>([])
  /** he has said that he goes, and the call goes on */
  const leaving = ref(false)

  async function hangUp(): Promise<void> {
    unfinished.value = []
    leaving.value = alone.value
    if (!(await desk.hangUp())) leaving.value = false
  }

  // the ack comes before the news: only with the news is this desk free of the call
  watch([leaving, call], ([on, now]) => {
    if (!on || (now && now.state !== 'ended')) return
    leaving.value = false
    left()
  })

  return {
    unfinished,
    ask: () => {
      unfinished.value = pending()
      if (unfinished.value.length) return false
      void hangUp()
      return true
    },
    hangUp,
    stay: () => void (unfinished.value = []),
  }
}
