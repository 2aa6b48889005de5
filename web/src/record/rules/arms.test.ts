// @vitest-environment node
// @vitest-environment node
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { changed, put, type DeclaredEvent } from './arms'
import { ARMS } from '../../wire/arms'
import { caseView } from '../../../tests/kit/cases'

describe('the arms of the reducer', () => {
  it('are one for each event of a case: declared, or by hand', () => {
    const root = resolve(import.meta.dirname, '../../../..')
    const kept = JSON.parse(readFileSync(`${root}/tests/server/dumps/events.json`, 'utf8')) as {
      events: Record<string, unknown>
    }
    const reducer = readFileSync(resolve(import.meta.dirname, 'reducer.ts'), 'utf8')
    const by_hand = [...reducer.matchAll(/^ +case '([\w.]+)':/gm)].map((one) => one[1])
    expect([...Object.keys(ARMS), ...by_hand].sort()).toEqual(
      Object.keys(kept.events)
        .filter((type) => type !== 'call.changed')
        .sort(),
    )
  })

  it('put a thing over the one with its id, or behind them all', () => {
    const all = [
      { id: 'a', text: '1' },
      { id: 'b', text: '1' },
    ]
    expect(put(all, { id: 'a', text: '2' }).map((one) => one.id + one.text)).toEqual(['a2', 'b1'])
    expect(put(all, { id: 'c', text: '1' }).map((one) => one.id)).toEqual(['a', 'b', 'c'])
  })

  it('set, put and take what the table says, and leave the case before as it was', () => {
    const about = { subject: 'case:case-0001', version: 2, at: '2026-11-24T06:00:00Z' }
    const drawn = (id: string): DeclaredEvent =>
      ({ ...about, type: 'case.drawn', line: 'identity', drawing: { id } }) as unknown as DeclaredEvent
    const before = caseView({ call_id: null, state: 'registered' })
    const events: DeclaredEvent[] = [
      { ...about, type: 'case.answered', call_id: 'call-0001', state: 'reviewing' },
      drawn('a'),
      drawn('b'),
      drawn('c'),
      { ...about, type: 'case.drawings_cleared', ids: ['a', 'c'] } as DeclaredEvent,
    ]
    const now = events.reduce(changed, before)
    expect(now.drawings.map((one) => one.id)).toEqual(['b'])
    expect({ ...now, drawings: [] }).toEqual({ ...before, call_id: 'call-0001', state: 'reviewing' })
    expect([before.call_id, before.drawings]).toEqual([null, []])
  })
})
