import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { nextTick, shallowRef } from 'vue'
import { i18n, learn } from '../../i18n'
import MovedNote from './MovedNote.vue'
import { by, caseView, material } from '../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

/** m1 was put on the line of appointments while `shown` lay open. */
function told(shown: string | null) {
  const lies = material({ id: 'm1', line: 'appointment', slot: 1 })
  const view = shallowRef(caseView({ materials: [lies, material({ id: 'm2', line: 'identity' })] }))
  const moved_by = shallowRef<unknown>({
    material_id: 'm1',
    from_line: 'application',
    to_line: 'appointment',
    materials: [lies],
    by,
    at: '2026-11-24T06:00:00Z',
    version: 9,
  })
  const book = { view, moved_by, readMoved: () => (moved_by.value = null) }
  const note = mount(MovedNote as never, {
    props: { book, shown, opened: null } as never,
    global: { plugins: [i18n] },
  })
  return { note, view, lies, stands: () => note.find('[data-moved-file]').exists() }
}

describe('that a file was put on another line is told', () => {
  it('until it is opened; one that lay open, or that the page opens first, is told all the same', async () => {
    for (const shown of ['m1', null]) {
      const { note, stands } = told(shown)
      await note.setProps({ shown: 'm1' } as never)
      expect(stands()).toBe(true)
    }
    const { note, stands } = told('m2')
    expect(stands()).toBe(true)
    await note.setProps({ shown: 'm1' } as never)
    await nextTick()
    expect(stands()).toBe(false)
  })

  it('until one that lay open is left for another, or its line is opened', async () => {
    const left = told('m1')
    await left.note.setProps({ shown: 'm2' } as never)
    await nextTick()
    expect(left.stands()).toBe(false)
    const other = told('m2')
    await other.note.setProps({ opened: 'identity' } as never)
    expect(other.stands()).toBe(true)
    await other.note.setProps({ opened: 'appointment' } as never)
    await nextTick()
    expect(other.stands()).toBe(false)
  })

  it('until it lies elsewhere again', async () => {
    const { view, lies, stands } = told('m2')
    view.value = { ...view.value, materials: [{ ...lies, line: 'application' }] }
    await nextTick()
    await nextTick()
    expect(stands()).toBe(false)
  })
})
