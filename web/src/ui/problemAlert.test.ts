import { mount } from '@vue/test-utils'
import { defineComponent, h, nextTick, ref } from 'vue'
import { expect, it } from 'vitest'
import ProblemAlert from './ProblemAlert.vue'
import { giveProblemWords } from './problemWords'

it('an alert has the words that are given once above it, in the language of the page', async () => {
  const chinese = ref(true)
  const page = mount(
    defineComponent({
      setup() {
        giveProblemWords(() =>
          chinese.value
            ? { reference: '编号', dismiss: '关闭' }
            : { reference: 'Reference', dismiss: 'Close' },
        )
        const problem = { title: '操作没有发出', code: 'unsent', reference: 'a1b2' }
        return () => h('section', h(ProblemAlert, { problem, dismissable: true }))
      },
    }),
  )
  expect(page.find('.trace').text()).toBe('编号 a1b2')
  expect(page.find('button').attributes('aria-label')).toBe('关闭')
  chinese.value = false
  await nextTick()
  expect(page.find('.trace').text()).toBe('Reference a1b2')
  expect(page.find('button').attributes('aria-label')).toBe('Close')
})
