/**
 * The duty of this approver: what he chose, whether a call engages him now or he is cut off (nothing rings
 * then), and to choose anew.
 */
import { computed } from 'vue'
import type { DeskView } from '../../wire/messages'
import { isCut } from '../../wire/socket'
import { unlock } from './alarm'
import { useCall } from '../desk/useCall'

export function useDuty() {
  const desk = useCall()
  const in_call = computed(() => (desk.current.value ?? { state: 'ended' }).state !== 'ended')
  const cut = computed(() => isCut(desk.connection.value))

  function set(duty: DeskView['duty']): void {
    // browsers let a page sound only after a click: this is it
    unlock()
    void desk.setDuty(duty)
  }
  return { ready: desk.ready, duty: desk.duty, in_call, cut, busy: desk.busy, set }
}
