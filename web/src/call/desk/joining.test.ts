import { effectScope, nextTick, reactive, ref, shallowRef } from 'vue'
import { beforeEach, describe, expect, it } from 'vitest'
import { leg, liveCall, type CallView } from '../../../tests/kit/calls'
import { HeldTime } from '../../../tests/kit/seats'
import { DESERTED_AFTER_MS, TAKEN_BACK_AFTER_MS, useJoining } from './joining'

beforeEach(() => sessionStorage.clear())

/** this person's place is held, and no page of his is there */
const deserted = () =>
  liveCall({
    legs: [
      leg('leg00001', 'clerk', { state: 'lost', held_until: '2026-11-24T06:03:00Z' }),
      leg('leg00002', 'approver'),
    ],
  })

function page(first: CallView | null = null) {
  const time = new HeldTime()
  const current = shallowRef(first)
  const ready = ref(true)
  const made = () => reactive(new Set<string>())
  const seat = { claimed: made(), replaced: made(), entering: made() }
  const entered: string[] = []
  const scope = effectScope()
  const joining = scope.run(() =>
    useJoining({ me: ref('clerk'), current, ready, seat, enter: (id) => void entered.push(id), time }),
  )
  if (!joining) throw new Error('the scope is over')
  const be = async (now: CallView | null) => {
    current.value = now
    await nextTick()
  }
  return { ...joining, be, entered, ready, scope, seat, time }
}

describe('the seat of a call', () => {
  it('is this page’s own to take after a reload, once it knows what runs', () => {
    sessionStorage.setItem('yunjian.seat', 'call0001')
    const { vacant, elsewhere, ready, seat } = page(liveCall())
    expect([vacant.value, elsewhere.value]).toEqual(['call0001', false])
    ready.value = false
    expect(vacant.value).toBeNull()
    ready.value = true
    seat.claimed.add('call0001')
    expect([vacant.value, elsewhere.value]).toEqual([null, false])
  })

  it('is elsewhere where another page has it, but not while this one is about to take it', () => {
    const { vacant, elsewhere, seat } = page(liveCall())
    expect([vacant.value, elsewhere.value]).toEqual([null, true])
    seat.entering.add('call0001')
    expect(elsewhere.value).toBe(false)
  })

  it('that no page has had for a while is taken by one that never had it', async () => {
    const { be, time, vacant } = page(deserted())
    await time.pass(DESERTED_AFTER_MS - 1)
    expect(vacant.value).toBeNull()
    await time.pass(1)
    expect(vacant.value).toBe('call0001')
    await be(liveCall())
    expect(vacant.value).toBeNull()
    await be(deserted())
    expect(vacant.value).toBeNull()
  })

  it('that its own page took again meanwhile is left to it', async () => {
    const { be, time, vacant } = page(deserted())
    await time.pass(DESERTED_AFTER_MS - 1)
    await be(liveCall())
    await time.pass(DESERTED_AFTER_MS)
    expect(vacant.value).toBeNull()
  })

  it('that a newer page took comes back when that is closed', async () => {
    const { be, entered, seat, time } = page(liveCall())
    seat.replaced.add('call0001')
    await be(deserted())
    await time.pass(TAKEN_BACK_AFTER_MS - 1)
    expect(entered).toEqual([])
    await time.pass(1)
    expect(entered).toEqual(['call0001'])
  })

  it('does not come back to a page that is closed', async () => {
    const { be, entered, scope, seat, time } = page(liveCall())
    seat.replaced.add('call0001')
    await be(deserted())
    scope.stop()
    await time.pass(60_000)
    expect(entered).toEqual([])
  })
})
