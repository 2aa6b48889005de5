/**
 * The document camera for taking papers: the track that the call shows, when it shows one, or else a track of its own.
 * The device is the one that is remembered for this place.
 */
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { documentCamera, findDocumentCamera, openDocumentCamera } from '../../call/seat/documentCamera'
import { listCameras, type DeviceTrouble } from '../../call/seat/devices'
import { useCall } from '../../call/desk/useCall'
import type { ScanCamera } from '../../scan/camera'

export function useScanCamera(): ScanCamera {
  const { t } = useI18n()
  const call = useCall()
  const own = shallowRef<MediaStreamTrack | null>(null)
  const devices = shallowRef<readonly { id: string; name: string }[]>([])
  const missing = ref<DeviceTrouble | 'gone' | null>(null)
  let wanted = false

  const shared = computed(() => call.own_paper.value?.getVideoTracks()[0] ?? null)
  const track = computed(() => shared.value ?? own.value)
  const chosen = computed(() => track.value?.getSettings().deviceId ?? documentCamera.value)
  const trouble = computed(() => (track.value || !missing.value ? null : t(`scan.trouble.${missing.value}`)))

  function drop(): void {
    own.value?.stop()
    own.value = null
  }

  async function open(): Promise<void> {
    wanted = true
    drop()
    missing.value = null
    if (!shared.value) {
      const opened = await openDocumentCamera(await findDocumentCamera(call.devices.value?.camera ?? null))
      // the pane may have been closed, or the call have opened it, while the browser asked
      if (!wanted || shared.value) opened.track?.stop()
      else {
        own.value = opened.track
        missing.value = opened.trouble ?? null
        opened.track?.addEventListener('ended', () => {
          if (own.value === opened.track) [own.value, missing.value] = [null, 'gone']
        })
      }
    }
    devices.value = (await listCameras()).map((one) => ({ id: one.deviceId, name: one.label }))
  }

  async function choose(device_id: string): Promise<void> {
    documentCamera.value = device_id
    if (shared.value) await call.showPaper(true)
    else await open()
  }

  function close(): void {
    wanted = false
    drop()
  }

  // the same device is not held twice
  watch(shared, (now) => {
    if (now) drop()
    else if (wanted) void open()
  })
  onScopeDispose(close)
  return { track, devices, chosen, trouble, open, choose, close }
}
