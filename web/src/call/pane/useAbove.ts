/** The call above other windows: which pictures stand there, and hanging up from there. */
import { computed, type ComputedRef } from 'vue'
import { shutFor } from '../rules/standing'
import type { HangingUp } from './foot/useHangUp'
import type { Key } from './foot/useKeys'
import { usePictureInPicture } from './pip'
import type { CallHere } from './useCallHere'

export interface Above {
  here: Pick<CallHere, 'live' | 'hold' | 'screens' | 'papers' | 'other' | 'face'>
  /** what leaves nothing of one's own, by its m-line */
  silent: ComputedRef<Record<'0' | '1', boolean>>
  press: (key: Key) => void
  leaving: Pick<HangingUp, 'ask'>
}

export function useAbove({ here, silent, press, leaving }: Above) {
  const { live, hold, screens, papers, other } = here
  const document = computed(() =>
    hold.value ? null : (screens.value[0] ?? screens.value[1] ?? papers.value[0] ?? papers.value[1]),
  )
  const face = computed(() => (hold.value || shutFor(other.value, '1') ? null : here.face.value))

  /** What is unfinished is asked about on the page itself. */
  function hangUp(): void {
    if (leaving.ask()) return
    pip.close()
    window.focus()
  }
  const pip = usePictureInPicture({
    live: () => live.value,
    muted: () => ({ microphone: silent.value['0'], camera: silent.value['1'] }),
    microphone: () => press('microphone'),
    camera: () => press('camera'),
    hang_up: hangUp,
    picture: () => document.value ?? face.value,
  })
  return { ...pip, document, face, hangUp }
}
