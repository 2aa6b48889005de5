// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FieldHold, HELD_RETRY_MS, HOLD_EVERY_MS, type EditRefusal } from './fieldHold'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A lock, what was asked of the server, and what was told. */
function made() {
  const asked: boolean[] = []
  const told: string[] = []
  const answer: { to: EditRefusal | null } = { to: null }
  const hold = new FieldHold(
    async (on) => {
      asked.push(on)
      return on ? answer.to : null
    },
    { held: () => told.push('held'), freed: () => told.push('freed') },
  )
  return { hold, asked, told, answer }
}
const taken: EditRefusal = { code: 'field_held', title: '' }

describe('the soft lock on a field', () => {
  it('is asked for once, renewed while it is kept, and given back once', async () => {
    const { hold, asked, told } = made()
    hold.take()
    hold.take()
    await vi.advanceTimersByTimeAsync(HOLD_EVERY_MS * 2)
    expect(asked).toEqual([true, true, true])
    hold.drop()
    hold.drop()
    await vi.advanceTimersByTimeAsync(HOLD_EVERY_MS * 2)
    expect([asked.slice(3), told]).toEqual([[false], []])
  })

  it('is asked for while somebody else has it, and told when it is free', async () => {
    const { hold, asked, told, answer } = made()
    answer.to = taken
    hold.take()
    await vi.advanceTimersByTimeAsync(HELD_RETRY_MS * 2)
    expect([asked, told]).toEqual([[true, true, true], ['held']])
    answer.to = null
    await vi.advanceTimersByTimeAsync(HELD_RETRY_MS)
    expect(told).toEqual(['held', 'freed'])
    hold.drop()
    expect(asked.at(-1)).toBe(false)
  })

  it('is renewed all the same after a failure that says nothing of another', async () => {
    const { hold, asked, told, answer } = made()
    answer.to = { code: 'unavailable', title: '' }
    hold.take()
    await vi.advanceTimersByTimeAsync(HOLD_EVERY_MS)
    expect([asked, told]).toEqual([[true, true], []])
  })

  it('asks nothing more once it is gone, and tells of no answer that comes later', async () => {
    const { hold, asked, told, answer } = made()
    answer.to = taken
    hold.take()
    hold.dispose()
    await vi.advanceTimersByTimeAsync(HELD_RETRY_MS * 3)
    expect([asked, told]).toEqual([[true, false], []])
  })
})
