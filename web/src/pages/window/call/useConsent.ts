/** The applicant's word on the recording, and then the call: who dials before he was asked asks first. */
import { computed, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { callable } from '../../../record/rules/course/course'
import { noCall } from '../../../record/rules/nextStep'
import { unclaimed } from '../../../ui/focus'
import type { CaseView } from '../../../wire/messages'
import { toNextStep } from '../step/stepFocus'
import type { CaseCall } from './useCaseCall'

export interface ConsentOf {
  id: string
  view: Ref<CaseView | null>
  call: Pick<CaseCall['call'], 'dial'>
  recorded: Ref<boolean>
}

export function useConsent({ id, view, call, recorded }: ConsentOf) {
  const { t } = useI18n()
  const asking = ref(false)
  const then_dial = ref(false)
  const consent = computed(() => view.value?.consent ?? null)
  const no_call = computed(() => view.value !== null && noCall(view.value))
  /** why there may be no call */
  const blocked = computed(() =>
    view.value && !callable(view.value)
      ? t('record.consent.closed')
      : no_call.value
        ? t('record.consent.no_call')
        : undefined,
  )
  const withdrawing = ref(false)
  watch(recorded, (on) => !on && (withdrawing.value = false))

  async function dial(): Promise<void> {
    if (consent.value) await call.dial(id)
    else {
      then_dial.value = true
      asking.value = true
    }
  }

  // whoever asks first begins the call by the same press; a reload does not call again
  watch(
    view,
    (now) => {
      if (!now || !window.history.state?.dials) return
      window.history.replaceState({ ...window.history.state, dials: false }, '')
      void dial()
    },
    { immediate: true },
  )

  async function answered(given: boolean): Promise<void> {
    asking.value = false
    const go_on = then_dial.value
    then_dial.value = false
    after_consent.value = !go_on
    if (go_on && (given || view.value?.item.recording_refusal !== 'no_call')) await call.dial(id)
  }

  /** the answer is given: what comes next is not to ask again */
  const after_consent = ref(false)
  async function consentClosed(): Promise<void> {
    if (!after_consent.value) return
    after_consent.value = false
    // the way back leads to the button that asked
    if (unclaimed() || document.activeElement?.matches('[data-consent=ask], [data-more-acts]'))
      await toNextStep()
  }

  function putOff(): void {
    asking.value = false
    then_dial.value = false
  }

  return { consent, asking, blocked, withdrawing, dial, answered, consentClosed, putOff }
}
