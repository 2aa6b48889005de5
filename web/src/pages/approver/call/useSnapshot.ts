/** What the window shows in the call, kept as a picture among the files of the case. */
import { computed, ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { CallDesk } from '../../../call/desk/useCall'
import { holdOf, shutFor } from '../../../call/rules/standing'
import type { Uploads } from '../../../record/materials/useUploads'
import { snapshot } from '../../../scan/grab'
import { announce } from '../../../ui/announce'
import { localProblem, type Problem } from '../../../wire/http'
import type { CallView } from '../../../wire/messages'

export interface SnapshotOf {
  /** the call about the case, if he may take pictures in it */
  running: () => CallView | null
  call: Pick<CallDesk, 'document_camera' | 'face'>
  uploads: Pick<Uploads, 'send'>
  /** the line on which the picture is put */
  line: Ref<string | null>
  failed: (problem: Problem) => void
}

export type Snapshot = ReturnType<typeof useSnapshot>

export function useSnapshot({ running, call, uploads, line, failed }: SnapshotOf) {
  const { t, d } = useI18n()
  const taking = ref(false)
  /** the document camera when it is shown, or else the face; nothing while the call is held */
  const seen = computed(() => {
    const now = running()
    if (now?.state !== 'live' || holdOf(now)) return null
    const window_leg = now.legs.find((leg) => leg.seat === 'window' && leg.state !== 'left')
    const paper = window_leg?.muted.includes('2')
      ? null
      : (call.document_camera.value?.getVideoTracks()[0] ?? null)
    const face = shutFor(window_leg, '1') ? null : (call.face.value?.getVideoTracks()[0] ?? null)
    return paper
      ? { track: paper, what: t('scan.snapshot.paper') }
      : face
        ? { track: face, what: t('scan.snapshot.face') }
        : null
  })

  async function take(): Promise<void> {
    if (!seen.value || taking.value) return
    taking.value = true
    try {
      const file = await snapshot(
        seen.value.track,
        `${seen.value.what}_${d(new Date(), 'second').replaceAll(':', '')}`,
      )
      void uploads.send(line.value ?? 'other', file, { purpose: 'snapshot' })
      announce(t('scan.snapshot.taken', { what: seen.value.what }))
    } catch {
      failed(localProblem('unexpected'))
    } finally {
      taking.value = false
    }
  }
  return { taking, seen, take }
}
