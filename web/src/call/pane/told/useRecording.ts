/** Whether the call is recorded, of whom it is not though it should be, and why nothing is; what changes is said aloud. */
import { computed, ref, watch, type Ref } from 'vue'
import { listed } from '../../../i18n'
import { announce } from '../../../ui/announce'
import type { Say } from '../../rules/figures'
import { Unrecorded, unrecordedFor } from '../../rules/standing'
import type { CallHere } from '../useCallHere'

export interface RecordingSaid {
  on: boolean
  broken?: boolean
  word: string
}

export function useRecording(
  here: Pick<CallHere, 'call' | 'live' | 'hold'>,
  now: Readonly<Ref<number>>,
  t: Say,
) {
  const { call, live, hold } = here
  /** why nothing is recorded: the applicant refused it, or took his consent back in the call */
  const unrecorded = computed(() => (call.value ? unrecordedFor(call.value) : null))
  const missing = new Unrecorded()
  /** of whom nothing is recorded though it should be, in words */
  const interrupted = computed(() => {
    const legs = call.value ? missing.look(call.value, now.value) : []
    return live.value && legs.length
      ? t('call.recording.interrupted', { who: listed(legs.map((leg) => leg.person.name)) })
      : ''
  })
  const recording = computed<RecordingSaid | null>(() => {
    if (!live.value || !call.value) return null
    if (unrecorded.value)
      return {
        on: false,
        word: t(unrecorded.value === 'refused' ? 'call.recording.off' : 'call.recording.stopped'),
      }
    if (hold.value) return { on: false, word: t('call.recording.held') }
    const on = call.value.legs.some((leg) => leg.recording)
    if (interrupted.value) return { on, broken: true, word: interrupted.value }
    return { on, word: t(on ? 'call.recording.on' : 'call.recording.starting') }
  })
  /** that it is not recorded, and why, was read in this call */
  const read_of = ref<string | null>(null)
  const which = computed(() => `${call.value?.id} ${unrecorded.value}`)
  const refusal = computed(() => (live.value && read_of.value !== which.value ? unrecorded.value : null))

  watch(interrupted, (says, before) =>
    announce(says || (before && recording.value?.on ? t('call.recording.again') : '')),
  )
  watch(unrecorded, (why, before) => {
    if (live.value && why === 'withdrawn' && before === null) announce(t('call.recording.withdrawn'))
  })

  return {
    recording,
    /** why it is not recorded, until that was read */
    refusal,
    read: () => void (read_of.value = which.value),
    /** Says why nothing is recorded, where that is so; for the begin of a call. */
    tell: () => void (unrecorded.value && announce(t(`call.recording.${unrecorded.value}`))),
  }
}
