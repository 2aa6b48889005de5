/**
 * The call in a window of its own above all others (Document Picture-in-Picture), or, where a browser lacks that, the
 * one picture that matters most (video picture-in-picture, with the browser's own keys).
 *
 * A browser opens it on a click, and by itself when the tab is left while camera or microphone are in use: then it
 * asks the media session (`enterpictureinpicture`). What opened by itself closes when the tab is back.
 */
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

interface DocumentPip extends EventTarget {
  requestWindow(options?: { width?: number; height?: number; preferInitialWindowPlacement?: boolean }): Promise<Window>
  readonly window: Window | null
}

export interface Controls {
  /** whether there is a call to show */
  live: () => boolean
  muted: () => { microphone: boolean; camera: boolean }
  microphone: () => void
  camera: () => void
  hang_up: () => void
  /** the video element of the picture that matters most, for browsers that show one alone */
  picture: () => HTMLVideoElement | null
}

const WIDTH = 360
const HEIGHT = 320

function documentPip(): DocumentPip | null {
  return (window as unknown as { documentPictureInPicture?: DocumentPip }).documentPictureInPicture ?? null
}

/** The styles of this page, so that what is moved into the other window looks as it does here. */
function dress(other: Window): void {
  for (const node of document.querySelectorAll('style, link[rel="stylesheet"]')) other.document.head.append(other.document.importNode(node, true))
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

  function left(): void {
    body.value = null
    shown.value = false
    by_itself = false
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
    const video = controls.picture()
    if (!video) return
    await video.requestPictureInPicture()
    video.addEventListener('leavepictureinpicture', left, { once: true })
    shown.value = true
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
      const told = session as unknown as { setMicrophoneActive?: (on: boolean) => void; setCameraActive?: (on: boolean) => void } | null
      told?.setMicrophoneActive?.(!now.microphone)
      told?.setCameraActive?.(!now.camera)
    },
    { deep: true, immediate: true },
  )
  document.addEventListener('visibilitychange', back)
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', back)
    handle(false)
    close()
  })

  return { supported, body, shown, toggle, close }
}
