import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { nextTick, shallowRef } from 'vue'
import { i18n, learn, speak } from '../../i18n'
import DecisionNote from './DecisionNote.vue'
import DecisionBar from './deciding/DecisionBar.vue'
import DecisionPanel from './deciding/DecisionPanel.vue'
import { spoken } from '../../ui/announce'
import type { CaseView } from '../../wire/messages'
import { caseView, material, person } from '../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

const mounted = (part: unknown, props: Record<string, unknown>) =>
  mount(part as never, { props: props as never, global: { plugins: [i18n] }, attachTo: document.body })

describe('the foot of the approver', () => {
  const due = {
    due_on: '2026-12-09',
    due_days: [{ on: '2026-12-09', number: 6 }],
    skipped_days: [],
    provisional: false,
  }
  const held = {
    kind: 'to_correct',
    reason: '缺材料',
    by: person('person-09', '周明远'),
    at: '2026-11-24T07:00:00Z',
    correct_by: '2026-12-23',
    points: ['缺少：任职文件'],
    about: ['line:appointment'],
    due_on: null,
    due_days: [],
    skipped_days: [],
    provisional: false,
  }
  const foot = (over: Partial<CaseView>, props: Record<string, unknown> = {}) =>
    mounted(DecisionBar, {
      book: { view: shallowRef(caseView(over)), due: shallowRef(due), counted_on: shallowRef('2026-12-01') },
      step: { kind: 'to_correct', n: 1 },
      deciding: null,
      referring: false,
      ...props,
    }).get('.told')
  const noticed = { state: 'to_correct', decision: held } as unknown as Partial<CaseView>

  it('counts from an acceptance today where one is at hand', () => {
    expect(foot({}).text()).toMatch(/今天受理.*12月9日.*前办结/)
    // all of it has come: accepting is the next step
    expect(foot(noticed, { step: { kind: 'accepted' } }).text()).toContain('今天受理')
    expect(foot(noticed, { deciding: 'accepted' }).text()).toContain('今天受理')
  })

  it('tells of a notice for correction its own days, and no acceptance today', () => {
    const told = foot(noticed)
    expect(told.get('[data-correction]').text()).toMatch(/^11月24日.*已告知补正，期限自受理之日起算$/)
    expect(told.get('[data-correct-by]').text()).toMatch(/^12月23日.*前补齐$/)
    expect(told.text()).not.toMatch(/今天受理|前办结/)
    const now = foot({}, { deciding: 'to_correct' })
    expect(now.text()).toContain('今天告知补正，期限自受理之日起算')
    expect(now.text()).not.toMatch(/今天受理|前办结/)
  })

  it('promises no day of a case that is ruled', () => {
    const decision = { ...held, kind: 'accepted', due_on: '2026-12-09', due_days: due.due_days }
    const accepted = { state: 'accepted', decision } as unknown as Partial<CaseView>
    expect(foot(accepted).text()).toMatch(/承诺.*12月9日.*前办结/)
    const course = { ...caseView().course, ruling: { kind: 'granted' } }
    expect(foot({ ...accepted, state: 'issued', course } as never).text()).toBe('')
  })

  it('counts no days of a case that is being refused', () => {
    expect(foot({}, { deciding: 'refused' }).text()).not.toMatch(/今天受理|前办结|补正/)
  })
})

describe('a decision', () => {
  const decision = {
    kind: 'refused',
    reason: '不在受理范围',
    by: person('person-09', '周明远'),
    at: '2026-11-24T07:00:00Z',
    due_on: null,
    due_days: [],
    skipped_days: [],
    provisional: false,
    points: [],
  }
  const decided = { state: 'refused', number: '1', decision } as unknown as Partial<CaseView>

  async function taken(holds: string): Promise<{ note: Element | null; active: Element | null }> {
    document.body.innerHTML = `<div data-field="remark"><input id="typing"></div><button id="beside"></button>`
    const page = mounted(DecisionNote, { view: caseView() })
    document.getElementById(holds)?.focus()
    await page.setProps({ view: caseView(decided) } as never)
    await nextTick()
    await nextTick()
    return { note: document.querySelector('[data-decided]'), active: document.activeElement }
  }

  it('leads whoever is in a field that it closes to its head, and is told', async () => {
    const { note, active } = await taken('typing')
    expect(active).toBe(note)
    expect(spoken.value).toBe('周明远的决定：不予受理')
  })

  it('says from which day the calendar moved it, and nothing of the kind when the clock was stopped', async () => {
    const clock = {
      started_on: '2026-11-24',
      started: 'decided',
      promised_days: 3,
      legal_days: 20,
      extension_at_most: 0,
      legal: { due_on: '2026-12-22', due_days: [], skipped_days: [], provisional: false },
      halts: [] as unknown[],
      extension: null,
    }
    const accepted = (due_on: string, halts: unknown[] = []) => ({
      view: caseView({
        state: 'accepted',
        number: '1',
        decision: { ...decision, kind: 'accepted', due_on, clock: { ...clock, halts } },
      } as unknown as Partial<CaseView>),
    })
    const page = mounted(DecisionNote, accepted('2026-12-04'))
    const told = (): boolean => page.find('[data-recounted]').exists()
    await page.setProps(accepted('2026-12-07') as never)
    expect(page.get('[data-recounted]').text()).toMatch(/由.*4.*改为.*7/)
    await page.setProps(accepted('2026-12-04') as never)
    expect(told()).toBe(false)
    await page.setProps(
      accepted('2026-12-08', [
        {
          why: 'hearing',
          reason: 'x',
          by: decision.by,
          began: '2026-11-25',
          at: '2026-11-25T02:00:00Z',
          ended: null,
          ended_by: null,
          ended_at: null,
        },
      ]) as never,
    )
    expect(told()).toBe(false)
  })

  it('leaves who is elsewhere where he is', async () => {
    expect((await taken('beside')).active?.id).toBe('beside')
  })
})

it.each(['zh-CN', 'en'] as const)(
  'offers reasons without a count, which may change, in %s',
  async (tongue) => {
    await speak(tongue)
    const view = shallowRef(caseView())
    const book = { view, me: 'person-09', case_id: 'case-0001', rests: () => ({}) }
    for (const decision of ['accepted', 'to_correct', 'refused']) {
      const reason = mounted(DecisionPanel, { book, decision }).get('textarea').element as HTMLTextAreaElement
      expect(reason.value).not.toMatch(/[\d一二三四五六七八九十]/)
      expect(reason.value === '').toBe(decision === 'refused')
    }
    await speak('zh-CN')
  },
)

it('says of each point of a notice what became of it, beside its words', async () => {
  const lacking = caseView({
    state: 'to_correct',
    decision: {
      kind: 'to_correct',
      reason: '缺材料',
      by: person('person-09', '周明远'),
      at: '2026-11-24T07:00:00Z',
      points: ['缺少：任职文件', '缺少：身份证'],
      about: ['line:appointment', 'line:identity'],
      due_on: null,
      due_days: [],
      skipped_days: [],
      provisional: false,
    } as unknown as NonNullable<CaseView['decision']>,
  })
  const page = mounted(DecisionNote, { view: lacking })
  const told = (): string[] => page.findAll('[data-noticed]').map((one) => one.text())
  expect(told()).toEqual(['缺少：任职文件', '缺少：身份证'])
  await page.setProps({
    view: { ...lacking, materials: [material({ id: 'm1', line: 'appointment' })] },
  } as never)
  expect(told()).toEqual(['缺少：任职文件 已补交，待审看', '缺少：身份证'])
})
