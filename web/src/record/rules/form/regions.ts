/** The regions of today (GB/T 2260), asked for once when a form has a field for one. */
import { shallowRef } from 'vue'
import { http } from '../../../wire/http'
import type { RegionView as Region, Regions } from '../../../wire/messages'

/** Headings of the table that are no place; they are not read aloud in a name. */
const FILLERS = new Set(['市辖区', '县', '省直辖县级行政单位', '自治区直辖县级行政单位'])

const table = shallowRef<ReadonlyMap<string, Region> | null>(null)
const below = shallowRef<ReadonlyMap<string, readonly Region[]>>(new Map())
let asked: Promise<void> | null = null

/** Brings the table; a failed try may be made again. */
export function loadRegions(): Promise<void> {
  asked ??= http
    .get<Regions>('/regions')
    .then(({ regions }) => {
      const found = new Map(regions.map((one) => [one.code, one]))
      const inside = new Map<string, Region[]>()
      for (const one of found.values()) inside.set(one.parent, [...(inside.get(one.parent) ?? []), one])
      below.value = inside
      table.value = found
    })
    .catch((reason: unknown) => {
      asked = null
      throw reason
    })
  return asked
}

/** What lies directly in a region; the provinces in ''. */
export function regionsIn(code: string): readonly Region[] {
  return below.value.get(code) ?? []
}

/** From the province down to the region itself. */
export function regionPath(code: string): Region[] {
  const path: Region[] = []
  for (let one = table.value?.get(code); one; one = table.value?.get(one.parent)) path.unshift(one)
  return path
}

/** 四川省 广安市 广安区; the code itself where it is not known (yet). */
export function regionName(code: string): string {
  const path = regionPath(code)
  return (
    path
      .filter((one, index) => !FILLERS.has(one.name) || index === path.length - 1)
      .map((one) => one.name)
      .join(' ') || code
  )
}
