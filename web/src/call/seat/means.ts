/**
 * What a seat uses of the browser: time, devices, connections. It is given to it, so that a test can give it others;
 * `browserMeans` are the real ones.
 */
import { serverNow } from '../../rules/clock'
import { openDevices, openOne, type DeviceKind, type Devices, type Opened } from './devices'
import { findDocumentCamera, openDocumentCamera } from './documentCamera'
import { Ear } from './ear'
import { SeatMedia } from './media'

/** Ends what was begun. */
export type Stop = () => void

export interface Ticking {
  /** milliseconds from some moment on; never goes back */
  now: () => number
  /** the server's time, in milliseconds since 1970 */
  server: () => number
  after: (ms: number, then: () => void) => Stop
  every: (ms: number, then: () => void) => Stop
}

export interface DevicePlace {
  /** camera and microphone, asked for together */
  both: () => Promise<Devices>
  one: (kind: DeviceKind) => Promise<Opened>
  /** the document camera, which is not the one that shows this face; null when there is none */
  paper: (face: MediaStreamTrack | null) => Promise<MediaStreamTrack | null>
  /** one window or screen that the person chooses; null when he chooses none */
  screen: () => Promise<MediaStreamTrack | null>
  /** how loud a microphone is, again and again */
  listen: (microphone: MediaStreamTrack, hear: (peak: number) => void) => Stop
  /** calls when a device was plugged in or pulled out */
  onPlugged: (then: () => void) => Stop
}

/** One connection to the worker. */
export type Peer = Pick<SeatMedia, keyof SeatMedia>

export interface Means {
  time: Ticking
  place: DevicePlace
  connect: (...given: ConstructorParameters<typeof SeatMedia>) => Peer
  /** calls when this computer has another network */
  onMoved: (then: () => void) => Stop
}

async function chosenScreen(): Promise<MediaStreamTrack | null> {
  const [track] = await navigator.mediaDevices
    .getDisplayMedia({
      video: { displaySurface: 'window', frameRate: { ideal: 10, max: 15 } },
      audio: false,
    })
    .then(
      (stream) => stream.getVideoTracks(),
      () => [],
    )
  if (track) track.contentHint = 'detail'
  return track ?? null
}

function on(target: EventTarget | undefined, event: string, then: () => void): Stop {
  target?.addEventListener(event, then)
  return () => target?.removeEventListener(event, then)
}

export const browserMeans: Means = {
  time: {
    now: () => performance.now(),
    server: serverNow,
    after: (ms, then) => {
      const timer = setTimeout(then, ms)
      return () => clearTimeout(timer)
    },
    every: (ms, then) => {
      const timer = setInterval(then, ms)
      return () => clearInterval(timer)
    },
  },
  place: {
    both: openDevices,
    one: (kind) => openOne(kind),
    paper: async (face) => (await openDocumentCamera(await findDocumentCamera(face))).track,
    screen: chosenScreen,
    listen: (microphone, hear) => {
      const ear = new Ear(microphone, hear)
      return () => ear.close()
    },
    onPlugged: (then) => on(navigator.mediaDevices, 'devicechange', then),
  },
  connect: (...given) => new SeatMedia(...given),
  onMoved: (then) => on(window, 'online', then),
}
