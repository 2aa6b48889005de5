import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { i18n, learn } from '../i18n'
import FormEditor from './FormEditor.vue'
import { draftOf, keepDraft } from './drafts'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case', 'admin'))
afterEach(() => vi.unstubAllGlobals())

const DOCUMENT = { schema: { properties: {} }, presentation: { sections: [] } }
const [CODE, WRITTEN] = ['11370211', JSON.stringify(DOCUMENT, null, 2)]
let now = { version: 1, document: DOCUMENT as Record<string, unknown>, lowering: null as unknown }

beforeEach(() => {
  keepDraft(CODE, null)
  now = { version: 1, document: DOCUMENT, lowering: null }
  vi.stubGlobal('fetch', (path: string) => {
    const item = { code: CODE, name: '设立登记', version: now.version, lines: [], form: [] }
    const told = path.endsWith('/form')
      ? { item, newest: now.version, document: now.document, lowering: now.lowering, closed: null }
      : path.endsWith('/check')
        ? { item, faults: [], lowers: [] }
        : { lowerings: [] }
    return Promise.resolve(new Response(JSON.stringify(told), { status: 200 }))
  })
})

/** One comes to the form, as from the list of items. */
async function come() {
  const page = mount(FormEditor, {
    props: { item_id: 'v' },
    slots: { preview: '<i />' },
    global: {
      plugins: [i18n],
      stubs: { RouterLink: { template: '<a><slot /></a>' } },
    },
    attachTo: document.body,
  })
  await flushPromises()
  const written = (): string => page.get<HTMLTextAreaElement>('textarea').element.value
  return { page, written }
}

it('keeps what was put into a form for who goes back to the items, until he lets it go', async () => {
  const first = await come()
  expect(first.page.find('[data-stays]').exists()).toBe(false)
  await first.page.get('[data-add-field]').trigger('click')
  await flushPromises()
  await first.page.get('#form-note').setValue('增加一项')
  expect(first.page.get('[data-stays]').text()).toBe('未发布的改动留在这台电脑上')
  const left = first.written()
  expect(left).toContain('field_1')
  first.page.unmount()

  const second = await come()
  expect(second.written()).toBe(left)
  expect(second.page.get<HTMLInputElement>('#form-note').element.value).toBe('增加一项')
  expect(second.page.get('[data-restored]').text()).toContain(
    '已取回这台电脑上尚未发布的改动。 放弃，回到第 1 版',
  )
  await second.page.get('[data-restored] button').trigger('click')
  await flushPromises()
  expect([second.written(), draftOf(CODE)]).toEqual([WRITTEN, null])
  expect(second.page.find('[data-restored]').exists()).toBe(false)
})

it('says of a draft that it was written on a version before', async () => {
  keepDraft(CODE, { version: 1, text: `${WRITTEN}\n`, note: '' })
  now.version = 2
  const { page, written } = await come()
  expect(page.get('[data-restored]').text()).toContain('它写在第 1 版上，现在已是第 2 版')
  await page.get('textarea').setValue(`${written()}\n`)
  expect(draftOf(CODE)).toEqual({ version: 1, text: `${WRITTEN}\n\n`, note: '' })
})

it('forgets a draft that says what holds, and one that cannot be read', async () => {
  keepDraft(CODE, { version: 1, text: WRITTEN, note: '' })
  const { page } = await come()
  expect([page.find('[data-restored]').exists(), draftOf(CODE)]).toEqual([false, null])
  localStorage.setItem(`yunjian.form..${CODE}`, '{')
  expect(draftOf(CODE)).toBeNull()
})

it('takes what waits for a second word for nobody’s own draft', async () => {
  keepDraft(CODE, { version: 1, text: `${WRITTEN}\n`, note: '' })
  const asked = {
    schema: { properties: { a: { title: '甲', type: 'string' } } },
    presentation: DOCUMENT.presentation,
  }
  now.lowering = {
    id: 'l',
    mine: false,
    by: '何静',
    at: '2026-12-01T08:00:00Z',
    fields: [],
    note: '',
    document: asked,
  }
  const { page, written } = await come()
  await page.get('[data-look]').trigger('click')
  await flushPromises()
  expect(JSON.parse(written())).toEqual(asked)
  expect(draftOf(CODE)?.text).toBe(`${WRITTEN}\n`)
})
