/**
 * The focus never falls to the page: when what had it is taken away, hidden or disabled, it goes to the next control of
 * the same part, then to the one before, then outwards, and at last to the work itself. Whoever knows a better place moves
 * it there; this only looks when nobody did.
 */
import { typable } from './shortcuts'

const CONTROLS =
  'a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex]:not([tabindex="-1"])'
const PARTS =
  'li, form, section, nav, aside, fieldset, ul, dialog, [role="dialog"], [role="alertdialog"], [role="group"], main'
const LOOKED_AFTER_MS = 60
/** what a person does; a button that he pressed may be where it fell */
const ACTS = ['keydown', 'pointerdown'] as const

interface FocusPlace {
  element: HTMLElement
  /** from the innermost part outwards: its controls, and which of them had the focus */
  parts: { controls: HTMLElement[]; at: number }[]
}

/** where the focus fell last, until the person does anything */
let fallen: Element | null = null

/** Whether nobody has said where the focus belongs: it lies on the page, on the work as a whole, or where it only fell. */
export function unclaimed(): boolean {
  const { activeElement } = document
  return (
    !activeElement ||
    activeElement === document.body ||
    activeElement.id === 'work' ||
    activeElement === fallen
  )
}

/** The focus goes to the first of these that the page has. */
export function focusOn(...selectors: string[]): void {
  const found = selectors.map((one) => document.querySelector<HTMLElement>(one)).find((one) => one !== null)
  found?.focus()
}

function usable(element: HTMLElement): boolean {
  return (
    element.isConnected &&
    element.matches(CONTROLS) &&
    element.checkVisibility({ visibilityProperty: true }) &&
    !element.closest('[inert]')
  )
}

function placeOf(element: HTMLElement): FocusPlace {
  const parts: FocusPlace['parts'] = []
  for (
    let part = element.parentElement?.closest<HTMLElement>(PARTS);
    part;
    part = part.parentElement?.closest<HTMLElement>(PARTS)
  ) {
    const controls = [...part.querySelectorAll<HTMLElement>(CONTROLS)]
    parts.push({ controls, at: controls.indexOf(element) })
  }
  return { element, parts }
}

/**
 * Where one key would choose something, or take back what the applicant gave: the focus must not fall there, nobody has
 * looked at it.
 */
const CHOOSES = 'select, input[type="radio"], input[type="checkbox"], [data-consent="withdraw"]'

/**
 * Nor into a box for a message or a comment, where the key of the next step means that box; an entry of the
 * form is one's place.
 */
function safe(element: HTMLElement): boolean {
  return (
    usable(element) &&
    !element.matches(CHOOSES) &&
    (!typable(element) || element.closest('[data-entry]') !== null)
  )
}

/** The control that comes nearest to where the focus was; null when none of its parts has one left. */
function nearest({ parts }: FocusPlace): HTMLElement | null {
  for (const { controls, at } of parts) {
    const next = controls.slice(at + 1).find(safe) ?? controls.slice(0, Math.max(at, 0)).reverse().find(safe)
    if (next) return next
  }
  return null
}

/** Watches over the focus until the returned function is called. */
export function keepFocus(): () => void {
  let place: FocusPlace | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  const acted = (): void => void (fallen = null)

  function took(event: FocusEvent): void {
    if (event.target !== fallen) fallen = null
    if (event.target instanceof HTMLElement && event.target !== document.body) place = placeOf(event.target)
  }

  function look(): void {
    if (timer !== undefined || !place || document.activeElement !== document.body) return
    timer = setTimeout(() => {
      timer = undefined
      // a person who pressed beside everything wanted no focus
      if (!place || document.activeElement !== document.body || !document.hasFocus() || usable(place.element))
        return
      const next = nearest(place) ?? document.getElementById('work')
      fallen = next
      next?.focus({ preventScroll: next.id === 'work' })
    }, LOOKED_AFTER_MS)
  }

  const watching = new MutationObserver(look)
  watching.observe(document.body, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ['disabled', 'hidden', 'style', 'inert'],
  })
  document.addEventListener('focusin', took)
  document.addEventListener('focusout', look)
  for (const act of ACTS) document.addEventListener(act, acted, true)
  return () => {
    clearTimeout(timer)
    watching.disconnect()
    document.removeEventListener('focusin', took)
    document.removeEventListener('focusout', look)
    for (const act of ACTS) document.removeEventListener(act, acted, true)
  }
}
