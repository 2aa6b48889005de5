import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { useShownScreen, watchUse } from './use'

const MINUTE = 60_000
const told: string[] = []
let works = true
let begins = Date.now()
let end: () => void

const Screen = defineComponent({
  setup() {
    useShownScreen()
    return () => h('div')
  },
})
const minutes = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count * MINUTE)

beforeEach(() => {
  told.length = 0
  works = true
  vi.stubGlobal('fetch', (address: string) => {
    told.push(String(address))
    return Promise.resolve(new Response(null, { status: 204 }))
  })
  // each test long after what the one before has told
  begins += 1000 * MINUTE
  vi.useFakeTimers({ now: begins })
  end = watchUse(() => works)
})
afterEach(() => {
  end()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('whether somebody uses this browser', () => {
  it('is told by input, once a minute, and by nothing that pages do by themselves', async () => {
    await minutes(40)
    expect(told).toEqual([])
    for (let n = 0; n < 20; n += 1) dispatchEvent(new Event('pointermove'))
    expect(told).toHaveLength(1)
    expect(told[0]).toContain('/session/use')
    await minutes(1)
    dispatchEvent(new Event('keydown'))
    expect(told).toHaveLength(2)
  })

  it('is told every minute while the screen of the applicant stands, who touches nothing, and no longer', async () => {
    const screen = mount(Screen)
    await minutes(40)
    expect(told.length).toBeGreaterThanOrEqual(40)
    screen.unmount()
    const then = told.length
    await minutes(40)
    expect(told).toHaveLength(then)
  })

  it('is not told where nobody is signed in', async () => {
    works = false
    dispatchEvent(new Event('keydown'))
    await minutes(2)
    expect(told).toEqual([])
  })
})
