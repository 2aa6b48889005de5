import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h, nextTick, shallowRef } from 'vue'
import { i18n, learn } from '../../../i18n'
import { spoken } from '../../../ui/announce'
import type { CaseView, MaterialView } from '../../../wire/messages'
import { useReading, type Reading } from './useReading'
import { caseView, material } from '../../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))
beforeEach(() => (spoken.value = ''))

const file = (id: string, line: string, over: Partial<MaterialView> = {}): MaterialView =>
  material({ id, line, ...over })
const view = shallowRef<CaseView | null>(null)

async function reading(...materials: MaterialView[]): Promise<Reading> {
  let made!: Reading
  view.value = null
  mount(
    defineComponent({
      setup() {
        made = useReading(view, () => undefined)
        return () => h('div')
      },
    }),
    { global: { plugins: [i18n] } },
  )
  view.value = caseView({ materials })
  await nextTick()
  return made
}
const lies = ({ shown }: Reading): string | undefined => shown.value?.id

it('has the first unread material open, and keeps it there when another comes', async () => {
  const read = await reading(file('a', 'application', { review: 'accepted' }), file('b', 'appointment'))
  expect(lies(read)).toBe('b')
  view.value = caseView({ materials: [...view.value!.materials, file('c', 'identity')] })
  await nextTick()
  expect(lies(read)).toBe('b')
})

it('opens the next unread one after a judgement, and says when there is none', async () => {
  const read = await reading(file('a', 'application'), file('b', 'appointment'))
  read.reviewed('已认可')
  expect(lies(read)).toBe('b')
  await vi.waitFor(() => expect(spoken.value).toBe('已认可'))
  view.value = caseView({
    materials: [
      file('a', 'application', { review: 'accepted' }),
      file('b', 'appointment', { review: 'accepted' }),
    ],
  })
  await nextTick()
  read.reviewed('已认可')
  expect(lies(read)).toBe('b')
  await vi.waitFor(() => expect(spoken.value).toContain('已认可；'))
})

it('follows the file that lies open to the line on which it is put', async () => {
  const read = await reading(file('a', 'application'))
  view.value = caseView({ materials: [file('a', 'identity')] })
  await nextTick()
  expect([lies(read), read.line_key.value]).toEqual(['a', 'identity'])
})

it('takes out an older version, told as old, and lays it back with the line', async () => {
  const read = await reading(file('a', 'application'), file('b', 'application', { number: 2 }))
  expect([lies(read), read.old.value]).toEqual(['b', false])
  read.goTo('a')
  expect([lies(read), read.old.value]).toEqual(['a', true])
  read.select('application')
  expect([lies(read), read.opened.value]).toEqual(['b', 'application'])
})
