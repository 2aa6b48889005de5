/**
 * What lies on the table of a desk in a call: the other side's screen, or what is under its document camera, or else
 * what is under one's own. The desk's page gives it the place of the document; folded away it is one press away.
 * One state for the pane and the page.
 */
import { computed, ref, watch, type ComputedRef } from 'vue'
import { holdOf, otherLeg, secondLeg, shown, sitsElsewhere } from '../rules/standing'
import { useCall } from '../desk/useCall'

export type StageKind = 'screen' | 'paper' | 'own'

export interface Staged {
  kind: StageKind
  stream: MediaStream
  /** whose it is: how his papers are turned is kept for each */
  whose: string
}

const folded = ref(false)

/** What is shown in the call about this case, and whether it has the table. */
export function useStage(case_id: () => string): {
  staged: ComputedRef<Staged | null>
  open: ComputedRef<boolean>
  fold: () => void
  unfold: () => void
} {
  const desk = useCall()
  const staged = computed<Staged | null>(() => {
    const call = desk.current.value
    if (
      call?.case_id !== case_id() ||
      call.state !== 'live' ||
      sitsElsewhere(desk.state.value) ||
      holdOf(call)
    )
      return null
    const legs = [otherLeg(call, desk.me.value), secondLeg(call, desk.me.value)]
    // a line that its seat has closed shows nothing, though its last picture stands
    const find = (mid: string, streams: readonly (MediaStream | null)[]) =>
      legs.findIndex((leg, at) => shown(leg, mid) && streams[at])
    const [screens, papers] = [
      [desk.screen.value, desk.second_screen.value],
      [desk.document_camera.value, desk.second_camera.value],
    ]
    for (const [kind, mid, streams] of [
      ['screen', '3', screens],
      ['paper', '2', papers],
    ] as const) {
      const at = find(mid, streams)
      const [leg, stream] = [legs[at], streams[at]]
      if (leg && stream) return { kind, stream, whose: leg.person.window_name ?? leg.person.id }
    }
    return desk.own_paper.value ? { kind: 'own', stream: desk.own_paper.value, whose: '' } : null
  })
  watch(
    () => staged.value?.stream,
    (now, before) => {
      if (now && now !== before) folded.value = false
    },
  )
  return {
    staged,
    open: computed(() => staged.value !== null && !folded.value),
    fold: () => (folded.value = true),
    unfold: () => (folded.value = false),
  }
}
