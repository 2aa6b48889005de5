/**
 * The pages of one document while it is being taken: in order, each with its whole picture, its corners and its flat
 * sheet. Every change can be taken back. Nothing leaves the page before `file`.
 */
import { computed, onScopeDispose, shallowRef } from 'vue'
import { whole, type Quad } from './corners'
import { quarter } from './flatten'
import { ScanTable } from './table'

export interface ScanPage {
  id: string
  still: Blob
  still_url: string
  width: number
  height: number
  quad: Quad
  /** the corners were told by themselves, or by a hand */
  found: boolean
  /** quarters clockwise, after flattening */
  turns: number
  flat: Blob
  flat_url: string
  /** where it came from, when not from this place's camera: never taken twice */
  from: string | null
}

export type Scan = ReturnType<typeof useScan>

export const MOST_PAGES = 60
const STEPS_BACK = 50

export function useScan() {
  const pages = shallowRef<readonly ScanPage[]>([])
  const before = shallowRef<readonly (readonly ScanPage[])[]>([])
  const working = shallowRef(0)
  const failed = shallowRef(false)
  const urls = new Set<string>()
  const table = new ScanTable()
  let last = 0

  function shown(blob: Blob): string {
    const url = URL.createObjectURL(blob)
    urls.add(url)
    return url
  }

  function change(next: readonly ScanPage[]): void {
    before.value = [...before.value, pages.value].slice(-STEPS_BACK)
    pages.value = next
  }

  async function work<R>(what: () => Promise<R>): Promise<R | null> {
    working.value++
    failed.value = false
    try {
      return await what()
    } catch (reason) {
      if (!(reason instanceof DOMException && reason.name === 'AbortError')) failed.value = true
      return null
    } finally {
      working.value--
    }
  }

  /** Adds a page behind the others; null when the picture cannot be read. */
  function add(picture: ImageBitmap | Blob, from: string | null = null): Promise<ScanPage | null> {
    return work(async () => {
      const { still, width, height, quad } = await table.take(picture)
      const corners = quad ?? whole(width, height)
      const { flat } = await table.flatten(still, corners)
      const page: ScanPage = {
        id: `page-${++last}`,
        still,
        still_url: shown(still),
        width,
        height,
        quad: corners,
        found: quad !== null,
        turns: 0,
        flat,
        flat_url: shown(flat),
        from,
      }
      change([...pages.value, page])
      return page
    })
  }

  async function cut(id: string, quad: Quad, turns: number, found: boolean): Promise<void> {
    const page = pages.value.find((one) => one.id === id)
    if (!page) return
    await work(async () => {
      const { flat } = await table.flatten(page.still, quarter(quad, turns))
      const next = { ...page, quad, turns, found, flat, flat_url: shown(flat) }
      change(pages.value.map((one) => (one.id === id ? next : one)))
    })
  }

  /** Corners by hand. */
  function setCorners(id: string, quad: Quad): Promise<void> {
    return cut(id, quad, pages.value.find((one) => one.id === id)?.turns ?? 0, true)
  }

  function turn(id: string, by: 1 | -1): Promise<void> {
    const page = pages.value.find((one) => one.id === id)
    return page ? cut(id, page.quad, (page.turns + by + 4) % 4, page.found) : Promise.resolve()
  }

  function takeWhole(id: string): Promise<void> {
    const page = pages.value.find((one) => one.id === id)
    return page ? cut(id, whole(page.width, page.height), page.turns, true) : Promise.resolve()
  }

  function move(id: string, by: 1 | -1): void {
    const at = pages.value.findIndex((one) => one.id === id)
    const [page, other] = [pages.value[at], pages.value[at + by]]
    if (!page || !other) return
    const next = [...pages.value]
    next[at] = other
    next[at + by] = page
    change(next)
  }

  function remove(id: string): void {
    if (pages.value.some((one) => one.id === id)) change(pages.value.filter((one) => one.id !== id))
  }

  function undo(): void {
    const last_one = before.value.at(-1)
    if (!last_one) return
    before.value = before.value.slice(0, -1)
    pages.value = last_one
  }

  /** One page as a picture, several as one PDF; null when there is none or it failed. */
  function file(name: string): Promise<File | null> {
    return work(async () => {
      const [first] = pages.value
      if (!first) return null
      if (pages.value.length === 1) return new File([first.flat], `${name}.jpg`, { type: 'image/jpeg' })
      const pdf = await table.bind(pages.value.map((one) => one.flat))
      return new File([pdf], `${name}.pdf`, { type: 'application/pdf' })
    })
  }

  onScopeDispose(() => {
    table.close()
    for (const url of urls) URL.revokeObjectURL(url)
  })

  return {
    pages,
    working: computed(() => working.value > 0),
    failed,
    undoable: computed(() => before.value.length > 0),
    add,
    setCorners,
    turn,
    takeWhole,
    move,
    remove,
    undo,
    file,
  }
}
