/**
 * A list that is read page by page, each page at the cursor that the one before gave. An answer to what is asked for no
 * more is not shown; what is shown stays where the next question fails.
 */
import { readonly, ref, shallowRef } from 'vue'
import { Problem } from './http'

export interface Page<T> {
  rows: readonly T[]
  /** where the next page begins; null: this is the last */
  next_cursor: string | null
}

/** The path of the page at this cursor, or of the first. */
export function atCursor(path: string, cursor: string | null): string {
  return cursor ? `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}` : path
}

export function usePaged<T>(ask: (cursor: string | null) => Promise<Page<T>>) {
  /** null before the first answer */
  const rows = shallowRef<readonly T[] | null>(null)
  /** whether another page follows */
  const more = ref(false)
  const problem = ref<Problem | null>(null)
  let next: string | null = null
  /** how many pages are shown, and how many the newest question asks for */
  let pages = 1
  let asked_pages = 1
  let newest = 0

  async function read(asked: () => Promise<Page<T>>): Promise<void> {
    const mine = (newest += 1)
    try {
      const told = await asked()
      if (mine !== newest) return
      rows.value = told.rows
      next = told.next_cursor
      more.value = next !== null
      pages = asked_pages
      problem.value = null
    } catch (reason) {
      if (mine !== newest) return
      // a page that did not come is not shown, and is not asked for by itself
      asked_pages = pages
      problem.value = Problem.of(reason)
    }
  }

  async function readAll(): Promise<Page<T>> {
    const found: T[] = []
    let cursor: string | null = null
    for (let page = 0; page < asked_pages && (page === 0 || cursor); page += 1) {
      const told: Page<T> = await ask(cursor)
      found.push(...told.rows)
      cursor = told.next_cursor
    }
    return { rows: found, next_cursor: cursor }
  }

  /** Asks anew for the first page alone. */
  function look(): Promise<void> {
    asked_pages = 1
    return read(readAll)
  }

  /** Adds the next page to those that are shown. */
  function further(): Promise<void> {
    return read(async () => {
      const told = await ask(next)
      return { rows: [...(rows.value ?? []), ...told.rows], next_cursor: told.next_cursor }
    })
  }

  /** Asks anew for as many pages as are shown, and for one after them where one is `wanted` too: rows may have moved. */
  function again(wanted = false): Promise<void> {
    if (wanted) asked_pages += 1
    return read(readAll)
  }

  return {
    rows: readonly(rows) as Readonly<typeof rows>,
    more: readonly(more),
    problem,
    look,
    further,
    again,
  }
}
