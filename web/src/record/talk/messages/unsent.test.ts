import { mount } from '@vue/test-utils'
import { beforeEach, expect, it } from 'vitest'
import { defineComponent, effectScope, h, nextTick, ref, shallowRef } from 'vue'
import { Problem } from '../../../wire/http'
import type { Saying } from '../../../wire/messages'
import { by, caseView, person } from '../../../../tests/kit/cases'
import type { Lane } from '../sayings'
import { useSeen } from './useSeen'
import { useUnsent } from './useUnsent'

type Answer = { done: () => void; refuse: () => void }
let answers: Answer[] = []
const said: unknown[][] = []
const book = {
  me: by.id,
  case_id: 'case-0001',
  say: (...all: unknown[]) => {
    said.push(all)
    return new Promise<Record<string, unknown>>((done, fail) =>
      answers.push({
        done: () => done({}),
        refuse: () => fail(new Problem({ title: '案件已办结', status: 409, code: 'case_closed' })),
      }),
    )
  },
}
const settle = async (): Promise<void> => {
  await new Promise((done) => setTimeout(done))
  await nextTick()
}
const open = (lane = ref<Lane>('shared')) => ({
  lane,
  ...effectScope().run(() =>
    useUnsent({ book: book as never, lane, call_id: () => 'call-1', as_applicant: false }),
  )!,
})
beforeEach(() => {
  answers = []
  said.length = 0
  localStorage.clear()
  sessionStorage.clear()
})

it('keeps what is typed in each lane, over a reload too', async () => {
  const one = open()
  one.text.value = '请看第二页'
  await nextTick()
  one.lane.value = 'staff'
  await nextTick()
  expect(one.text.value).toBe('')
  one.text.value = '印章不清'
  await nextTick()
  one.lane.value = 'shared'
  await nextTick()
  expect([one.text.value, open().text.value, open(ref<Lane>('staff')).text.value]).toEqual([
    '请看第二页',
    '请看第二页',
    '印章不清',
  ])
})

it('takes from the entry what was sent, and nothing that was typed meanwhile', async () => {
  const one = open()
  one.text.value = '好'
  await nextTick()
  void one.send()
  void one.send()
  expect(said).toEqual([['shared', '好', 'call-1', false]])
  one.text.value = '好的'
  answers.shift()!.done()
  await settle()
  expect(one.text.value).toBe('好的')
  // the lane was left before the answer: what stood there is gone all the same
  void one.send()
  one.lane.value = 'staff'
  await nextTick()
  answers.shift()!.done()
  await settle()
  expect(open().text.value).toBe('')
})

it('says why a message was refused until it is changed, and keeps it', async () => {
  const one = open()
  one.text.value = '好'
  await nextTick()
  void one.send()
  answers.shift()!.refuse()
  await settle()
  expect([one.text.value, one.problem.value?.title]).toEqual(['好', '案件已办结'])
  one.add('收到')
  await nextTick()
  expect([one.text.value, one.problem.value]).toEqual(['好 收到', null])
})

it('counts what others wrote since the end was in sight, and nothing as read that is covered', async () => {
  const written = (id: string): Saying => ({
    id,
    lane: 'shared',
    text: id,
    by: person('person-02'),
    on_behalf_of: null,
    at: '2026-11-24T06:00:00Z',
    call_id: null,
  })
  const view = shallowRef(caseView({ sayings: [written('s1')] }))
  const covered = ref(true)
  let seen!: ReturnType<typeof useSeen>
  mount(
    defineComponent(() => {
      seen = useSeen({
        book: { ...book, view } as never,
        lanes: ref<Lane[]>(['shared', 'staff']),
        lane: ref<Lane>('shared'),
        list: ref(null),
        covered: () => covered.value,
      })
      return () => h('i')
    }),
  )
  seen.toEnd()
  expect(seen.counts.value).toEqual({ shared: 1, staff: 0 })
  covered.value = false
  seen.toEnd()
  expect(seen.counts.value).toEqual({ shared: 0, staff: 0 })
  view.value = caseView({ sayings: [written('s1'), written('s2'), written('s3')] })
  expect(seen.counts.value).toEqual({ shared: 2, staff: 0 })
})
