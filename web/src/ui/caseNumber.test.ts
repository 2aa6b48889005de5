import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import CaseNumber from './CaseNumber.vue'

const NUMBER = '11370211MB287554194000131013001202612020001'

describe("a case's number", () => {
  const shown = (number: string) => mount(CaseNumber, { props: { number, folds: true } })

  it('shows its last eight large and the whole small, which folds behind the code of the item', () => {
    const page = shown(NUMBER)
    expect(page.get('.tail').text()).toBe('1202 0001')
    const whole = page.get('[data-whole]').element
    expect(whole.textContent).toBe(NUMBER)
    expect(whole.querySelector('wbr')?.previousSibling?.textContent).toBe('11370211MB287554194000131013001')
    expect(whole.querySelector('wbr')?.nextSibling?.textContent).toBe('202612020001')
  })

  it('is not folded where nobody asked for it', () => {
    expect(
      mount(CaseNumber, { props: { number: NUMBER } })
        .find('wbr')
        .exists(),
    ).toBe(false)
  })

  it('is shown once where it is short', () => {
    expect(shown('SZ-0001').text()).toBe('SZ-0001')
    expect(shown('SZ-0001').find('wbr').exists()).toBe(false)
  })
})
