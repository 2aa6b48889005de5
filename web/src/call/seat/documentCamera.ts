/**
 * The document camera of this place: which device it is, remembered for the window, and how it is opened: as fine as it
 * can, for papers are read and not watched.
 */
import { ref, watch } from 'vue'
import { recall, remember } from '../../ui/remembered'
import { listCameras, openOne, type Opened } from './devices'

const DEVICE = 'document_camera'

export const documentCamera = ref(recall(DEVICE))
watch(documentCamera, (id) => remember(DEVICE, id))

/** How the picture of this place's document camera is turned on this page, in degrees; kept with the camera. */
const TURN = 'document_camera_turn'
export const paperTurn = ref(Number(recall(TURN)) || 0)
watch(paperTurn, (degrees) => remember(TURN, degrees ? String(degrees) : null))

/** How the papers of somebody else are turned on this page, by who shows them: his camera stands as it stood. */
const farTurn = (who: string): string => `paper_turn.${who}`
export const recallTurn = (who: string): number => Number(recall(farTurn(who))) || 0
export const rememberTurn = (who: string, degrees: number): void =>
  remember(farTurn(who), degrees ? String(degrees) : null)

/** The device that was chosen at this place while it is there, or else one that does not show the face. */
export async function findDocumentCamera(face: MediaStreamTrack | null): Promise<string | undefined> {
  const cameras = await listCameras()
  const shows_face = face?.getSettings().deviceId
  return (
    cameras.find((one) => one.deviceId === documentCamera.value) ??
    cameras.find((one) => one.deviceId !== shows_face)
  )?.deviceId
}

/** As fine as the device can; the pictures of a call are made smaller of it, stills are not. */
export async function openDocumentCamera(device_id?: string): Promise<Opened> {
  const opened = await openOne('camera', device_id, {
    width: { ideal: 3840 },
    height: { ideal: 2880 },
    frameRate: { ideal: 15, max: 30 },
  })
  if (opened.track) opened.track.contentHint = 'detail'
  return opened
}
