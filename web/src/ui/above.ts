/**
 * A card that stands above the dialogs of the page (a ring, a question before an act). An open dialog keeps the keyboard
 * to itself; as long as such a card stands it does not, or nobody could reach the card without a mouse.
 */
import { focusableStack } from 'element-plus/es/components/focus-trap/index'
import { onBeforeUnmount, watch } from 'vue'

export function standAbove(stands: () => boolean): void {
  const layer = { paused: false, pause: (): void => undefined, resume: (): void => undefined }
  watch(stands, (now) => (now ? focusableStack.push(layer) : focusableStack.remove(layer)), { immediate: true, flush: 'sync' })
  onBeforeUnmount(() => focusableStack.remove(layer))
}
