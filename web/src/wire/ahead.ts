/**
 * Fetches the files of pages that will be wanted while nothing else goes on: one after another, last in the browser's
 * order, into its cache, where the page finds them. Nothing is run. Stops at once when the line is wanted for something
 * else, above all for a call; fetches nothing of its own accord where a person spares data. The build says which files
 * a part has (`ahead.json`); where there is no build there is nothing to fetch.
 */

/** What is fetched: two pages, and what shows documents. */
export type PagePart = 'window_case' | 'approver_case' | 'document'
type Files = Record<PagePart, string[]>

interface Work {
  /** the file that is coming */
  url: string | null
  /** after this file no other is begun */
  last: boolean
  off: AbortController
  over: Promise<void>
}

const REST_WITHIN_MS = 2_000

let named: Promise<Files | null> | null = null
let files: Files | null = null
const here = new Set<string>()
let under_way: Work | null = null

function whatThereIs(): Promise<Files | null> {
  named ??= fetch('/ahead.json', { priority: 'low' })
    .then(async (answer) => (answer.ok ? (files = (await answer.json()) as Files) : null))
    .catch(() => {
      named = null
      return null
    })
  return named
}

function atRest(): Promise<void> {
  return new Promise((done) => {
    // Safari has none
    if ('requestIdleCallback' in window) requestIdleCallback(() => done(), { timeout: REST_WITHIN_MS })
    else setTimeout(done, 0)
  })
}

async function fetchAll(parts: readonly PagePart[], work: Work): Promise<void> {
  await atRest()
  if (work.off.signal.aborted) return
  const known = await whatThereIs()
  if (!known) return
  for (const url of new Set(parts.flatMap((part) => known[part]))) {
    if (work.off.signal.aborted || work.last) return
    if (here.has(url)) continue
    work.url = url
    const answer = await fetch(url, { priority: 'low', signal: work.off.signal })
    // what is not read to its end is not kept
    await answer.arrayBuffer()
    if (!answer.ok) return
    here.add(url)
  }
}

/** Begins with these parts, in this order, when the page rests; replaces what was being fetched. */
export function fetchAhead(...which: PagePart[]): void {
  if ((navigator as { connection?: { saveData?: boolean } }).connection?.saveData) return
  stopFetching()
  const now: Work = { url: null, last: false, off: new AbortController(), over: Promise.resolve() }
  under_way = now
  now.over = fetchAll(which, now)
    // a file that did not come is fetched when its page is opened
    .catch(() => undefined)
    .finally(() => {
      if (under_way === now) under_way = null
    })
}

/** Leaves the line to others; a file of `but` that is half here may come, for who opens that page waits for it. */
export function stopFetching(but?: PagePart): void {
  const now = under_way
  under_way = null
  if (!now) return
  if (but && now.url !== null && files?.[but].includes(now.url)) now.last = true
  else now.off.abort()
}

/** Resolves when everything that was begun is here, at the latest after so many milliseconds. */
export async function fetched(within_ms: number): Promise<void> {
  const now = under_way
  if (now) await Promise.race([now.over, new Promise((over) => setTimeout(over, within_ms))])
}
