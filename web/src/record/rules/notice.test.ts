// @vitest-environment node
// @vitest-environment node
/**
 * What a notice for correction would name, and whether the case waits for one: judged by the server when it is given,
 * and by the pages in every moment before and after. The server's tests write what it says after each real act.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath, URL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { OTHER, slotOf } from './lines'
import { correcting, pointsOf, type Point } from './points'
import type { CaseSnapshot } from '../../wire/messages'

interface Vector {
  name: string
  subject: 'case' | 'call'
  audience: string
  expected: CaseSnapshot
  notice?: { at: string; about: string[]; correcting: boolean }
}

const folder = fileURLToPath(new URL('../../../../tests/vectors/', import.meta.url))
const vectors = (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [])
  .flatMap((name) => JSON.parse(readFileSync(folder + name, 'utf8')) as Vector | Vector[])
  .flatMap((vector) =>
    vector.subject === 'case' && vector.notice ? [{ ...vector, notice: vector.notice }] : [],
  )

/** The place of a point in the server's words (server/case/rules/talk/notice.py). */
function aboutOf(point: Point): string {
  if (point.kind === 'returned' || point.kind === 'other')
    return `line:${point.kind === 'other' ? OTHER : point.line.line.key}:${slotOf(point.material)}`
  if (point.kind === 'missing')
    return `line:${point.line.line.key}${point.slot === null ? '' : `:${(point.line.line.slots ?? []).indexOf(point.slot) + 1}`}`
  return point.id
}
function kindOf(about: string): string {
  const [kind = '', key, slot] = about.split(':')
  if (kind !== 'line') return kind
  return key === OTHER ? 'file on no line' : slot ? 'file of a line' : 'line'
}

describe('points of a notice', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
  afterEach(() => void vi.useRealTimers())

  it('are there, of every kind: the server’s tests write them first', () => {
    const kinds = new Set(vectors.flatMap((one) => one.notice.about.map(kindOf)))
    expect([...kinds].sort()).toEqual([
      'check',
      'comment',
      'field',
      'file of a line',
      'file on no line',
      'line',
    ])
    expect(new Set(vectors.map((one) => one.notice.correcting)).size).toBe(2)
  })

  it.each(vectors.map((vector) => [`${vector.name} (${vector.audience})`, vector] as const))(
    'after: %s',
    (_, { expected, notice }) => {
      vi.setSystemTime(new Date(notice.at))
      expect(pointsOf(expected.case).map(aboutOf)).toEqual(notice.about)
      expect(correcting(expected.case)).toBe(notice.correcting)
    },
  )
})
