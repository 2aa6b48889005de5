/** Where the call stands, in words: on the line between the places, and aloud when it changes. */
import { computed, watch, type Ref } from 'vue'
import { caseCode } from '../../../rules/caseCode'
import { announce } from '../../../ui/announce'
import type { Say } from '../../rules/figures'
import { spell } from '../../rules/standing'
import type { CallHere } from '../useCallHere'

export function usePhase(
  here: Pick<CallHere, 'call' | 'state' | 'held_for' | 'elsewhere'>,
  now: Readonly<Ref<number>>,
  t: Say,
) {
  const { call, state, held_for, elsewhere } = here
  const left_s = computed(() =>
    state.value.until ? Math.max(0, Math.ceil((Date.parse(state.value.until) - now.value) / 1000)) : 0,
  )
  function lasted(until: number): string {
    const from = call.value?.answered_at
    return spell(from ? (until - Date.parse(from)) / 1000 : 0)
  }
  const word = computed(() => {
    const { phase } = state.value
    if (phase === 'ended' && call.value?.reason)
      return t(`call.reason.${call.value.reason}`, { time: lasted(Date.parse(call.value.ended_at ?? '')) })
    return t(`call.phase.${phase}`, { n: left_s.value, time: lasted(now.value), held: held_for.value })
  })
  const elsewhere_says = computed(() =>
    elsewhere.value
      ? t('call.elsewhere_says', {
          item: elsewhere.value.card.item_name,
          applicant: `${elsewhere.value.card.applicant_masked} ${t('shell.case_code', { code: caseCode(elsewhere.value.case_id) })}`,
        })
      : '',
  )
  watch(
    () => state.value.phase,
    (phase) => phase !== 'none' && announce(word.value),
  )
  watch(
    () => elsewhere.value?.id,
    (other_call) => other_call && announce(elsewhere_says.value),
    { immediate: true },
  )
  return { word }
}
