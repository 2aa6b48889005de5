/** 通办形式: what it means for both ends, and its change at the window. */
import { flushPromises, mount } from '@vue/test-utils'
import { beforeAll, expect, it, vi } from 'vitest'
import { caseView } from '../../../tests/kit/cases'
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
  const book = { changeMode: vi.fn(() => Promise.resolve({})) }
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
