/**
 * While a call runs from this window, tells the applicant's screen of it wherever the clerk is: at his list
 * or at another case the call about his own goes on for who sits there. What the page of its case tells
 * stands above it (`useLeading.ts`).
 */
import { computed, defineComponent, onBeforeUnmount, shallowReactive, watch } from 'vue'
import { useCall } from '../../call/desk/useCall'
import { ALONE, type CallLeader, type Turned } from '../../record/applicant/turned'
import { useCallTold } from './useCallTold'

export default defineComponent(() => {
  const call = useCall()
  const callTold = useCallTold()
  /** the call that this window made */
  const running = computed(() => {
    const { value: one } = call.current
    return one && one.state !== 'ended' && one.caller.id === call.me.value ? one : null
  })
  const telling = computed<Turned>(() => {
    const { value: one } = running
    if (!one) return ALONE
    const about = { deciding: call.deciding.value, here: one.card.place, there: one.target_place, idle: '' }
    return { ...ALONE, ...callTold(one, about) }
  })

  const hearing = shallowReactive(new Set<(told: Turned) => void>())
  const leads: CallLeader = {
    case_id: () => running.value?.case_id ?? null,
    now: () => telling.value,
    listen: (hear) => {
      hearing.add(hear)
      return () => void hearing.delete(hear)
    },
  }
  window.yunjian_call = leads
  watch(
    () => (hearing.size ? telling.value : null),
    (told) => told && hearing.forEach((hear) => hear(told)),
  )
  onBeforeUnmount(() => {
    if (window.yunjian_call === leads) delete window.yunjian_call
  })
  return () => null
})
