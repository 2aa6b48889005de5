/**
 * The document camera of this place: which device it is, remembered for the window, how far its picture is turned, and
 * how it is opened: as fine as it can, for papers are read and not watched.
 */
import { ref, watch } from 'vue'
import { recall, remember } from '../ui/remembered'
import { openOne, type Opened } from './devices'

const DEVICE = 'document_camera'
const TURNED = 'document_camera.turned'

export type Turn = 0 | 90 | 180 | 270
export const documentCamera = ref(recall(DEVICE))
export const turned = ref<Turn>((Number(recall(TURNED)) || 0) as Turn)
watch(documentCamera, (id) => remember(DEVICE, id))
watch(turned, (degrees) => remember(TURNED, degrees ? String(degrees) : null))

export function turnOn(): void {
  turned.value = ((turned.value + 90) % 360) as Turn
}

/** As fine as the device can; the pictures of a call are made smaller of it, stills are not. */
export async function openDocumentCamera(device_id?: string): Promise<Opened> {
  const opened = await openOne('camera', device_id, { width: { ideal: 3840 }, height: { ideal: 2880 }, frameRate: { ideal: 15, max: 30 } })
  if (opened.track) opened.track.contentHint = 'detail'
  return opened
}
