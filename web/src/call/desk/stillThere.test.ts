import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import StillThere from './StillThere.vue'
import { i18n, speak } from '../../i18n'
import { use } from '../../wire/use'

const MINUTE = 60_000
let card: VueWrapper

async function after(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  await nextTick()
}
const stands = (): string | undefined =>
  document.querySelector<HTMLElement>('[data-still-there]')?.dataset['stillThere']

beforeEach(async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status: 204 })))
  await speak('zh-CN')
  vi.useFakeTimers()
  card = mount(StillThere, {
    props: { idle_s: 1800, duty: 'online', engaged: false },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  use()
})
afterEach(() => {
  card.unmount()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('an approver on duty of whom nothing is heard', () => {
  it('is asked after half an hour, and goes off duty a minute later', async () => {
    await after(30 * MINUTE - 1_000)
    expect(stands()).toBeUndefined()
    await after(1_000)
    expect(stands()).toBe('asks')
    expect(card.text()).toContain('您还在岗吗？')
    expect(document.activeElement?.textContent).toContain('我在岗')
    await after(10_000)
    expect(card.find('[data-left]').text()).toContain('50')
    expect(card.emitted('duty')).toBeUndefined()
    await after(50_000)
    expect(card.emitted('duty')).toEqual([['away']])
    await card.setProps({ duty: 'away' })
    expect(stands()).toBe('left')
    await after(10 * MINUTE)
    expect(card.emitted('duty')).toHaveLength(1)
    await card.find('button').trigger('click')
    expect(card.emitted('duty')).toEqual([['away'], ['online']])
  })

  it('stays on duty at any input', async () => {
    await after(30 * MINUTE)
    expect(stands()).toBe('asks')
    use()
    await nextTick()
    expect(stands()).toBeUndefined()
    await after(20 * MINUTE)
    expect(card.emitted('duty')).toBeUndefined()
  })

  it('is not asked in a call, nor at once when it ends', async () => {
    await card.setProps({ engaged: true })
    await after(50 * MINUTE)
    await card.setProps({ engaged: false })
    await after(29 * MINUTE)
    expect(stands()).toBeUndefined()
    await after(MINUTE)
    expect(stands()).toBe('asks')
  })

  it('is never asked off duty, nor where sessions do not end idle', async () => {
    await card.setProps({ duty: 'away' })
    await after(90 * MINUTE)
    expect(stands()).toBeUndefined()
    await card.setProps({ duty: 'online', idle_s: 0 })
    await after(90 * MINUTE)
    expect(stands()).toBeUndefined()
    expect(card.emitted('duty')).toBeUndefined()
  })
})
