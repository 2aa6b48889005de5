import { mount } from '@vue/test-utils'
import { beforeAll, expect, it } from 'vitest'
import { defineComponent, ref, shallowRef } from 'vue'
import { i18n, learn } from '../../i18n'
import { keepBegun } from '../talk/begun'
import { useFieldTalk } from './useFieldTalk'
import { caseView } from '../../../tests/kit/cases'

beforeAll(() => learn('work'))

it('leaves a comment that is begun open when another field is chosen, until it is sent or emptied', () => {
  let talk!: ReturnType<typeof useFieldTalk>
  const book = { me: 'p1', case_id: 'c1', audience: ref('approver'), view: shallowRef(caseView()) }
  const page = mount(
    defineComponent(() => ((talk = useFieldTalk(book as never, () => false)), () => null)),
    { global: { plugins: [i18n] } },
  )
  const open = (): boolean[] => ['remark', 'appointed_on'].map(talk.liesOpen)
  talk.turn('remark')
  keepBegun('p1.c1.comment.field:remark', '这一栏请')
  talk.turn('appointed_on')
  expect(open()).toEqual([true, true])
  talk.turn('appointed_on')
  expect(open()).toEqual([true, false])
  // that of another case or person is not meant
  keepBegun('p1.c2.comment.field:appointed_on', 'x')
  expect(open()).toEqual([true, false])
  keepBegun('p1.c1.comment.field:remark', '')
  expect(open()).toEqual([false, false])
  page.unmount()
})
