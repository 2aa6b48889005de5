/** Whether one can dial about this case now: what is missing, who of the unit is on duty and who of them is free. */
import { computed, type Ref } from 'vue'
import type { CallDesk } from '../../desk/useCall'
import type { OnDuty } from '../../desk/usePresence'
import type { Say } from '../../rules/figures'
import type { CallHere } from '../useCallHere'

export interface Dialling {
  here: Pick<CallHere, 'call' | 'elsewhere'>
  desk: Pick<CallDesk, 'busy'>
  t: Say
  /** the approvers of the unit that would be rung; null until they are known */
  approvers: Readonly<Ref<readonly OnDuty[] | null>>
  /** why it is not possible yet, in words */
  blocked: () => string | undefined
}

export function useDialling({ here, desk, t, approvers, blocked }: Dialling) {
  const online = computed(() => approvers.value?.filter((one) => one.state !== 'away') ?? null)
  const free = computed(() => online.value?.filter((one) => one.state === 'free').length ?? 0)
  /** why nobody can be dialled, in words */
  const missing = computed(
    () => blocked() ?? (approvers.value && !free.value ? t('call.approvers.none_free') : undefined),
  )
  return {
    online,
    free,
    missing,
    /** Whether dialling would be done now. */
    possible: (): boolean =>
      (!here.call.value || here.call.value.state === 'ended') &&
      !missing.value &&
      !here.elsewhere.value &&
      !desk.busy.value,
  }
}
