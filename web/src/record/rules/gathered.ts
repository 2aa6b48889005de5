/**
 * Several files at once, or a folder: gathered from a drop or a picker, and put beside the lines of the list that their
 * names speak of. Where a name speaks of none, a person decides. Reads folders; sends nothing.
 */
import { OTHER, type Line } from './lines'

/** Of one drop: more is a mistake, and would only be refused one by one. */
export const AT_MOST = 200

export interface Gathered {
  file: File
  /** folder and name, as it was dropped */
  path: string
  line: string
  /** its name, or that of its folder, speaks of that line */
  by_name: boolean
}

/** What lies in a drop: files, and all files of its folders, without the hidden ones that systems leave there. */
export async function filesOf(transfer: DataTransfer | null): Promise<{ file: File; path: string }[]> {
  // the list is empty again as soon as somebody else has a turn
  const entries = [...(transfer?.items ?? [])].map((item) => item.webkitGetAsEntry())
  const plain = [...(transfer?.files ?? [])]
  if (!entries.some((entry) => entry?.isDirectory)) return plain.map((file) => ({ file, path: file.name }))
  const found: { file: File; path: string }[] = []
  for (const entry of entries) if (entry) await walk(entry, entry.name, found)
  return found
}

async function walk(
  entry: FileSystemEntry,
  path: string,
  found: { file: File; path: string }[],
): Promise<void> {
  if (found.length >= AT_MOST || hidden(entry.name)) return
  if (entry.isFile) {
    const file = await new Promise<File | null>((told) =>
      (entry as FileSystemFileEntry).file(told, () => told(null)),
    )
    if (file) found.push({ file, path })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // a folder is told in portions, until an empty one
    const some = await new Promise<FileSystemEntry[]>((told) => reader.readEntries(told, () => told([])))
    if (!some.length) return
    for (const one of some) await walk(one, `${path}/${one.name}`, found)
  }
}

/** What a picker gave, of a folder with its path. */
export function picked(files: FileList | null | undefined): { file: File; path: string }[] {
  return [...(files ?? [])]
    .filter((file) => !hidden(file.name))
    .slice(0, AT_MOST)
    .map((file) => ({ file, path: file.webkitRelativePath || file.name }))
}

function hidden(name: string): boolean {
  return name.startsWith('.') || name === 'Thumbs.db' || name === 'desktop.ini'
}

const bare = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_\-—–·.、，,()（）《》"“”]+/g, '')

const COMMON = /复印件|扫描件|原件/g
const ENOUGH = 3

/** How many characters of Chinese stand together in both, the longest such run. */
function alike(one: string, other: string): number {
  let most = 0
  let before: number[] = []
  for (const letter of one) {
    const now = Array.from(other, (each, at) =>
      each === letter && /\p{Script=Han}/u.test(letter) ? (before[at - 1] ?? 0) + 1 : 0,
    )
    most = Math.max(most, ...now)
    before = now
  }
  return most
}

/**
 * The one line whose name has more in common with `told` than every other; null where none has enough, or two
 * have as much.
 */
function nearest(told: string, names: readonly { key: string; name: string }[]): string | null {
  const near = names
    .map(({ key, name }) => ({ key, much: alike(told.replace(COMMON, ''), name.replace(COMMON, '')) }))
    .sort((a, b) => b.much - a.much)
  const [best, next] = near
  return best && best.much >= ENOUGH && best.much > (next?.much ?? 0) ? best.key : null
}

/**
 * Each file beside the line whose name its own name or folder holds, the longest such name; the others beside the line that
 * their names come nearest to (营业执照.jpg: 营业执照正、副本). Such a near one once; `dropped_on` takes those that speak of none.
 */
export function sorted(
  files: readonly { file: File; path: string }[],
  lines: readonly Line[],
  dropped_on: string | null,
): Gathered[] {
  const names = lines
    .map((one) => ({ key: one.line.key, name: bare(one.line.name) }))
    .sort((a, b) => b.name.length - a.name.length)
  const taken = new Set<string>()
  const take = (line: string | null): string | null => {
    if (!line || taken.has(line)) return null
    taken.add(line)
    return line
  }
  const named = (line: string | null): string | null => {
    if (line) taken.add(line)
    return line
  }
  const placed = files
    .map(({ file, path }) => ({
      file,
      path,
      line: named(names.find(({ name }) => name.length > 1 && bare(path).includes(name))?.key ?? null),
    }))
    .map((one) => (one.line ? one : { ...one, line: take(nearest(bare(one.path), names)) }))
  return placed.map((one) => ({ ...one, line: one.line ?? dropped_on ?? OTHER, by_name: one.line !== null }))
}
