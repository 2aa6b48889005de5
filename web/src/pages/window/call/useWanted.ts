/** An approver asks for a call about a case of this window, maybe another one than this. */
import { computed, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { askedFor, askingOf } from '../../../desk/missed'
import { useMissed } from '../../../desk/useMissed'
import { caseCode } from '../../../rules/caseCode'
import { announce } from '../../../ui/announce'
import { recall, remember } from '../../../ui/remembered'
import type { CaseCall } from './useCaseCall'

export interface WantedOf {
  id: string
  call: Pick<CaseCall['call'], 'dial'>
  in_call: Ref<boolean>
  /** dials about the case of this page */
  dial: () => Promise<void>
}

const KNOWN = 'wanted.known'

export function useWanted({ id, call, in_call, dial }: WantedOf) {
  const { t, d } = useI18n()
  const router = useRouter()
  const { missed } = useMissed('window')
  /** the asking that was read here, until he asks again */
  const known = ref(recall(KNOWN))
  const wanted = computed(() => askedFor(missed.value).find((one) => askingOf(one) !== known.value) ?? null)
  function noteWanted(): void {
    known.value = wanted.value && askingOf(wanted.value)
    remember(KNOWN, known.value)
  }
  const wanted_word = computed(() => {
    const { value: one } = wanted
    return one
      ? t('desk.missed.wanted', {
          time: d(one.asked_at ?? one.at, 'time'),
          name: one.asked_by?.name ?? '',
          item: one.card.item_name,
          applicant: `${one.card.applicant_masked} ${t('shell.case_code', { code: caseCode(one.case_id) })}`,
        })
      : ''
  })
  // each asking is said once, however often the list is sent anew
  watch(
    () => (wanted.value && !in_call.value ? askingOf(wanted.value) : null),
    (asked_for) => asked_for && announce(wanted_word.value),
  )

  async function callBack(case_id: string): Promise<void> {
    if (case_id === id) await dial()
    else if (await call.dial(case_id)) void router.push({ name: 'window_case', params: { id: case_id } })
  }

  return { wanted, wanted_word, noteWanted, callBack }
}
