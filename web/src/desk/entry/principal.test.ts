/** For whom somebody comes to the window: what is asked of each, what is wrong, and what is sent. */
import { mount } from '@vue/test-utils'
import { beforeAll, expect, it } from 'vitest'
import { nextTick } from 'vue'
import PrincipalPart from './PrincipalPart.vue'
import { usePrincipal } from './usePrincipal'
import { i18n, learn } from '../../i18n'

beforeAll(() => learn('work', 'case'))

function part() {
  const principal = usePrincipal(() => '2026-11-24')
  const page = mount(PrincipalPart, { props: { principal, tried: false }, global: { plugins: [i18n] } })
  const asked = (): (string | undefined)[] =>
    page.findAll('[data-principal-field]').map((one) => one.attributes('data-principal-field'))
  const word = (field: string): string => page.get(`#new-principal-${field}-word`).text()
  return { principal, page, asked, word }
}

it('asks nothing of who comes for himself', () => {
  const { principal, asked } = part()
  expect(asked()).toEqual([])
  expect(principal.made()).toBeNull()
  expect(Object.values(principal.faults.value).some(Boolean)).toBe(false)
})

it('asks of a company its code and its representative, and of who is entrusted how long', async () => {
  const { principal, page, asked, word } = part()
  principal.entered.capacity = 'representative'
  await nextTick()
  expect(asked()).toEqual(['name', 'number'])
  expect(principal.mandated.value).toBe(false)
  principal.entered.capacity = 'handler'
  await nextTick()
  expect(asked()).toEqual(['name', 'number', 'representative', 'mandate_until'])
  await page.setProps({ tried: true })
  expect([word('name'), word('representative'), word('mandate_until')]).toEqual(['请填写', '请填写', ''])
  await page.get('#new-principal-number').setValue('11010519491231002X')
  expect(word('number')).toContain('统一社会信用代码不对')
  Object.assign(principal.entered, {
    name: ' 济南禾川检测技术有限公司 ',
    number: '91370103ma3d7kq42e',
    representative: '刘启明',
    mandate_until: '2026-11-23',
  })
  await nextTick()
  expect(word('mandate_until')).toContain('授权期限已过')
  principal.entered.mandate_until = ''
  await nextTick()
  expect(Object.values(principal.faults.value).some(Boolean)).toBe(false)
  expect(principal.made()).toEqual({
    capacity: 'handler',
    name: '济南禾川检测技术有限公司',
    number: '91370103MA3D7KQ42E',
    document: 'identity_card',
    representative: '刘启明',
    mandate_until: null,
  })
})

it('asks of another person the number of his document, and tells it once the field is left', async () => {
  const { page, asked, word, principal } = part()
  principal.entered.capacity = 'agent'
  await nextTick()
  expect(asked()).toEqual(['name', 'number', 'mandate_until'])
  await page.get('select[name=principal_document]').setValue('passport')
  await page.get('#new-principal-number').setValue('1')
  expect(word('number')).toBe('')
  await page.get('#new-principal-number').trigger('blur')
  expect(word('number')).toContain('不是所选证件的号码')
  await page.get('#new-principal-number').setValue('e12345678')
  expect([principal.made()?.number, principal.made()?.document]).toEqual(['E12345678', 'passport'])
})
