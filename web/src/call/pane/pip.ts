/**
 * The call in a window of its own above all others (Document Picture-in-Picture), or, where a browser lacks that, the
 * one picture that matters most (video picture-in-picture, with the browser's own keys): what the other side shows,
 * else its face. That picture is an element of its own whose stream changes, because the browser ends it with its
 * element, and a page that shows and hides papers removes theirs.
 *
 * A browser opens it on a click, and by itself when the tab is left while camera or microphone are in use: then it
 * asks the media session (`enterpictureinpicture`). What opened by itself closes when the tab is back.
 */
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

interface DocumentPip extends EventTarget {
  requestWindow(options?: {
    width?: number
    height?: number
    preferInitialWindowPlacement?: boolean
  }): Promise<Window>
  readonly window: Window | null
}

export interface Controls {
  /** whether there is a call to show */
  live: () => boolean
  muted: () => { microphone: boolean; camera: boolean }
  microphone: () => void
  camera: () => void
  hang_up: () => void
  /** the picture that matters most now, for browsers that show one alone */
  picture: () => MediaStream | null
}

const WIDTH = 360
const HEIGHT = 320

function documentPip(): DocumentPip | null {
  return (window as unknown as { documentPictureInPicture?: DocumentPip }).documentPictureInPicture ?? null
}

/** The styles of this page, so that what is moved into the other window looks as it does here. */
function dress(other: Window): void {
  for (const node of document.querySelectorAll('style, link[rel="stylesheet"]'))
    other.document.head.append(other.document.importNode(node, true))
  other.document.documentElement.lang = document.documentElement.lang
  other.document.title = document.title
}

export function usePictureInPicture(controls: Controls): {
  supported: boolean
  /** the window to draw into; null while there is none */
  body: Ref<HTMLElement | null>
  shown: Ref<boolean>
  toggle: () => Promise<void>
  close: () => void
} {
  const body = shallowRef<HTMLElement | null>(null)
  const shown = ref(false)
  const supported = documentPip() !== null || document.pictureInPictureEnabled
  let by_itself = false
  /** the one picture, where there is no window to draw into; it is mute, for the page makes the sound */
  let single: HTMLVideoElement | null = null

  function left(): void {
    body.value = null
    shown.value = false
    by_itself = false
    if (single) single.srcObject = null
    single?.remove()
    single = null
  }

  async function openPicture(stream: MediaStream): Promise<void> {
    const video = document.createElement('video')
    Object.assign(video, {
      muted: true,
      playsInline: true,
      srcObject: stream,
      className: 'visually-hidden',
      ariaHidden: 'true',
    })
    video.dataset['pipPicture'] = ''
    single = video
    document.body.append(video)
    await video.play()
    // the call may end meanwhile, and its picture with it
    if (single !== video) return
    await video.requestPictureInPicture()
    if (single !== video) return
    video.addEventListener('leavepictureinpicture', left, { once: true })
    shown.value = true
  }

  async function open(): Promise<void> {
    const api = documentPip()
    if (api) {
      const other = await api.requestWindow({ width: WIDTH, height: HEIGHT })
      dress(other)
      other.addEventListener('pagehide', left, { once: true })
      body.value = other.document.body
      shown.value = true
      return
    }
    const stream = controls.picture()
    if (stream && !single) await openPicture(stream)
  }

  function close(): void {
    documentPip()?.window?.close()
    if (document.pictureInPictureElement) void document.exitPictureInPicture().catch(() => undefined)
    left()
  }

  /** A browser may refuse: no click, or a policy; then the call stays where it is. */
  async function toggle(): Promise<void> {
    if (shown.value) close()
    else await open().catch(left)
  }

  async function openByItself(): Promise<void> {
    if (shown.value || !controls.live()) return
    await open().catch(left)
    by_itself = shown.value
  }

  function back(): void {
    if (document.visibilityState === 'visible' && by_itself) close()
  }

  const session = 'mediaSession' in navigator ? navigator.mediaSession : null
  const ACTIONS: readonly [string, () => void][] = [
    ['enterpictureinpicture', () => void openByItself()],
    ['togglemicrophone', controls.microphone],
    ['togglecamera', controls.camera],
    ['hangup', controls.hang_up],
  ]
  function handle(on: boolean): void {
    for (const [action, does] of ACTIONS) {
      try {
        session?.setActionHandler(action as MediaSessionAction, on ? does : null)
      } catch {
        // a browser that does not know the action has no key for it
      }
    }
  }

  watch(
    controls.live,
    (on) => {
      handle(on)
      if (!on) close()
    },
    { immediate: true },
  )
  watch(
    controls.muted,
    (now) => {
      const told = session as unknown as {
        setMicrophoneActive?: (on: boolean) => void
        setCameraActive?: (on: boolean) => void
      } | null
      told?.setMicrophoneActive?.(!now.microphone)
      told?.setCameraActive?.(!now.camera)
    },
    { deep: true, immediate: true },
  )
  watch(controls.picture, (now) => {
    if (!single || single.srcObject === now) return
    single.srcObject = now
    if (now) void single.play().catch(() => undefined)
  })
  document.addEventListener('visibilitychange', back)
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', back)
    handle(false)
    close()
  })

  return { supported, body, shown, toggle, close }
}
