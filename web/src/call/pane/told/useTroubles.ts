/** What of one's own camera and microphone cannot be had, in words, and trying again. */
import { computed, ref, watch } from 'vue'
import { announce } from '../../../ui/announce'
import type { CallDesk } from '../../desk/useCall'
import type { Say } from '../../rules/figures'
import type { Devices } from '../../seat/devices'
import type { DeviceNotice } from '../../seat/supply'

/** What is told of a device in passing, unless what of it cannot be had stands there and says the same. */
export function besideTrouble(
  notice: DeviceNotice | null,
  trouble: Devices['trouble'] | undefined,
): DeviceNotice | null {
  if (!notice || notice.kind === 'paper' || notice.what !== 'gone') return notice
  return trouble?.[notice.kind] ? null : notice
}

export function useTroubles(desk: Pick<CallDesk, 'devices' | 'lacks' | 'retryDevices'>, t: Say) {
  const troubles = computed(() => {
    const { microphone, camera } = desk.devices.value?.trouble ?? {}
    if (microphone && microphone === camera) return [t(`call.trouble.both_${camera}`)]
    return [
      ...(microphone ? [t(`call.trouble.microphone_${microphone}`)] : []),
      ...(camera ? [t(`call.trouble.camera_${camera}`)] : []),
    ]
  })
  /** whether trying again may help */
  const retriable = computed(() =>
    Object.values(desk.devices.value?.trouble ?? {}).some((one) => one !== 'insecure'),
  )
  const retrying = ref(false)
  async function retry(): Promise<void> {
    if (retrying.value) return
    retrying.value = true
    const before = desk.lacks.value
    await desk.retryDevices().finally(() => (retrying.value = false))
    if (before['0'] && !desk.lacks.value['0']) announce(t('call.device.microphone_back'))
    if (before['1'] && !desk.lacks.value['1']) announce(t('call.device.camera_back'))
  }
  watch(
    () => troubles.value.join(' '),
    (now) => now && announce(now),
  )
  return { troubles, retriable, retrying, retry }
}
