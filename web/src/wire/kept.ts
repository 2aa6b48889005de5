/**
 * What this browser keeps of unfinished uploads, so that a reload or another day loses nothing: where each stands on the
 * server, and the file itself as long as its person stays signed in here. Signing out takes the files away and leaves
 * the addresses. Where the browser keeps nothing (private windows, a full disk), the file is asked for again.
 */

export interface Kept {
  id: string
  person_id: string
  case_id: string
  line: string
  purpose: string
  answers: string | null
  /** which file of its line; of before lines took several there is none */
  slot?: number | null
  name: string
  type: string
  size_bytes: number
  last_modified: number
  /** where it stands on the server; null until the server has named it */
  url: string | null
  /** given up by its person, who could still undo that */
  cancelled: boolean
  paused: boolean
  at: number
  file: Blob | null
}

const NAME = 'yunjian.uploads'
const FILES = 'files'
/** A little longer than the server keeps an unfinished upload. */
const OLDEST_MS = 80 * 3_600_000

let opened: Promise<IDBDatabase | null> | null = null

function open(): Promise<IDBDatabase | null> {
  opened ??= new Promise((told) => {
    try {
      const asked = indexedDB.open(NAME, 1)
      asked.onupgradeneeded = () => asked.result.createObjectStore(FILES, { keyPath: 'id' })
      asked.onsuccess = () => told(asked.result)
      asked.onerror = () => told(null)
      asked.onblocked = () => told(null)
    } catch {
      // forbidden in this browser
      told(null)
    }
  })
  return opened
}

/** Runs one transaction; null when the browser keeps nothing or it did not succeed. */
async function within<T>(
  mode: IDBTransactionMode,
  act: (files: IDBObjectStore) => IDBRequest<T>,
): Promise<T | null> {
  const database = await open()
  if (!database) return null
  return new Promise((told) => {
    try {
      const transaction = database.transaction(FILES, mode)
      const asked = act(transaction.objectStore(FILES))
      transaction.oncomplete = () => told(asked.result)
      transaction.onabort = () => told(null)
      transaction.onerror = () => told(null)
    } catch {
      told(null)
    }
  })
}

/** Keeps an upload; without its file where that has no room. */
export async function keep(upload: Kept): Promise<void> {
  if ((await within('readwrite', (files) => files.put(upload))) === null && upload.file) {
    await within('readwrite', (files) => files.put({ ...upload, file: null }))
  }
}

export async function changeKept(id: string, over: Partial<Kept>): Promise<void> {
  const held = await within<Kept | undefined>(
    'readonly',
    (files) => files.get(id) as IDBRequest<Kept | undefined>,
  )
  if (held) await keep({ ...held, ...over })
}

export async function dropKept(id: string): Promise<void> {
  await within('readwrite', (files) => files.delete(id))
}

/** The unfinished uploads of a person in a case, oldest first. Those that the server no longer has are dropped. */
export async function keptOf(person_id: string, case_id: string): Promise<Kept[]> {
  const all = (await within<Kept[]>('readonly', (files) => files.getAll() as IDBRequest<Kept[]>)) ?? []
  for (const old of all.filter((one) => Date.now() - one.at > OLDEST_MS)) void dropKept(old.id)
  return all
    .filter(
      (one) => one.person_id === person_id && one.case_id === case_id && Date.now() - one.at <= OLDEST_MS,
    )
    .sort((a, b) => a.at - b.at)
}

/** Takes all files out of this browser; where their uploads stand is still known. */
export async function forgetFiles(): Promise<void> {
  const all = (await within<Kept[]>('readonly', (files) => files.getAll() as IDBRequest<Kept[]>)) ?? []
  for (const one of all.filter((held) => held.file)) await keep({ ...one, file: null })
}
