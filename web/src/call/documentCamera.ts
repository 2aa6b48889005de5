/**
 * The document camera of this place: which device it is, remembered for the window, and how it is opened: as fine as it
 * can, for papers are read and not watched.
 */
import { ref, watch } from 'vue'
import { recall, remember } from '../ui/remembered'
import { listCameras, openOne, type Opened } from './devices'

const DEVICE = 'document_camera'

export const documentCamera = ref(recall(DEVICE))
watch(documentCamera, (id) => remember(DEVICE, id))

/** The device that was chosen at this place while it is there, or else one that does not show the face. */
export async function findDocumentCamera(face: MediaStreamTrack | null): Promise<string | undefined> {
  const cameras = await listCameras()
  const shows_face = face?.getSettings().deviceId
  return (cameras.find((one) => one.deviceId === documentCamera.value) ?? cameras.find((one) => one.deviceId !== shows_face))?.deviceId
}

/** As fine as the device can; the pictures of a call are made smaller of it, stills are not. */
export async function openDocumentCamera(device_id?: string): Promise<Opened> {
  const opened = await openOne('camera', device_id, { width: { ideal: 3840 }, height: { ideal: 2880 }, frameRate: { ideal: 15, max: 30 } })
  if (opened.track) opened.track.contentHint = 'detail'
  return opened
}
