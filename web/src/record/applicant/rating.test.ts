import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { nextTick } from 'vue'
import { i18n, learn } from '../../i18n'
import RateCall from './RateCall.vue'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

describe('a rating that was sent', () => {
  it('leads on to what comes next, also where the record tells of it after the answer', async () => {
    const asked = mount(RateCall, {
      props: { given: 0, busy: false, rate: () => Promise.resolve(true) },
      global: { plugins: [i18n] },
      attachTo: document.body,
    })
    await asked.get('[data-level="1"]').setValue(true)
    const send = asked.get('[data-answer=rate]')
    ;(send.element as HTMLElement).focus()
    await send.trigger('click')
    await nextTick()
    await asked.setProps({ given: 1 })
    await nextTick()
    expect((document.activeElement as HTMLElement).dataset['answer']).toBe('leave')
    // once more: what is asked is read first
    await asked.get('[data-answer=more]').trigger('click')
    await nextTick()
    await nextTick()
    expect(document.activeElement?.tagName).toBe('H1')
  })
})
