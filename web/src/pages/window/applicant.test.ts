import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { nextTick, shallowRef } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n, learn } from '../../i18n'
import { ALONE, type CallLeader, type Leader, type Turned } from '../../record/applicant/turned'
import type { CaseView } from '../../wire/messages'
import ApplicantPage from './ApplicantPage.vue'
import { router as product, routes } from '../../router'
import { spoken } from '../../ui/announce'
import { askAnew, forget } from '../../wire/session'
import { by, caseView } from '../../../tests/kit/cases'

const view = shallowRef<CaseView>(caseView())
const follows = vi.hoisted(() => ({ n: 0 }))
vi.mock('../../record/book/useCase', async () => {
  const { onScopeDispose } = await import('vue')
  return {
    useCase: (case_id: string) => {
      follows.n += 1
      onScopeDispose(() => (follows.n -= 1))
      const none = new Map()
      return {
        case_id,
        view,
        problem: shallowRef(null),
        connection: shallowRef('connected'),
        pointing: none,
        focused: none,
        typed: none,
        rate: () => Promise.resolve({}),
      }
    },
  }
})

const id = caseView().id
let tell: (told: Turned) => void = () => undefined
const led = (over: Partial<Turned> = {}): Leader => ({
  case_id: id,
  now: () => ({ ...ALONE, ...over }),
  listen: (hear) => ((tell = hear), () => undefined),
  shown: () => undefined,
  rates: (on) => (told_rating = on),
  strays: () => ((strayed += 1), () => (strayed -= 1)),
})
let strayed = 0
let told_rating: boolean | null = null
const opener = {
  closed: false,
  location: { pathname: '' },
  yunjian_leader: undefined as Leader | undefined,
  yunjian_call: undefined as CallLeader | undefined,
}
async function clerk(pathname: string, leads?: Leader): Promise<void> {
  opener.location.pathname = pathname
  opener.yunjian_leader = leads
  vi.advanceTimersByTime(500)
  await nextTick()
  await nextTick()
}
const said = {
  id: 's1',
  lane: 'shared',
  text: '请您看右边的日期',
  by,
  at: '2026-11-24T06:00:00Z',
  kind: 'text',
} as unknown as CaseView['sayings'][number]

/** who is signed in at this browser, as the server would answer; how often it was asked */
const session = { roles: ['clerk'] as string[] | null, window: 'window-3', asked: 0 }
const answer = (path: string): Response => {
  if (!path.endsWith('/session'))
    return new Response('{}', { headers: { 'content-type': 'application/json' } })
  session.asked += 1
  const [status, body] = session.roles
    ? [
        200,
        {
          person: {
            id: 'person-1',
            name: '李秋实',
            roles: session.roles,
            window: { id: session.window, name: '' },
          },
        },
      ]
    : [401, { title: '登录已失效', code: 'unauthenticated', status: 401 }]
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': status === 200 ? 'application/json' : 'application/problem+json' },
  })
}

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
beforeEach(async () => {
  strayed = 0
  vi.stubGlobal(
    'fetch',
    vi.fn((path: string) => Promise.resolve(answer(path))),
  )
  session.roles = ['clerk']
  session.window = 'window-3'
  await askAnew()
  session.asked = 0
  vi.useFakeTimers()
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      observe() {}
      disconnect() {}
    },
  )
  view.value = caseView({ sayings: [said] })
  Object.defineProperty(window, 'opener', { value: opener, configurable: true })
})
afterEach(() => {
  opener.yunjian_call = undefined
  vi.useRealTimers()
  vi.unstubAllGlobals()
  localStorage.clear()
  sessionStorage.clear()
  Object.defineProperty(window, 'opener', { value: null, configurable: true })
})

async function screen(over: Partial<Turned> = {}) {
  await clerk(`/window/cases/${id}`, led(over))
  const router = createRouter({ history: createMemoryHistory(), routes })
  const page = mount(ApplicantPage, {
    props: { id },
    global: { plugins: [i18n, router] },
    attachTo: document.body,
  })
  await nextTick()
  return page
}
const nobody = (text: string) => {
  expect(text).toContain('请稍候')
  for (const of_him of [said.text, view.value.item.name, view.value.applicant.name[0]!, '谢谢', '评价'])
    expect(text).not.toContain(of_him)
}

it('shows nothing of a case that the clerk has left, and follows it no more, until he opens it again', async () => {
  const page = await screen()
  expect(page.text()).toContain(said.text)
  expect(page.text()).toContain(view.value.item.name)
  await clerk('/window')
  nobody(page.text())
  expect(follows.n).toBe(0)
  view.value = caseView({ sayings: [said, { ...said, id: 's2' }] })
  await clerk('/window/cases/case-0002', { ...led(), case_id: 'case-0002' })
  nobody(page.text())
  await clerk(`/window/cases/${id}`, led())
  expect(page.text()).toContain(said.text)
})

it('says to a page with another case that it shows nothing of it, and to the clerk what to do, until it is led again', async () => {
  const page = await screen()
  expect(strayed).toBe(0)
  await clerk('/window')
  expect([strayed, page.find('[data-strays]').exists()]).toEqual([0, false])
  await clerk('/window/cases/case-0002', { ...led(), case_id: 'case-0002' })
  await clerk('/window/cases/case-0002', opener.yunjian_leader)
  nobody(page.text())
  expect([strayed, page.get('[data-strays]').text()]).toEqual([
    1,
    '窗口人员：这块屏幕还开在另一办件，请在您的屏幕上选“转到本办件”。',
  ])
  await clerk('/window/cases/case-0003', { ...led(), case_id: 'case-0003' })
  expect(strayed).toBe(1)
  await clerk(`/window/cases/${id}`, led())
  expect([strayed, page.find('[data-strays]').exists()]).toEqual([0, false])
  // brought over or closed, it takes it back
  await clerk('/window/cases/case-0002', { ...led(), case_id: 'case-0002' })
  window.dispatchEvent(new Event('pagehide'))
  expect(strayed).toBe(0)
})

it('keeps the call about his case while the clerk is with something else in it, and nothing of that', async () => {
  const person = { name: '周明远', unit_name: '青岛西海岸新区行政审批服务局', staff_number: '0107' }
  const there: Turned = { ...ALONE, person, call_id: 'call-0001' }
  let hears: (told: Turned) => void = () => undefined
  let about: string | null = id
  opener.yunjian_call = {
    case_id: () => about,
    now: () => there,
    listen: (hear) => ((hears = hear), () => (hears = () => undefined)),
  }
  const page = await screen({ ...there, material_id: 'm1', field: 'new_person', value: '孙雅' })
  expect(page.get('[data-stage]').attributes('data-stage')).toBe('field')
  for (const at of ['/window', '/window/cases/case-0002'] as const) {
    await clerk(at, at === '/window' ? undefined : { ...led({ elsewhere: true }), case_id: 'case-0002' })
    expect(page.get('[data-stage]').attributes('data-stage')).toBe('away')
    expect(page.get('h1').text()).toBe('工作人员正在查看其他内容，请稍候')
    expect(page.text()).toContain(person.name)
    expect(page.text()).toContain(said.text)
    expect(page.text()).not.toContain('孙雅')
  }
  hears({ ...there, off: '对方未检测到摄像头' })
  await nextTick()
  expect(page.get('.face').text()).toBe('对方未检测到摄像头')
  await clerk(`/window/cases/${id}`, led(there))
  expect(page.get('[data-stage]').attributes('data-stage')).toBe('wait')
  await clerk('/window')
  // the call is over: the next applicant may stand there
  about = null
  await clerk('/window')
  nobody(page.text())
  expect(follows.n).toBe(0)
})

it('lets who is asked how he was served go on with that alone, until the clerk opens another case', async () => {
  const page = await screen({ ended_call_id: 'call-0001' })
  expect(page.find('[data-rate]').exists()).toBe(true)
  await page.get('[data-level="1"]').setValue(true)
  await clerk('/window')
  expect(page.get<HTMLInputElement>('[data-level="1"]').element.checked).toBe(true)
  for (const of_him of [said.text, view.value.item.name, view.value.applicant.name[0]!])
    expect(page.text()).not.toContain(of_him)
  view.value = {
    ...view.value,
    ratings: [
      {
        id: 'r1',
        call_id: 'call-0001',
        number: 1,
        at: '2026-11-24T06:00:00Z',
        level: null,
        reasons: [],
        text: '',
      },
    ],
  }
  await nextTick()
  await clerk('/window')
  expect(page.text()).toContain('谢谢您的评价')
  await clerk('/window/cases/case-0002')
  nobody(page.text())
})

it('tells the page that leads it while it asks how he was served, and when he is through', async () => {
  const page = await screen({ ended_call_id: 'call-0009' })
  expect(told_rating).toBe(true)
  // the page of the clerk is loaded again
  told_rating = null
  await clerk(opener.location.pathname, led({ ended_call_id: 'call-0009' }))
  expect(told_rating).toBe(true)
  await page.get('[data-answer="skip"]').trigger('click')
  await nextTick()
  expect(told_rating).toBe(false)
})

it('does not leave the thanks of one applicant to the next', async () => {
  view.value = {
    ...view.value,
    ratings: [
      {
        id: 'r1',
        call_id: 'call-0001',
        number: 1,
        at: '2026-11-24T06:00:00Z',
        level: null,
        reasons: [],
        text: '',
      },
    ],
  }
  const page = await screen({ ended_call_id: 'call-0001' })
  expect(page.text()).toContain('谢谢您的评价')
  await clerk('/window')
  nobody(page.text())
})

it('holds nobody of the staff when the clerk signs out, and comes back by itself when one has the case open again', async () => {
  const page = await screen({ ended_call_id: 'call-0001' })
  expect(page.find('[data-rate]').exists()).toBe(true)
  session.roles = null
  // the page of the clerk has signed out, and is still to leave the case
  window.dispatchEvent(
    new StorageEvent('storage', { key: 'yunjian.was_signed_in', oldValue: '1', newValue: null }),
  )
  await nextTick()
  nobody(page.text())
  expect(follows.n).toBe(0)
  await clerk(opener.location.pathname, opener.yunjian_leader)
  await clerk('/sign-in')
  for (let n = 0; n < 20; n += 1) await clerk('/sign-in')
  nobody(page.text())
  expect(page.find('input').exists()).toBe(false)
  expect(session.asked).toBe(0)
  session.roles = ['clerk']
  await clerk('/window')
  expect(session.asked).toBe(0)
  await clerk(`/window/cases/${id}`, led())
  await vi.advanceTimersByTimeAsync(1000)
  expect(session.asked).toBe(1)
  expect(page.text()).toContain(said.text)
})

it('is never the form of the staff, though nobody is signed in when it is loaded', async () => {
  session.roles = null
  forget()
  await product.push(`/applicant/${id}`)
  expect(product.currentRoute.value.name).toBe('applicant')
  const page = await screen()
  nobody(page.text())
})

it('becomes 请稍候 by itself 20 s after the thanks, and not while more is said', async () => {
  const page = await screen({ ended_call_id: 'call-0001' })
  await page.get('[data-level="1"]').setValue(true)
  await clerk('/window')
  view.value = {
    ...view.value,
    ratings: [
      {
        id: 'r1',
        call_id: 'call-0001',
        number: 1,
        at: '2026-11-24T06:00:00Z',
        level: null,
        reasons: [],
        text: '',
      },
    ],
  }
  await nextTick()
  await vi.advanceTimersByTimeAsync(15_000)
  expect(page.text()).toContain('谢谢您的评价')
  await page.get('[data-answer="more"]').trigger('click')
  await vi.advanceTimersByTimeAsync(30_000)
  expect(page.text()).toContain('补充评价')
  await page.get('[data-answer="skip"]').trigger('click')
  await vi.advanceTimersByTimeAsync(21_000)
  nobody(page.text())
})

it('says who has left the call, for a while, and where the case went', async () => {
  const speaker = { name: '周明远', unit_name: '青岛西海岸新区行政审批服务局', staff_number: '0107' }
  const third = {
    id: 'leg-3',
    person: { ...speaker, name: '孙蕾' },
    face: null,
    off: null,
    speaks: false,
    supervises: false,
    part: 'other' as const,
  }
  const there: Turned = { ...ALONE, person: speaker, others: [third], call_id: 'call-0001' }
  const page = await screen(there)
  expect(page.find('[data-gone]').exists()).toBe(false)
  const parts = () => page.findAll('[data-part]').map((one) => one.text())
  expect(parts()).toEqual(['审批人员', '受邀'])
  // who decides takes the first place, and nobody is said to have gone
  const former = { ...third, id: 'leg-2', person: speaker, part: 'former' as const }
  tell({ ...there, person: third.person, others: [former] })
  await nextTick()
  expect(parts()).toEqual(['审批人员', '原审批人员'])
  expect(page.find('[data-gone]').exists()).toBe(false)
  tell({ ...there, person: third.person, others: [] })
  await nextTick()
  expect([parts(), page.get('[data-gone]').text()]).toEqual([['审批人员'], '周明远已离开通话'])
  tell({ ...there, others: [{ ...third, part: 'approver' }], former: true })
  await nextTick()
  expect(parts()).toEqual(['原审批人员', '审批人员'])
  tell({ ...there, others: [] })
  await nextTick()
  expect(page.get('[data-gone]').text()).toBe('孙蕾已离开通话')
  await vi.advanceTimersByTimeAsync(1000)
  expect(spoken.value).toBe('孙蕾已离开通话')
  await vi.advanceTimersByTimeAsync(61_000)
  expect(page.find('[data-gone]').exists()).toBe(false)
  tell({ ...there, referred_to: '聊城市东昌府区行政审批服务局' })
  await nextTick()
  expect(page.get('[data-referred]').text()).toContain('办件已转到聊城市东昌府区行政审批服务局')
  // with the call all have left
  tell({ ...ALONE, ended_call_id: 'call-0001' })
  await nextTick()
  expect(page.find('[data-gone]').exists()).toBe(false)
})

it('promises no day while the clock stands still, and none for certain beyond the published holidays', async () => {
  const halt = {
    why: 'test' as const,
    reason: '送检',
    began: '2026-12-01',
    by,
    at: '2026-12-01T02:00:00Z',
    ended: null,
    ended_by: null,
    ended_at: null,
  }
  const due = { due_on: '2026-12-09', due_days: [], skipped_days: [], provisional: false }
  const decided = (
    halts: (typeof halt | (Omit<typeof halt, 'ended'> & { ended: string }))[],
    provisional: boolean,
  ) =>
    caseView({
      state: 'accepted',
      number: '1137',
      signature: {
        id: 'signature-1',
        hash: 'a'.repeat(64),
        shown_at: '2026-11-24T06:00:00Z',
        at: '2026-11-24T06:01:00Z',
        by,
        points: 40,
        outdated: false,
      },
      submission: {
        hash: 'a'.repeat(64),
        signature_id: 'signature-1',
        at: '2026-11-24T06:02:00Z',
        by,
        tell_by: null,
      },
      decision: {
        ...due,
        kind: 'accepted',
        reason: '',
        by,
        at: '2026-12-01T01:00:00Z',
        provisional,
        clock: {
          started_on: '2026-12-01',
          started: 'decided',
          promised_days: 6,
          legal_days: 20,
          extension_at_most: 10,
          legal: due,
          halts,
          extension: null,
        },
      } as unknown as CaseView['decision'],
    })
  const page = await screen()
  const said_of_it = async (of: CaseView) => {
    view.value = of
    await nextTick()
    return page.get('[data-decided]').text()
  }
  const stopped = await said_of_it(decided([halt], true))
  expect(stopped).toContain('计时已暂停：检测，自12月1日')
  expect(stopped).not.toContain('前办结')
  const ended = { ...halt, ended: '2026-12-03' }
  expect(await said_of_it(decided([ended], true))).toMatch(/12月9日.*前办结（暂定）/)
  expect(await said_of_it(decided([ended], false))).toMatch(/12月9日.*前办结$/)
})

it('follows the next case of its window after a sign-out, none beside another call and none of another window', async () => {
  const router = createRouter({ history: createMemoryHistory(), routes })
  const signOut = async () => {
    session.roles = null
    window.dispatchEvent(
      new StorageEvent('storage', { key: 'yunjian.was_signed_in', oldValue: '1', newValue: null }),
    )
    await clerk('/sign-in')
  }
  const opens = async (case_id: string, over: Partial<Turned> = {}) => {
    session.roles = ['clerk']
    await clerk(`/window/cases/${case_id}`, { ...led(over), case_id })
    await vi.advanceTimersByTimeAsync(1000)
    return router.currentRoute.value.params['id']
  }
  await router.push(`/applicant/${id}`)
  await clerk(`/window/cases/${id}`, led())
  mount(ApplicantPage, { props: { id }, global: { plugins: [i18n, router] }, attachTo: document.body })
  await nextTick()
  // the clerk is the same: it stays with the case for which it was opened
  expect(await opens('case-0002')).toBe(id)
  await signOut()
  session.window = 'window-7'
  expect(await opens('case-0002')).toBe(id)
  await signOut()
  session.window = 'window-3'
  expect(await opens('case-0002', { elsewhere: true })).toBe(id)
  expect(await opens('case-0002')).toBe('case-0002')
})
