import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { nextTick, ref, shallowRef } from 'vue'
import { i18n, learn } from '../../i18n'
import type { Parting } from '../../record/applicant/turned'
import { call, leg } from '../../../tests/kit/calls'
import SignOutAsk from './SignOutAsk.vue'

const desk = vi.hoisted(() => ({ call: {} as Record<string, unknown> }))
vi.mock('../../call/desk/useCall', () => ({ useCall: () => desk.call }))

const running = call({ state: 'live', legs: [leg('leg00001', 'clerk')], answered_at: '2026-11-24T06:00:00Z' })
const current = shallowRef<typeof running | null>(running)
let begun = 0
const parting = (over: Partial<Parting> = {}): Parting => ({
  owed: true,
  apart: true,
  rating: false,
  turned: false,
  begin: () => (begun += 1),
  turn: () => Promise.resolve(true),
  ...over,
})

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
beforeEach(() => {
  vi.useFakeTimers()
  begun = 0
  current.value = running
  desk.call = {
    current,
    me: ref('clerk'),
    deciding: ref(undefined),
    problem: ref(null),
    hangUp: () => ((current.value = null), Promise.resolve(true)),
  }
})
afterEach(() => vi.useRealTimers())

async function hungUp(of?: Parting) {
  const asks = mount(SignOutAsk, {
    props: { parting: of },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  await nextTick()
  document.querySelector<HTMLElement>('[data-sign-out-go]')?.click()
  await vi.advanceTimersByTimeAsync(0)
  return asks
}
const press = (which: string) => document.querySelector<HTMLElement>(`[${which}]`)?.click()

it('signs out at once where nobody is asked how he was served', async () => {
  for (const of of [undefined, parting({ owed: false })]) {
    current.value = running
    const asks = await hungUp(of)
    expect([asks.emitted('leave')?.length, begun]).toEqual([1, 0])
    asks.unmount()
  }
})

it('waits for the rating on the own screen of the applicant, a minute at most, and signs out after the thanks', async () => {
  const asks = await hungUp(parting())
  expect([asks.emitted('leave'), asks.emitted('close'), begun]).toEqual([undefined, undefined, 1])
  expect(document.querySelector('[data-sign-out]')?.textContent).toContain('申请人正在评价')
  await asks.setProps({ parting: parting({ rating: true }) })
  await vi.advanceTimersByTimeAsync(40_000)
  await asks.setProps({ parting: parting() })
  await vi.advanceTimersByTimeAsync(2000)
  expect(asks.emitted('leave')).toBeUndefined()
  await vi.advanceTimersByTimeAsync(2000)
  expect(asks.emitted('leave')).toHaveLength(1)
  asks.unmount()

  current.value = running
  const late = await hungUp(parting())
  await vi.advanceTimersByTimeAsync(59_000)
  expect(late.emitted('leave')).toBeUndefined()
  await vi.advanceTimersByTimeAsync(2000)
  expect(late.emitted('leave')).toHaveLength(1)
  late.unmount()

  current.value = running
  const shut = await hungUp(parting({ rating: true }))
  await shut.setProps({ parting: parting({ apart: false }) })
  expect(shut.emitted('leave')).toHaveLength(1)
  shut.unmount()

  current.value = running
  const now = await hungUp(parting({ rating: true }))
  press('data-sign-out-now')
  expect(now.emitted('leave')).toHaveLength(1)
})

it('asks without such a screen whether this one is turned to the applicant', async () => {
  const asks = await hungUp(parting({ apart: false }))
  await vi.advanceTimersByTimeAsync(90_000)
  expect([asks.emitted('leave'), asks.emitted('lend')]).toEqual([undefined, undefined])
  press('data-sign-out-rate')
  press('data-sign-out-now')
  expect([asks.emitted('lend')?.length, asks.emitted('leave')?.length]).toEqual([1, 1])
})
