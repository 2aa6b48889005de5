import { mount } from '@vue/test-utils'
import { beforeAll, expect, it, vi } from 'vitest'
import { defineComponent, h, nextTick, ref, shallowRef } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n, learn } from '../i18n'
import LeadsCall from './window/leadsCall'
import { useLeading } from './window/useLeading'
import { routes } from '../router'
import type { CallView, CaseView } from '../wire/messages'
import { leg } from '../../tests/kit/calls'
import { by, caseView } from '../../tests/kit/cases'

const desk = vi.hoisted(() => ({ call: {} as Record<string, unknown> }))
vi.mock('../call/desk/useCall', () => ({ useCall: () => desk.call }))

beforeAll(() => learn('work', 'case'))

it('names on the line who is called, and tells apart that the case went to another unit', async () => {
  const held = caseView()
  const view = shallowRef<CaseView>(held)
  const call = {
    id: 'call-0001',
    case_id: held.id,
    state: 'live',
    target_unit_id: held.item.unit_id,
    target_place: held.item.place,
    legs: [],
    rings: [],
    holds: [],
    recording_consented: true,
    answered_at: '2026-11-24T06:00:00Z',
    caller: by,
  } as unknown as CallView
  const desk_call = shallowRef(call)
  desk.call = {
    current: desk_call,
    me: ref(by.id),
    face: shallowRef(null),
    second_face: shallowRef(null),
    further_faces: [],
    speaking: shallowRef(new Set()),
    state: ref({ phase: 'active', form: 'connected', until: null }),
  }
  let strayed: ReturnType<typeof useLeading>['strayed'] | undefined
  let telling: ReturnType<typeof useLeading>['telling'] | undefined
  const router = createRouter({ history: createMemoryHistory(), routes })
  mount(
    defineComponent(() => {
      ;({ telling, strayed } = useLeading(held.id, {
        view,
        field: () => null,
        material: () => null,
        mean: () => Promise.resolve(),
        signed_back: () => undefined,
        blocked: () => undefined,
      }))
      return () => h('i')
    }),
    { global: { plugins: [i18n, router] } },
  )
  expect([telling?.value.line.there, telling?.value.referred_to]).toEqual(['青岛西海岸', null])
  // a screen that stands at another case is counted once, however often it takes that back
  const [first_back, second_back] = [window.yunjian_leader?.strays(), window.yunjian_leader?.strays()]
  expect(strayed?.value).toBe(2)
  first_back?.()
  first_back?.()
  expect(strayed?.value).toBe(1)
  second_back?.()
  expect(strayed?.value).toBe(0)
  const referral = {
    from_unit_name: held.item.unit_name,
    to_unit_name: '聊城市东昌府区行政审批服务局',
    reason: '属地',
    by,
    at: '2026-11-24T06:10:00Z',
  }
  view.value = {
    ...held,
    item: { ...held.item, unit_id: 'unit-lc', unit_name: referral.to_unit_name, place: '聊城东昌府' },
    referrals: [referral],
  }
  await nextTick()
  expect([telling?.value.line.there, telling?.value.referred_to]).toEqual([
    '青岛西海岸',
    '聊城市东昌府区行政审批服务局',
  ])
  // somebody of that unit came: he stands on the line and in the first place
  const theirs = (unit_id: string, place: string) => ({ ...by, id: place, name: place, unit_id, place })
  const seats = [
    leg('leg00001', by.id),
    leg('leg00002', '', { person: theirs(held.item.unit_id, '青岛西海岸') }),
    leg('leg00003', '', { seat: 'third', person: theirs('unit-lc', '聊城东昌府') }),
  ]
  desk_call.value = {
    ...call,
    legs: seats.map((one, at) => (at ? one : { ...one, seat: 'window' as const })),
  }
  await nextTick()
  const first = () => [telling?.value.line.there, telling?.value.person?.name, telling?.value.former]
  expect(first()).toEqual(['聊城东昌府', '聊城东昌府', false])
  expect(telling?.value.others.map((one) => [one.person.name, one.part])).toEqual([['青岛西海岸', 'former']])
  // a camera that gives no picture is told as at the desks, though its last one stands there
  expect([telling?.value.off, telling?.value.others[0]?.off]).toEqual([null, null])
  desk_call.value = {
    ...desk_call.value,
    legs: desk_call.value.legs.map((one, at) => ({ ...one, lacking: at ? ['1'] : [] })),
  }
  await nextTick()
  const lacking = '对方未检测到摄像头'
  expect([telling?.value.off, telling?.value.others[0]?.off]).toEqual([lacking, lacking])
  // the unit that was called is on the line no more once the call is over
  desk_call.value = { ...call, state: 'ended', ended_at: '2026-11-24T06:20:00Z' }
  await nextTick()
  expect([telling?.value.line.there, telling?.value.person]).toEqual(['聊城东昌府', null])
})

it('tells of the call alone wherever the clerk is, to whom it is his own', async () => {
  const held = caseView()
  const legs = [{ ...leg('leg00001', by.id), seat: 'window' as const }, leg('leg00002', 'zhou')]
  const call = {
    id: 'call-0001',
    case_id: held.id,
    state: 'live',
    target_unit_id: held.item.unit_id,
    target_place: '青岛西海岸',
    card: { place: '济南市中' },
    legs,
    rings: [],
    holds: [],
    recording_consented: true,
    answered_at: '2026-11-24T06:00:00Z',
    caller: by,
  } as unknown as CallView
  const desk_call = shallowRef<CallView | null>(call)
  desk.call = { ...desk.call, current: desk_call, deciding: ref(undefined) }
  const page = mount(LeadsCall, { global: { plugins: [i18n] } })
  const leads = window.yunjian_call
  expect([leads?.case_id(), leads?.now().line.here, leads?.now().line.there]).toEqual([
    held.id,
    '济南市中',
    '青岛西海岸',
  ])
  expect(leads?.now()).toMatchObject({ material_id: null, field: null, asked: 'follow', call_id: call.id })
  const heard: (string | null)[] = []
  const stop = leads?.listen((told) => heard.push(told.person?.name ?? null))
  desk_call.value = { ...call, legs: legs.slice(0, 1) }
  await nextTick()
  expect(heard.at(-1)).toBeNull()
  stop?.()
  desk_call.value = { ...call, caller: { ...by, id: 'another' } }
  expect(leads?.case_id()).toBeNull()
  desk_call.value = { ...call, state: 'ended' }
  expect(leads?.case_id()).toBeNull()
  page.unmount()
  expect(window.yunjian_call).toBeUndefined()
})
