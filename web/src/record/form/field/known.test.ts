import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { i18n, learn } from '../../../i18n'
import { localProblem } from '../../../wire/http'
import FieldRow from './FieldRow.vue'
import { caseView } from '../../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

it('takes what was said at registering only once it is meant for this case', async () => {
  const editor = { input: vi.fn(), commit: vi.fn() }
  const meant = vi.fn(() => Promise.reject(localProblem('unsent')))
  const field = caseView().item.form.find((one) => one.name === 'new_person')
  const known = { value: '13805316217', word: '填入登记的电话：138…6217' }
  const off = { pointed: false, mine: false, first: false, proposing: false, busy: false, closed: false }
  const none = { people: [], proposal: null, state: undefined, face: undefined, typed: undefined }
  const row = mount(FieldRow as never, {
    props: { ...off, ...none, field, editor, known, meant, send: vi.fn() } as never,
    global: { plugins: [i18n] },
  })
  await row.get('[data-known]').trigger('click')
  await flushPromises()
  expect(editor.input).not.toHaveBeenCalled()
  expect(row.emitted('problem')).toHaveLength(1)
  meant.mockImplementation(() => Promise.resolve() as never)
  await row.get('[data-known]').trigger('click')
  await flushPromises()
  expect(editor.input).toHaveBeenCalledWith('13805316217')
})
