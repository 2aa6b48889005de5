/** The document camera as this feature needs it; the page says which one that is. */
import type { Ref } from 'vue'

export interface ScanCamera {
  /** what it shows now, at the full size that the device gives; null while closed or missing */
  track: Readonly<Ref<MediaStreamTrack | null>>
  devices: Readonly<Ref<readonly { id: string; name: string }[]>>
  chosen: Readonly<Ref<string | null>>
  /** why there is no picture, in words */
  trouble: Readonly<Ref<string | null>>
  open: () => Promise<void>
  choose: (device_id: string) => Promise<void>
  /** gives up what this feature opened; a call that shows the camera goes on */
  close: () => void
}
