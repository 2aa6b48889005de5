/**
 * A card that stands above the dialogs of the page (a ring, a question before an act). An open dialog keeps the keyboard
 * to itself; as long as such a card stands it does not, or nobody could reach the card without a mouse.
 */
import { focusableStack } from 'element-plus/es/components/focus-trap/index'
import { onBeforeUnmount, watch } from 'vue'
import { useLayer, type Layer } from './layers'

export function standAbove(as: Layer, stands: () => boolean): void {
  const layer = { paused: false, pause: (): void => undefined, resume: (): void => undefined }
  const stand = useLayer(as)
  function put(now: boolean): void {
    if (now) focusableStack.push(layer)
    else focusableStack.remove(layer)
    stand(now)
  }
  watch(stands, put, { immediate: true, flush: 'sync' })
  onBeforeUnmount(() => put(false))
}
