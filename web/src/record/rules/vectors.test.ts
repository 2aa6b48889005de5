// @vitest-environment node
// @vitest-environment node
/**
 * The law of the record, on vectors that the server's tests write from real actions: for each audience, its snapshot
 * reduced by the events that it got is the snapshot that it would get now.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath, URL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { reduceCase, type CaseEvent } from './reducer'
import type { CaseSnapshot } from '../../wire/messages'

interface Vector {
  name: string
  subject: 'case' | 'call'
  audience: string
  snapshot: CaseSnapshot
  events: CaseEvent[]
  expected: CaseSnapshot
}

const folder = fileURLToPath(new URL('../../../../tests/vectors/', import.meta.url))
const vectors = (existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [])
  .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
  .flatMap((entry) => JSON.parse(readFileSync(folder + entry.name, 'utf8')) as Vector | Vector[])
  .filter((vector) => vector.subject === 'case')

describe('vectors of cases', () => {
  it('are there: the server’s tests write them first', () => {
    expect(vectors.length).toBeGreaterThan(0)
  })

  it.each(vectors.map((vector) => [`${vector.name} (${vector.audience})`, vector] as const))(
    '%s',
    (_, vector) => {
      expect(vector.events.reduce(reduceCase, vector.snapshot)).toEqual(vector.expected)
    },
  )
})
