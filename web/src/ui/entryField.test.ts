import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import EntryField from './EntryField.vue'

const base = {
  id: 'password',
  label: '密码',
  icon: 'lock' as const,
  modelValue: '',
  fault: '',
  asks: { autocomplete: 'current-password', maxlength: 256 },
}

describe('a line of a form that stands alone', () => {
  it('shows what is secret only when it is asked to', async () => {
    const line = mount(EntryField, { props: { ...base, secret: { show: '显示密码', hide: '隐藏密码' } } })
    const input = line.get('input')
    expect(input.attributes()).toMatchObject({
      id: 'password',
      name: 'password',
      type: 'password',
      autocomplete: 'current-password',
      maxlength: '256',
    })
    const eye = line.get('button')
    expect(eye.attributes('aria-label')).toBe('显示密码')
    await eye.trigger('click')
    expect(line.get('input').attributes('type')).toBe('text')
    expect(line.get('button').attributes('aria-label')).toBe('隐藏密码')
    await input.setValue('a b')
    expect(line.emitted('update:modelValue')).toEqual([['a b']])
  })

  it('tells what is wrong beside it', async () => {
    const line = mount(EntryField, { props: base })
    expect(line.get('input').attributes()).toMatchObject({
      type: 'text',
      'aria-invalid': 'false',
      'aria-describedby': 'password-word',
    })
    expect(line.find('button').exists()).toBe(false)
    await line.setProps({ fault: '请输入密码' })
    expect(line.get('input').attributes('aria-invalid')).toBe('true')
    expect(line.get('#password-word').text()).toBe('请输入密码')
  })
})
