/**
 * Whether this place has a camera left to show papers with: the one that shows the face is not offered for
 * them as well.
 */
import { computed, onBeforeUnmount, onMounted, ref, watch, type ComputedRef } from 'vue'
import type { CallDesk } from '../../desk/useCall'
import { listCameras } from '../../seat/devices'

export function usePaperCamera(desk: Pick<CallDesk, 'devices' | 'own_paper'>): ComputedRef<boolean> {
  const cameras = ref<readonly string[]>([])
  const face_camera = computed(() => desk.devices.value?.camera?.getSettings().deviceId)
  async function look(): Promise<void> {
    cameras.value = (await listCameras()).map((one) => one.deviceId)
  }
  watch(
    () => desk.devices.value,
    () => void look(),
    { immediate: true },
  )
  onMounted(() => navigator.mediaDevices?.addEventListener('devicechange', look))
  onBeforeUnmount(() => navigator.mediaDevices?.removeEventListener('devicechange', look))
  return computed(() => desk.own_paper.value !== null || cameras.value.some((id) => id !== face_camera.value))
}
