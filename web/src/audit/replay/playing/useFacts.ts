/** What the file of a call tells of all of it: its pictures, who was there when, what happened, how good the lines were. */
import { computed, type Ref } from 'vue'
import { Story } from '../../rules/asOf'
import { endOf, holdsOf, seatedOf, sides, unseenOf, withdrawnOf, zeroOf } from '../../rules/presence'
import { countedOf, qualitiesOf, withSilences, type Stretch, type WorkerStretch } from '../../rules/qualities'
import { ShownPages } from '../../rules/shown'
import { marksOf } from '../../rules/timeline'
import type { CallFile } from '../useCallFile'

export type Facts = ReturnType<typeof useFacts>

/** `file`: null until it is there. */
export function useFacts(file: Readonly<Ref<CallFile | null>>) {
  const call = computed(() => file.value?.detail.call ?? null)
  const view = computed(() => file.value?.snapshot.case ?? null)
  const zero_ms = computed(() => (call.value ? zeroOf(call.value) : 0))
  /** what each party's seat has: faces, document cameras, screens */
  const pictures = computed(() =>
    (file.value?.detail.playbacks ?? []).filter((one) => one.seat !== 'composed'),
  )
  const parties = computed(() => pictures.value.filter((one) => one.source === 'face'))
  const composed = computed(() =>
    (file.value?.detail.playbacks ?? []).filter((one) => one.seat === 'composed'),
  )
  const end_s = computed(() => (call.value ? endOf(call.value, parties.value, Date.now()) : 0))
  const story = computed(() => new Story(file.value?.history ?? []))
  const marks = computed(() => {
    const all = file.value
    return all ? marksOf(all.history, all.snapshot.case, all.detail.call, all.refused) : []
  })
  /** those of the call itself */
  const within = computed(() => marks.value.filter((one) => one.at_s >= 0 && one.at_s <= end_s.value))
  const shown = computed(() => {
    const all = file.value
    return all
      ? new ShownPages(
          all.marks.filter((one) => one.kind !== 'quality' && one.kind !== 'worker'),
          all.detail.call,
          zero_ms.value,
          end_s.value,
          sides(all.detail.call, all.snapshot.case),
        )
      : null
  })
  /** when a camera gave no picture, of whom */
  const unseen = computed(() =>
    file.value ? unseenOf(file.value.detail.call, file.value.detail.lacking, end_s.value) : [],
  )
  const seated = computed(() =>
    call.value ? seatedOf(call.value, parties.value, end_s.value, unseen.value) : [],
  )
  const holds = computed(() => (call.value ? holdsOf(call.value, end_s.value) : []))
  const withdrawn = computed(() => (call.value ? withdrawnOf(call.value, end_s.value) : []))
  const qualities = computed(() => {
    const all = file.value
    if (!all) return new Map<string, Stretch[]>()
    const { call: of, silences } = all.detail
    return withSilences(
      qualitiesOf(all.marks, of, zero_ms.value, end_s.value),
      silences,
      of,
      zero_ms.value,
      end_s.value,
    )
  })
  const counted = computed(() => {
    const all = file.value
    return all
      ? countedOf(all.marks, all.detail.call, zero_ms.value, end_s.value)
      : new Map<string, WorkerStretch[]>()
  })

  return {
    call,
    view,
    zero_ms,
    pictures,
    parties,
    composed,
    end_s,
    story,
    marks,
    within,
    shown,
    unseen,
    seated,
    holds,
    withdrawn,
    qualities,
    counted,
  }
}
