/**
 * Camera and microphone of this place. What cannot be had is named and left out: a call without a camera is
 * still a call. "Refused" (by a person or a policy) and "not there" are never mixed up.
 */

export type DeviceTrouble = 'refused' | 'absent' | 'busy' | 'insecure'

export interface Devices {
  microphone: MediaStreamTrack | null
  camera: MediaStreamTrack | null
  /** why something is missing */
  trouble: { microphone?: DeviceTrouble; camera?: DeviceTrouble }
}

const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
const VIDEO: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24, max: 30 } }

export function troubleOf(reason: unknown): DeviceTrouble {
  const name = reason instanceof DOMException ? reason.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'absent'
  return 'busy'
}

/** Opens both at once, so that a person is asked once; if that fails, each for itself. */
export async function openDevices(): Promise<Devices> {
  // the browser hides the whole interface on pages that did not come over a secure connection
  const media = navigator.mediaDevices as MediaDevices | undefined
  if (!media?.getUserMedia) {
    return { microphone: null, camera: null, trouble: { microphone: 'insecure', camera: 'insecure' } }
  }
  try {
    const both = await media.getUserMedia({ audio: AUDIO, video: VIDEO })
    return { microphone: both.getAudioTracks()[0] ?? null, camera: both.getVideoTracks()[0] ?? null, trouble: {} }
  } catch {
    const [audio, video] = await Promise.allSettled([
      media.getUserMedia({ audio: AUDIO }),
      media.getUserMedia({ video: VIDEO }),
    ])
    return {
      microphone: audio.status === 'fulfilled' ? (audio.value.getAudioTracks()[0] ?? null) : null,
      camera: video.status === 'fulfilled' ? (video.value.getVideoTracks()[0] ?? null) : null,
      trouble: {
        ...(audio.status === 'rejected' ? { microphone: troubleOf(audio.reason) } : {}),
        ...(video.status === 'rejected' ? { camera: troubleOf(video.reason) } : {}),
      },
    }
  }
}

export function closeDevices(devices: Devices | null): void {
  devices?.microphone?.stop()
  devices?.camera?.stop()
}
