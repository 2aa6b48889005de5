/** 通办形式: what it means for both ends, and its change at the window. */
import { flushPromises, mount } from '@vue/test-utils'
import { beforeAll, expect, it, vi } from 'vitest'
import { by, caseView, material } from '../../../tests/kit/cases'
import { i18n, learn } from '../../i18n'
import { Problem } from '../../wire/http'
import type { CaseView } from '../../wire/messages'
import HandoverList from './HandoverList.vue'
import ModePart from './ModePart.vue'

beforeAll(() => learn('work', 'case'))

const modes: CaseView['item']['modes'] = ['online', 'proxy']
const of = (over: Partial<CaseView> = {}): CaseView =>
  caseView({ mode: 'proxy', item: { ...caseView().item, modes }, ...over })

function part(view: CaseView, side: 'window' | 'approver' | null) {
  const done = (): Promise<object> => Promise.resolve({})
  const book = { changeMode: vi.fn(done), renewMandate: vi.fn(done) }
  const page = mount(ModePart, { props: { book: book as never, view, side }, global: { plugins: [i18n] } })
  return { page, book }
}

it('tells what each end does, and is changed at the window before the decision', async () => {
  const { page, book } = part(of(), 'window')
  expect(page.get('dl').text()).toContain('由窗口随清单寄送')
  await page.get('select[data-mode]').setValue('online')
  await flushPromises()
  expect(book.changeMode).toHaveBeenCalledExactlyOnceWith('online')
  await page.setProps({ view: of({ mode: 'online' }) })
  expect(page.get('dl').text()).toContain('不收原件')
})

it('folds what it means away where the list above needs the room', async () => {
  const { page } = part(of(), 'window')
  const key = page.get('[data-mode-duties]')
  const duties = page.get<HTMLElement>(`[id="${key.attributes('aria-controls')}"]`).element
  expect(window.innerHeight).toBe(768)
  expect([key.attributes('aria-expanded'), duties.style.display]).toEqual(['false', 'none'])
  await key.trigger('click')
  expect([key.attributes('aria-expanded'), duties.style.display]).toEqual(['true', ''])
})

it('keeps the mode that it has and says why when the change is refused', async () => {
  const { page, book } = part(of(), 'window')
  book.changeMode.mockRejectedValueOnce(
    new Problem({ title: '本件已寄送过纸质原件', status: 409, code: 'originals_sent' }),
  )
  await page.get('select[data-mode]').setValue('online')
  await flushPromises()
  expect(page.get<HTMLSelectElement>('select[data-mode]').element.value).toBe('proxy')
  expect(page.get('[data-code=originals_sent]').text()).toContain('纸质原件')
})

it('is read alone by the approver, after the decision, and where the item has one mode', () => {
  for (const { page } of [
    part(of(), 'approver'),
    part(of({ state: 'accepted' }), 'window'),
    part(of({ item: { ...caseView().item, modes: ['proxy'] } }), 'window'),
  ]) {
    expect(page.find('select').exists()).toBe(false)
    expect(page.get('[data-mode]').text()).toBe('异地代收代办')
  }
})

it('sends no paper originals where all is online', () => {
  const sends = (mode: CaseView['mode']): boolean =>
    mount(HandoverList, {
      props: { book: {} as never, view: of({ mode }), side: 'window' },
      global: { plugins: [i18n] },
    })
      .find('[data-send-originals]')
      .exists()
  expect([sends('proxy'), sends('online')]).toEqual([true, false])
})

const entrusted = (until: string | null, over: Partial<CaseView> = {}): CaseView => {
  const { applicant } = caseView()
  const principal = {
    capacity: 'agent' as const,
    name: '王建国',
    credit_code: null,
    document: 'identity_card' as const,
    identity_number: '110105************',
    representative: '',
    mandate_until: until,
  }
  return of({ applicant: { ...applicant, principal }, ...over })
}
const renewed = (until: string | null): CaseView['course'] => ({
  ...caseView().course,
  mandate: { material_id: 'm', until, by, at: '2026-11-24T01:00:00Z' },
})

it('tells both desks that a mandate is over, and no longer once it is renewed', () => {
  for (const side of ['window', 'approver'] as const) {
    const { page } = part(entrusted('2020-01-01'), side)
    expect(page.get('[data-mandate-over]').text()).toContain('授权已过期')
    expect(page.find('[data-mandate-begin]').exists()).toBe(side === 'window')
  }
  for (const held of [
    entrusted('2999-01-01'),
    entrusted(null),
    entrusted('2020-01-01', { course: renewed('2999-01-01') }),
    entrusted('2020-01-01', { course: renewed(null) }),
  ]) {
    expect(part(held, 'approver').page.find('[data-mandate-over]').exists()).toBe(false)
  }
  expect(part(of(), 'window').page.find('[data-mandate-begin]').exists()).toBe(false)
  expect(
    part(entrusted(null, { state: 'granted' }), 'window')
      .page.find('[data-mandate-begin]')
      .exists(),
  ).toBe(false)
})

it('renews it by a file of the window and a day to come', async () => {
  const brought = (id: string, line: string): CaseView['materials'][number] =>
    material({ id, line, name: `${id}.pdf`, side: 'window', purpose: 'material', state: 'stored' })
  const materials = [brought('first', 'identity'), brought('signed', 'mandate')]
  const { page, book } = part(entrusted('2020-01-01', { materials }), 'window')
  await page.get('[data-mandate-begin]').trigger('click')
  await vi.waitFor(() => page.get('[data-renew-mandate]'))
  expect(page.get<HTMLSelectElement>('[data-mandate-file]').element.value).toBe('signed')
  await page.get('[data-mandate-until]').setValue('2020-02-01')
  await page.get('[data-renew-mandate]').trigger('submit')
  expect(page.get('[data-renew-mandate] [role=alert]').text()).toContain('授权期限已过')
  expect(book.renewMandate).not.toHaveBeenCalled()
  await page.get('[data-mandate-until]').setValue('2999-02-01')
  await page.get('[data-renew-mandate]').trigger('submit')
  await flushPromises()
  expect(book.renewMandate).toHaveBeenCalledExactlyOnceWith('signed', '2999-02-01')
  expect(page.find('[data-renew-mandate]').exists()).toBe(false)
})
