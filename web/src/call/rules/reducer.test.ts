// @vitest-environment node
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { missed, reduceCall } from './reducer'
import type { AnyEvent, CallSnapshot } from '../../wire/messages'
import { call, liveCall, snapshot } from '../../../tests/kit/calls'

const at = '2026-11-24T06:00:11Z'
const changed = (version: number, view = liveCall()): AnyEvent => ({
  type: 'call.changed',
  subject: `call:${view.id}`,
  version,
  at,
  call: view,
})
const skipped = (version: number, subject = 'call:call0001'): AnyEvent => ({
  type: 'skipped',
  subject,
  version,
  at,
})

describe('a call', () => {
  it('moves to the state that an event carries', () => {
    expect(reduceCall(snapshot(call()), changed(4))).toEqual(snapshot(liveCall(), 4))
  })

  it('does not go back for a late or doubled event', () => {
    const now = snapshot(liveCall(), 4)
    expect(reduceCall(now, changed(4, call()))).toBe(now)
    expect(reduceCall(now, changed(2, call()))).toBe(now)
  })

  it('jumps over a gap when the event carries the whole state', () => {
    expect(reduceCall(snapshot(call(), 3), changed(9)).version).toBe(9)
    expect(missed(snapshot(call(), 3), changed(9))).toBe(false)
  })

  it('moves its version by what was held back from it, and notices a gap there', () => {
    expect(reduceCall(snapshot(call(), 3), skipped(4))).toEqual(snapshot(call(), 4))
    expect(reduceCall(snapshot(call(), 3), skipped(5))).toEqual(snapshot(call(), 3))
    expect(missed(snapshot(call(), 3), skipped(5))).toBe(true)
    expect(missed(snapshot(call(), 3), skipped(4))).toBe(false)
  })

  it('is not touched by the events of others', () => {
    const now = snapshot(call())
    expect(reduceCall(now, changed(4, call({ id: 'call0002' })))).toBe(now)
    expect(missed(now, skipped(9, 'case:case0001'))).toBe(false)
  })
})

interface Vector {
  name: string
  subject: string
  audience: string
  snapshot: CallSnapshot
  events: AnyEvent[]
  expected: CallSnapshot
}

const folder = resolve(import.meta.dirname, '../../../../tests/vectors')
const files = (existsSync(folder) ? readdirSync(folder) : []).filter((file) => file.endsWith('.json'))
const vectors = files
  .flatMap((file) => JSON.parse(readFileSync(resolve(folder, file), 'utf8')) as Vector[])
  .filter((vector) => vector.subject === 'call')

// written by the server's tests from real actions: snapshot, events, snapshot
describe.runIf(files.length > 0)('the vectors of calls', () => {
  it('are there', () => {
    expect(vectors.length).toBeGreaterThan(0)
  })

  it.each(vectors)('$name for $audience', (vector) => {
    expect(vector.events.reduce(reduceCall, vector.snapshot)).toEqual(vector.expected)
  })
})
