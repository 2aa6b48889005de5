import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { nextTick, ref, shallowRef } from 'vue'
import { i18n, learn } from '../../i18n'
import type { CallView, RunningCall } from '../../wire/messages'
import { leg } from '../../../tests/kit/calls'
import { by } from '../../../tests/kit/cases'
import MonitorPane from './MonitorPane.vue'

const desk = vi.hoisted(() => ({ monitor: {} as Record<string, unknown>, running: {} as unknown }))
vi.mock('./useMonitor', () => ({ useMonitor: () => desk.monitor }))
vi.mock('./useRunningCalls', () => ({ useRunningCalls: () => desk.running }))

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case', 'audit'))

const of = (id: string, unit_id: string, unit_name: string) => ({ ...by, id, name: id, unit_id, unit_name })

it('says which unit decides once the case of a running call was referred, and as what each is there', async () => {
  const [old, now] = [of('周明远', 'unit-1', '西海岸'), of('孙蕾', 'unit-2', '东昌府')]
  const legs = [leg('leg00002', '', { person: old }), leg('leg00003', '', { seat: 'third', person: now })]
  const call = {
    id: 'call-0001',
    case_id: 'case-0001',
    state: 'live',
    target_unit_id: old.unit_id,
    target_place: '青岛西海岸',
    card: { item_name: '负责人变更', applicant_masked: '孙**', place: '济南市中', window_name: '3 号窗口' },
    legs,
    holds: [],
    answered_at: '2026-11-24T06:00:00Z',
    caller: by,
  } as unknown as CallView
  desk.monitor = {
    call: shallowRef(call),
    parties: shallowRef(legs.map((one) => ({ leg: one, face: null, paper: null, screen: null }))),
    way: ref(null),
    up: ref(false),
    problem: shallowRef(null),
    busy: ref(false),
    voice: shallowRef(null),
    muted: ref(false),
  }
  const listed = (unit: typeof old): RunningCall[] => [
    { call_id: call.id, deciding_unit_id: unit.unit_id, deciding_unit_name: unit.unit_name } as RunningCall,
  ]
  const running = shallowRef<readonly RunningCall[] | null>(null)
  desk.running = running
  const page = mount(MonitorPane, { props: { call_id: call.id }, global: { plugins: [i18n] } })
  const people = () => page.findAll('.people .muted').map((one) => one.text().split(' · ')[0])
  const referred = () => page.find('[data-monitor-referred]')
  expect([referred().exists(), people()]).toEqual([false, ['审批', '受邀']])
  running.value = listed(old)
  await nextTick()
  expect([referred().exists(), people()]).toEqual([false, ['审批', '受邀']])
  running.value = listed(now)
  await nextTick()
  expect(referred().text()).toBe('办件已转办至东昌府，由该单位审批')
  expect(people()).toEqual(['原审批', '审批'])
})
