/** 对账 of a day: what does not agree is said, and a day that was asked for before is not shown. */
import { enableAutoUnmount, flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { i18n, learn } from '../i18n'
import type { ExternalView, Reconciliation } from '../wire/messages'
import ExternalDays from './ExternalDays.vue'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case', 'admin'))
afterEach(() => vi.unstubAllGlobals())

const SYSTEM: ExternalView = { id: 'external-1', system: '省工程审批平台', told: true, revoked: false }
const day = (over: Partial<Reconciliation> = {}): Reconciliation => ({
  external: SYSTEM,
  on: '2026-11-23',
  stated_at: '2026-11-23T10:00:00Z',
  untold: 0,
  steps: [],
  ...over,
})

async function page(
  systems: ExternalView[],
  of: (on: string) => Promise<Reconciliation>,
): Promise<VueWrapper> {
  const headers = { 'content-type': 'application/json' }
  vi.stubGlobal('fetch', async (address: string) => {
    const on = new URL(address, 'http://here').searchParams.get('on')
    const body = on === null ? { externals: systems } : await of(on)
    return new Response(JSON.stringify(body), { headers })
  })
  const shown = mount(ExternalDays, { global: { plugins: [i18n] } })
  await flushPromises()
  return shown
}

it('says what does not agree, with what each side has', async () => {
  const steps: Reconciliation['steps'] = [
    { case: 'A', step: 'granted', ours: '1', theirs: '9', verdict: 'differs' },
    { case: 'B', step: 'issued', ours: null, theirs: '3', verdict: 'only_there' },
    { case: 'A', step: 'accepted', ours: '1', theirs: '1', verdict: 'same' },
  ]
  const shown = await page([{ ...SYSTEM, id: 'old', revoked: true }, SYSTEM], async () =>
    day({ steps, untold: 2 }),
  )
  expect((shown.find('[data-external]').element as HTMLSelectElement).value).toBe('external-1')
  expect(shown.find('[data-external-sum]').text()).toContain('2 条不一致')
  expect(shown.text()).toContain('当日有 2 条通知外部系统没有接收')
  expect(shown.find('[data-verdict="only_there"]').text()).toMatch(/B.*制证.*没有.*3.*只有外部系统有/s)
  const file = shown.find('[data-external-file]').attributes('href')
  expect(file).toMatch(/^\/api\/v1\/externals\/external-1\/reconciliation\/file\?on=\d{4}-\d\d-\d\d$/)
})

it('shows the day that is asked for, and no answer to one before', async () => {
  let late: (told: Reconciliation) => void = () => undefined
  const shown = await page([SYSTEM], async (on) =>
    on === '2026-11-01' ? new Promise((give) => (late = give)) : day({ stated_at: null }),
  )
  expect(shown.find('[data-external-told]').text()).toContain('还没有报来')
  await shown.find('[data-external-day]').setValue('2026-11-01')
  await shown.find('[data-external-day]').setValue('2026-11-02')
  await flushPromises()
  late(day())
  await flushPromises()
  expect(shown.find('[data-external-told]').text()).toContain('还没有报来')
  expect(shown.text()).toContain('当日两边都没有办理记录')
})

it('says so where the unit has no external system', async () => {
  expect((await page([], async () => day())).text()).toContain('本单位没有外部系统')
})
