/**
 * Small things that this browser keeps for one person over reloads: the place of a splitter, a text not yet sent.
 * Storage may be forbidden; then they last as long as the page. Never a record, never a right.
 */

const here = new Map<string, string>()

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`yunjian.${key}`) ?? here.get(key) ?? null
  } catch {
    return here.get(key) ?? null
  }
}

/** All that is kept under a name that begins so, with its name. */
export function recalled(start: string): [string, string][] {
  const names = new Set(here.keys())
  try {
    for (const name of Object.keys(localStorage))
      if (name.startsWith('yunjian.')) names.add(name.slice('yunjian.'.length))
  } catch {
    // kept in the page alone
  }
  return [...names]
    .filter((name) => name.startsWith(start))
    .map((name): [string, string] => [name, recall(name) ?? ''])
    .filter(([, text]) => text !== '')
}

/** Keeps `text` under `key`; null or nothing forgets it. */
export function remember(key: string, text: string | null): void {
  if (text) here.set(key, text)
  else here.delete(key)
  try {
    if (text) localStorage.setItem(`yunjian.${key}`, text)
    else localStorage.removeItem(`yunjian.${key}`)
  } catch {
    // kept in the page alone
  }
}
