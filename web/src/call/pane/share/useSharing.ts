/** Sharing one's screen: who is about to is told first what others may see then, and asked. */
import { nextTick, ref, watch, type Ref } from 'vue'
import { unclaimed } from '../../../ui/focus'
import type { CallDesk } from '../../desk/useCall'

export interface Sharing {
  /** what others may see is being told */
  warned: Ref<boolean>
  /** where it is told, while it is */
  warning: Ref<HTMLElement | null>
  /** The key: asks, takes the question back, or ends the sharing. */
  press: () => void
  /** He knows, and shares. */
  go: () => void
}

export function useSharing(desk: Pick<CallDesk, 'shares' | 'shareScreen'>): Sharing {
  const warned = ref(false)
  const warning = ref<HTMLElement | null>(null)
  /** what had the focus when he was told */
  let before: Element | null = null
  watch(warned, async (on) => {
    if (on) before = document.activeElement
    await nextTick()
    if (on) warning.value?.querySelector('button')?.focus()
    else if (before instanceof HTMLElement && unclaimed()) before.focus()
  })
  return {
    warned,
    warning,
    press: () => {
      if (desk.shares.value) void desk.shareScreen(false)
      else warned.value = !warned.value
    },
    go: () => {
      warned.value = false
      void desk.shareScreen(true)
    },
  }
}
