/**
 * Where the focus goes when a call begins or is over and nothing on the page has it: the page is told, and gives it to
 * the next act. A call that ran already when this page was opened only goes on.
 */
import { nextTick, watch } from 'vue'
import { unclaimed } from '../../ui/focus'
import type { CallHere } from './useCallHere'

export interface Beginning {
  here: Pick<CallHere, 'call' | 'live' | 'state'>
  /** the page's own side: an approver joins a call, however his page was opened */
  seat: 'window' | 'approver'
  /** it began (for an approver: or was joined) */
  began: () => void
  goes_on: () => void
  over: () => void
  /** said of a call that has just begun here */
  tell: () => void
}

export function useBeginnings({
  here: { call, live, state },
  seat,
  began,
  goes_on,
  over,
  tell,
}: Beginning): void {
  /** the call began while this pane was here: a page that was opened into it has its own place for the focus */
  let begun = seat === 'approver'
  watch(
    () => call.value?.state === 'open',
    (rings) => (begun ||= rings),
    { immediate: true },
  )
  watch(
    () => [live.value, state.value.phase === 'ended'] as const,
    async ([on, ended], before) => {
      if (on === before?.[0] && ended === before?.[1]) return
      await nextTick()
      if (on && begun && unclaimed()) began()
      else if (on && unclaimed()) goes_on()
      else if (ended && before && unclaimed()) over()
      if (on) tell()
    },
    { immediate: true, flush: 'post' },
  )
}
