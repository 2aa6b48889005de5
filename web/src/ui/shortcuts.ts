/**
 * The one catalogue of keys: handlers, hints on buttons and the help all read it.
 *
 * Keys with a modifier work everywhere; single keys are inert while someone is typing, and can be switched off.
 */
import { onBeforeUnmount, onMounted } from 'vue'

export interface Shortcut {
  key: string
  ctrl?: boolean
  shift?: boolean
  alt?: boolean
  /** how the key is written on a button and in the help */
  hint: string
}

export const shortcuts = {
  microphone: { key: 'd', ctrl: true, hint: 'Ctrl D' },
  camera: { key: 'e', ctrl: true, hint: 'Ctrl E' },
  call_keys: { key: 'F2', hint: 'F2' },
  next_step: { key: 'Enter', ctrl: true, hint: 'Ctrl ↵' },
  adopt: { key: 'a', alt: true, hint: 'Alt A' },
  help: { key: '/', ctrl: true, shift: true, hint: 'Ctrl Shift /' },
  review_accept: { key: '1', hint: '1' },
  review_return: { key: '2', hint: '2' },
  review_not_needed: { key: '3', hint: '3' },
} as const satisfies Record<string, Shortcut>

export type ShortcutName = keyof typeof shortcuts

/** Whether the event comes from a place where people type. */
export function typing(event: Event): boolean {
  const target = event.target
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !['radio', 'checkbox', 'button', 'submit', 'range', 'file'].includes(target.type)
}

export function matches(event: KeyboardEvent, shortcut: Shortcut): boolean {
  // with Shift a layout may report "?" for the key that carries "/"
  const key = event.key === '?' ? '/' : event.key
  return (
    key.toLowerCase() === shortcut.key.toLowerCase() &&
    (event.ctrlKey || event.metaKey) === Boolean(shortcut.ctrl) &&
    event.shiftKey === Boolean(shortcut.shift) &&
    event.altKey === Boolean(shortcut.alt)
  )
}

/** Runs the handlers while the component lives; an event that was handled goes no further. */
export function useShortcuts(handlers: Partial<Record<ShortcutName, () => void>>): void {
  function press(event: KeyboardEvent): void {
    if (event.repeat || event.isComposing) return
    for (const [name, handler] of Object.entries(handlers) as [ShortcutName, () => void][]) {
      const shortcut: Shortcut = shortcuts[name]
      const single = !shortcut.ctrl && !shortcut.alt && shortcut.key.length === 1
      if (matches(event, shortcut) && !(single && typing(event))) {
        event.preventDefault()
        handler()
        return
      }
    }
  }
  onMounted(() => window.addEventListener('keydown', press))
  onBeforeUnmount(() => window.removeEventListener('keydown', press))
}
