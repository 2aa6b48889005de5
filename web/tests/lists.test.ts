// @vitest-environment node
/** That each list folds on a narrow screen, and that each of its cells then says what it is. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const src = resolve(import.meta.dirname, '../src')
/** what a cell may be without the name of its column: what is pressed, what heads the card, what a sentence stands in */
const BARE = /class="(end|named|small)"/
const lists = (readdirSync(src, { recursive: true }) as string[])
  .filter((path) => path.endsWith('.vue'))
  .flatMap((path) => {
    const tables = readFileSync(join(src, path), 'utf8').match(/<table\b[\s\S]*?<\/table>/g) ?? []
    return tables.filter((table) => table.includes('list-table')).map((table) => ({ path, table }))
  })

it.each(lists)('$path folds, and its cells are named', ({ table }) => {
  expect(table).toMatch(/class="list-table folds\b/)
  const cells = table.match(/<td\b[^>]*>/g) ?? []
  expect(cells.filter((cell) => !/data-name=/.test(cell) && !BARE.test(cell))).toEqual([])
})
