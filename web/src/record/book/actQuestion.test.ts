import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { defineComponent, h, nextTick, ref, shallowRef } from 'vue'
import { i18n, learn } from '../../i18n'
import ActQuestion from './ActQuestion.vue'
import type { Question } from './acting'
import ActionButton from '../../ui/ActionButton.vue'
import RingCard from '../../ui/RingCard.vue'
import { caseView } from '../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

const ring = {
  heading: '',
  item: '',
  here: '',
  there: '',
  lineWord: '',
  leftWord: '',
  left_s: 1,
  whole_s: 1,
  facts: [],
  labels: { answer: '接听', decline: '拒接' },
}
const other = { kind: 'other', others: [caseView({ id: 'case-0002' })], back: 'case-0002' } as Question

/** A page with a form of its own, a question and a ring, of which each may stand. */
function shown(number: string | null = null) {
  const question = shallowRef<Question | null>(null)
  const rings = ref(false)
  const book = { question, view: ref(caseView({ number })), answer: () => (question.value = null) }
  const Page = defineComponent(() => () => [
    h(ActionButton, { kind: 'filled', 'data-confirm': '' }, () => '确认不予受理'),
    h(ActQuestion as never, { book } as never),
    rings.value ? h(RingCard, ring) : null,
  ])
  const page = mount(Page, { global: { plugins: [i18n] }, attachTo: document.body })
  return {
    question,
    rings,
    filled: () => page.findAll('.filled').map((one) => one.text().replace('Enter', '')),
    page,
  }
}

describe('a question before an act', () => {
  it('sets off in which digits two numbers differ, and the whole of each is told', async () => {
    const { question, page } = shown('11370211MB28755419400013101300120261201001')
    question.value = {
      kind: 'other',
      others: [caseView({ id: 'case-0002', number: '11370211MB28755419400013101300120261201002' }), null],
      back: null,
    }
    await nextTick()
    const [own, other, unseen] = page
      .findAll('[data-this-case], [data-other-case]')
      .sort((a) => (a.attributes('data-this-case') === undefined ? 1 : -1))
    expect(own?.get('[data-differs]').text()).toBe('1001')
    expect(other?.get('[data-differs]').text()).toBe('1002')
    // named as in the head, by its last eight, and the whole of it small
    expect(own?.get('[data-tail]').text()).toBe('6120 1001')
    expect(other?.text()).toMatch(/^\S+ · .+ · .+ · 6120 1002 11370211MB28755419400013101300120261201002$/)
    expect(unseen?.find('[data-differs]').exists()).toBe(false)
  })

  it('fills the button that does nothing, and leaves the risky one plain', async () => {
    const { question, filled, page } = shown()
    expect(filled()).toEqual(['确认不予受理'])
    question.value = other
    await nextTick()
    expect(filled()).toEqual(['回到通话的办件'])
    await nextTick()
    expect(document.activeElement).toBe(page.get('[data-act-back]').element)
    question.value = { kind: 'other', others: [null], back: null }
    await nextTick()
    expect(filled()).toEqual(['不办理'])
    question.value = { kind: 'changed', changes: [] }
    await nextTick()
    expect(filled()).toEqual(['先核对'])
    question.value = null
    await nextTick()
    expect(filled()).toEqual(['确认不予受理'])
  })

  it('stands plain below a ring, as does the form: one button is filled', async () => {
    const { question, rings, filled, page } = shown()
    question.value = other
    rings.value = true
    await nextTick()
    expect(filled()).toEqual(['接听'])
    // what the key of the next step means stays known
    expect(page.get('[data-confirm]').attributes()).toHaveProperty('data-filled')
    rings.value = false
    await nextTick()
    expect(filled()).toEqual(['回到通话的办件'])
    question.value = null
    rings.value = true
    await nextTick()
    expect(filled()).toEqual(['接听'])
  })
})
