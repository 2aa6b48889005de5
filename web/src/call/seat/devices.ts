/**
 * Camera and microphone of this place. What cannot be had is named and left out: a call without a camera is
 * still a call. "Refused" (by a person or a policy) and "not there" are never mixed up.
 */

/** `refused` is the browser's block (a person's or a policy's), `refused_by_system` the operating system's. */
export type DeviceTrouble = 'refused' | 'refused_by_system' | 'absent' | 'busy' | 'insecure'
export type DeviceKind = 'microphone' | 'camera'

export interface Devices {
  microphone: MediaStreamTrack | null
  camera: MediaStreamTrack | null
  /** why something is missing; a device that hangs was opened, and gives nothing */
  trouble: Partial<Record<DeviceKind, DeviceTrouble | 'hangs'>>
}

const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
const VIDEO: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 24, max: 30 },
}

/**
 * What a failed request for a device means. Browsers have one name for both blocks: a site that has the browser's
 * permission and is still refused meets the system's, and Chromium says so in its message.
 */
export function troubleOf(reason: unknown, permission?: PermissionState): DeviceTrouble {
  const name = reason instanceof DOMException ? reason.name : ''
  if (name === 'NotAllowedError') {
    const by_system = permission === 'granted' || /system/i.test((reason as DOMException).message)
    return by_system ? 'refused_by_system' : 'refused'
  }
  if (name === 'SecurityError') return 'refused'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'absent'
  return 'busy'
}

async function permissionOf(kind: DeviceKind): Promise<PermissionState | undefined> {
  try {
    return (await navigator.permissions.query({ name: kind as PermissionName })).state
  } catch {
    // not every browser tells
    return undefined
  }
}

export interface Opened {
  track: MediaStreamTrack | null
  trouble?: DeviceTrouble
}

/** Opens one device: the given one, or whichever the browser gives. */
export async function openOne(
  kind: DeviceKind,
  device_id?: string,
  more: MediaTrackConstraints = {},
): Promise<Opened> {
  // the browser hides the whole interface on pages that did not come over a secure connection
  const media = navigator.mediaDevices as MediaDevices | undefined
  if (!media?.getUserMedia) return { track: null, trouble: 'insecure' }
  const wanted = {
    ...(kind === 'microphone' ? AUDIO : VIDEO),
    ...(device_id ? { deviceId: { exact: device_id } } : {}),
    ...more,
  }
  try {
    const got = await media.getUserMedia(kind === 'microphone' ? { audio: wanted } : { video: wanted })
    return { track: got.getTracks()[0] ?? null }
  } catch (reason) {
    return { track: null, trouble: troubleOf(reason, await permissionOf(kind)) }
  }
}

/** Opens both at once, so that a person is asked once; if that fails, each for itself. */
export async function openDevices(): Promise<Devices> {
  try {
    const both = await navigator.mediaDevices.getUserMedia({ audio: AUDIO, video: VIDEO })
    return {
      microphone: both.getAudioTracks()[0] ?? null,
      camera: both.getVideoTracks()[0] ?? null,
      trouble: {},
    }
  } catch {
    const [voice, face] = [await openOne('microphone'), await openOne('camera')]
    return {
      microphone: voice.track,
      camera: face.track,
      trouble: {
        ...(voice.trouble ? { microphone: voice.trouble } : {}),
        ...(face.trouble ? { camera: face.trouble } : {}),
      },
    }
  }
}

/** The cameras of this place; their names are empty until a person has allowed one. */
export async function listCameras(): Promise<MediaDeviceInfo[]> {
  const media = navigator.mediaDevices as MediaDevices | undefined
  return (await media?.enumerateDevices?.())?.filter((one) => one.kind === 'videoinput') ?? []
}

export function closeDevices(devices: Devices | null): void {
  devices?.microphone?.stop()
  devices?.camera?.stop()
}
