/**
 * The one catalogue of keys: handlers, hints on buttons and the help all read it.
 *
 * Keys with a modifier work everywhere; single keys are inert while someone is typing, and can be switched off.
 */
import { onBeforeUnmount, onMounted, ref, shallowReactive } from 'vue'
import { recall, remember } from './remembered'

export interface Shortcut {
  key: string
  ctrl?: boolean
  shift?: boolean
  alt?: boolean
  /** inert where the key has a meaning already: on buttons, links, lists */
  free?: boolean
  /** inert while someone types, where the key means the text */
  idle?: boolean
  /** how the key is written on a button and in the help */
  hint: string
}

export const shortcuts = {
  microphone: { key: 'd', ctrl: true, hint: 'Ctrl D' },
  camera: { key: 'e', ctrl: true, hint: 'Ctrl E' },
  talk: { key: 'v', hint: 'V' },
  call_keys: { key: 'F2', hint: 'F2' },
  next_step: { key: 'Enter', ctrl: true, hint: 'Ctrl ↵' },
  adopt: { key: 'a', alt: true, hint: 'Alt A' },
  propose: { key: 's', alt: true, hint: 'Alt S' },
  comment: { key: 'c', alt: true, hint: 'Alt C' },
  next_field: { key: 'n', alt: true, hint: 'Alt N' },
  messages: { key: 'm', ctrl: true, shift: true, hint: 'Ctrl Shift M' },
  phrases: { key: 'p', alt: true, hint: 'Alt P' },
  guide: { key: 'g', alt: true, hint: 'Alt G' },
  help: { key: '/', ctrl: true, shift: true, hint: 'Ctrl Shift /' },
  review_accept: { key: '1', hint: '1' },
  review_return: { key: '2', hint: '2' },
  review_not_needed: { key: '3', hint: '3' },
  review_undo: { key: 'z', ctrl: true, idle: true, hint: 'Ctrl Z' },
  replay_play: { key: ' ', free: true, hint: '␣' },
  replay_previous: { key: 'j', hint: 'J' },
  replay_next: { key: 'l', hint: 'L' },
  replay_bookmark: { key: 'b', hint: 'B' },
  replay_faster: { key: '=', hint: '+' },
  replay_slower: { key: '-', hint: '−' },
} as const satisfies Record<string, Shortcut>

export type ShortcutName = keyof typeof shortcuts

/** Whether the event comes from a place where people type. */
export function typing(event: Event): boolean {
  return typable(event.target)
}

export function typable(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return true
  return (
    target instanceof HTMLInputElement &&
    !['radio', 'checkbox', 'button', 'submit', 'range', 'file'].includes(target.type)
  )
}

/** Whether the event comes from something that takes Space itself. */
function taken(event: Event): boolean {
  return (
    event.target instanceof Element &&
    event.target.closest('button, a, select, input, summary, video, [role="tab"], [role="option"]') !== null
  )
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

/** Whether keys without a modifier do anything; a person may switch them off. */
export const single_keys = ref(recall('single_keys') !== 'off')

export function switchSingleKeys(on: boolean): void {
  single_keys.value = on
  remember('single_keys', on ? null : 'off')
}

export function single(shortcut: Shortcut): boolean {
  return !shortcut.ctrl && !shortcut.alt && shortcut.key.length === 1
}

/**
 * Whether something on the page waits for an answer of its own: a question before an act, or a dialog over the page.
 * A key that means the page below must never give that answer, nor act on what the dialog covers.
 */
export function underQuestion(): boolean {
  if (document.querySelector('[data-act-question]')) return true
  if ([...document.querySelectorAll('[aria-modal="true"]')].some((one) => one.getClientRects().length > 0))
    return true
  // while it rings a key may be meant for the ring, unless its person is at work below it
  return document.querySelector('[data-ring-card]') !== null && !document.activeElement?.closest('#work')
}

/** Milliseconds for which the key of the next step does nothing again on a page: what it has opened is not yet read. */
const TWICE_MS = 700

/**
 * What the key of the next step presses in a box where a person writes: what sends that box, and never the step of the
 * page, which may be a decision. `undefined` where he writes nothing, or fills in a form that the step goes on from
 * (`data-entry`); `null` where the box has done it itself or has nothing to send.
 */
function sendsOf(event: KeyboardEvent): HTMLElement | null | undefined {
  if (!typing(event) || !(event.target instanceof Element) || event.target.closest('[data-entry]'))
    return undefined
  const form = event.defaultPrevented ? null : event.target.closest('form')
  const sends =
    form?.querySelector<HTMLElement>('[data-filled]') ?? form?.querySelector<HTMLElement>('[type="submit"]')
  return sends?.matches(':not(:disabled, [aria-disabled="true"])') ? sends : null
}

/**
 * Takes a step for its key: presses it, but only leads to what decides about a case or turns its clock
 * (`data-decides`), so that no key that was pressed once too often does what cannot be taken back.
 */
export function takeStep(step: HTMLElement | null | undefined): void {
  if (step?.hasAttribute('data-decides')) step.focus()
  else step?.click()
}

/** Acts of the page, by their keys. They rest while a question stands; those of the call go on. */
function ofPage(name: ShortcutName): boolean {
  return name === 'next_step' || name === 'review_undo' || (name !== 'talk' && single(shortcuts[name]))
}

/** How many parts of the page listen to each key now: what the help lists. */
const heard = shallowReactive(new Map<ShortcutName, number>())

/** The keys that do something on this page, in the order of the catalogue. */
export function working(): ShortcutName[] {
  return (Object.keys(shortcuts) as ShortcutName[]).filter((name) => heard.get(name))
}

/** A key that works for as long as it is held down. */
export interface HeldKey {
  down: () => void
  up: () => void
}

/** Runs the handlers while the component lives; an event that was handled goes no further. */
export function useShortcuts(handlers: Partial<Record<ShortcutName, (() => void) | HeldKey>>): void {
  const names = Object.keys(handlers) as ShortcutName[]
  const down = new Map<string, HeldKey>()
  let stepped = -Infinity

  function tooSoon(): boolean {
    const soon = performance.now() - stepped < TWICE_MS
    if (!soon) stepped = performance.now()
    return soon
  }

  function press(event: KeyboardEvent): void {
    if (event.repeat || event.isComposing) {
      if (down.has(event.key.toLowerCase())) event.preventDefault()
      return
    }
    for (const name of names) {
      const shortcut: Shortcut = shortcuts[name]
      const handler = handlers[name]
      if (
        !handler ||
        !matches(event, shortcut) ||
        (single(shortcut) && (!single_keys.value || typing(event))) ||
        (shortcut.idle && typing(event)) ||
        (shortcut.free && taken(event))
      )
        continue
      const sends = name === 'next_step' ? sendsOf(event) : undefined
      event.preventDefault()
      if (sends === null) stepped = performance.now()
      if (sends === null || (ofPage(name) && underQuestion())) return
      if (name === 'next_step' && tooSoon()) return
      if (sends) return takeStep(sends)
      if (typeof handler === 'function') handler()
      else {
        down.set(shortcut.key.toLowerCase(), handler)
        handler.down()
      }
      return
    }
  }

  function release(event: KeyboardEvent): void {
    const handler = down.get(event.key.toLowerCase())
    if (!handler) return
    down.delete(event.key.toLowerCase())
    handler.up()
  }

  // a page that loses the keyboard never hears the key come up
  function releaseAll(): void {
    for (const handler of down.values()) handler.up()
    down.clear()
  }

  onMounted(() => {
    window.addEventListener('keydown', press)
    window.addEventListener('keyup', release)
    window.addEventListener('blur', releaseAll)
    for (const name of names) heard.set(name, (heard.get(name) ?? 0) + 1)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('keydown', press)
    window.removeEventListener('keyup', release)
    window.removeEventListener('blur', releaseAll)
    releaseAll()
    for (const name of names) heard.set(name, (heard.get(name) ?? 1) - 1)
  })
}
