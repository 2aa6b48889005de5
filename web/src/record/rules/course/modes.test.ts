// @vitest-environment node
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { HANDLING } from './modes'

it('is the table of the server, whose tests write it', () => {
  const file = resolve(import.meta.dirname, '../../../../../tests/vectors/modes.json')
  expect(HANDLING).toEqual((JSON.parse(readFileSync(file, 'utf8')) as { table: unknown }[])[0]?.table)
})
