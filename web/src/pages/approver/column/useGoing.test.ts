// @vitest-environment node
import { expect, it, vi } from 'vitest'
import { ref, shallowRef } from 'vue'
import { useColumn } from './useColumn'
import { useGoing } from './useGoing'
import { caseView } from '../../../../tests/kit/cases'

function going() {
  const view = shallowRef(
    caseView({
      comments: [
        { id: 'c1', on: 'line:identity' },
        { id: 'c2', on: 'field:remark' },
        { id: 'c3', on: 'case' },
      ] as never,
    }),
  )
  const went: string[] = []
  const say =
    (what: string) =>
    async (where: string): Promise<void> =>
      void went.push(`${what} ${where}`)
  const column = useColumn(() => true)
  const reading = {
    other: ref(null),
    line_key: ref('identity'),
    shown: ref(null),
    lines: ref([{ line: { key: 'identity' } }]),
    others: ref([{ id: 'm9' }]),
    select: (key: string) => went.push(`line ${key}`),
    show: (one: { id: string }) => went.push(`file ${one.id}`),
    goTo: vi.fn(),
  }
  const led = useGoing(view, reading as never, column, {
    form: () => ({ go: say('field'), goToComments: say('on') }),
    notice: () => ({
      goToCheck: say('check'),
      goToComment: say('case'),
      write: () => void went.push('case'),
    }),
    remarks: () => ({ go: say('remark') }),
  })
  return { ...led, column, went }
}

it('leads to what was changed, wherever it stands, and makes room for it beside a decision', async () => {
  const { showChange, column, went } = going()
  column.decide('accepted')
  for (const [what, where] of [
    ['values', 'remark'],
    ['comments', 'field:remark'],
    ['comments', 'line:identity'],
    ['comments', 'case'],
    ['materials', 'identity'],
    ['materials', 'other'],
  ] as const)
    await showChange({ what, where } as never)
  expect(went).toEqual(['field remark', 'on remark', 'line identity', 'case', 'line identity', 'file m9'])
  expect([column.deciding.value, column.looks.value]).toEqual(['accepted', true])
})

it('puts away what lies in the column before it leads to a point', async () => {
  const { goToCheck, column, went } = going()
  column.toggle('guide')
  await goToCheck('seal')
  expect([column.aside.value, went]).toEqual([null, ['check seal']])
})
