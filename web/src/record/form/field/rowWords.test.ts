// @vitest-environment node
import { beforeAll, expect, it } from 'vitest'
import type { ComposerTranslation } from 'vue-i18n'
import { field } from '../../../../tests/kit/cases'
import { i18n, learn } from '../../../i18n'
import { faultWords, hintWords } from './rowWords'

beforeAll(() => learn('work', 'case'))
const t = i18n.global.t as unknown as ComposerTranslation
const phone = field({ name: 'phone', kind: 'phone' })

it('says what the form finds wrong before what the server said', () => {
  const refusal = { code: 'bad_date', title: '' }
  expect(faultWords(t, { fault: 'bad_phone', refusal }, phone, undefined)).toContain('电话号码不对')
  expect(faultWords(t, { fault: null, refusal }, phone, undefined)).toContain('没有这一天')
  expect(faultWords(t, { fault: null, refusal: null }, phone, undefined)).toBe('')
  expect(faultWords(t, undefined, phone, undefined)).toBe('')
})

it('says what it has no words for as the server said it', () => {
  const told = (code: string) =>
    faultWords(t, { fault: null, refusal: { code, title: '稍后再试' } }, phone, undefined)
  expect(told('unavailable')).toBe('稍后再试')
  expect(told('case_closed')).toBe('办件已受理或已办结，申请表不再改动')
})

it('names the other field of a rule', () => {
  expect(faultWords(t, { fault: 'not_before', refusal: null }, phone, '任职日期')).toContain('任职日期')
})

it('joins hint and example', () => {
  expect(hintWords(t, phone)).toBe('')
  expect(hintWords(t, { ...phone, hint: '手机号', example: '138' })).toBe('手机号；例：138')
})
