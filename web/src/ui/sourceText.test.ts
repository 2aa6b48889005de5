import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { nextTick } from 'vue'
import SourceText from './SourceText.vue'
import { differing, lineOf, spanOfLine } from './sourceText'

it('finds lines in a text, and the lines of its places', () => {
  const text = 'ab\n\ncde'
  expect([1, 2, 3, 9].map((line) => spanOfLine(text, line))).toEqual([
    { offset: 0, length: 2 },
    { offset: 3, length: 0 },
    { offset: 4, length: 3 },
    { offset: 7, length: 0 },
  ])
  expect([0, 2, 3, 4, 7].map((offset) => lineOf(text, offset))).toEqual([1, 1, 2, 3, 3])
})

it('finds the one place where two texts differ, and splits no character', () => {
  expect(differing('abcd', 'abXcd')).toEqual({ from: 2, to: 2, piece: 'X' })
  expect(differing('aa', 'aaa')).toEqual({ from: 2, to: 2, piece: 'a' })
  expect(differing('abc', 'ac')).toEqual({ from: 1, to: 2, piece: '' })
  expect(differing('x😀y', 'x😁y')).toEqual({ from: 1, to: 3, piece: '😁' })
})

function editor(over: object = {}) {
  const page = mount(SourceText, {
    props: {
      modelValue: 'ab\ncd',
      'onUpdate:modelValue': (text: string) => void page.setProps({ modelValue: text }),
      label: '源文',
      id: 'x',
      faults: [
        { line: 2, text: '不对' },
        { line: 0, text: '哪里都不对', why: 'other' },
      ],
      lineWord: (line: number) => `第 ${line} 行`,
      ...over,
    },
    attachTo: document.body,
  })
  const area = page.get('textarea')
  return { page, area }
}

it('numbers the lines, marks those with a fault, and leads to them', async () => {
  const { page } = editor({ marked: new Set([1]) })
  expect(page.findAll('.gutter li').map((one) => one.classes())).toEqual([['changed'], ['wrong']])
  expect(page.findAll('[data-fault-line]').map((one) => one.text())).toEqual(['第 2 行不对', '哪里都不对'])
  await page.get('.faults button').trigger('click')
  expect(page.emitted('fault')).toEqual([[0]])
  page.unmount()
})

it('takes Tab as two spaces, and lets it go after Escape and where nothing may be written', async () => {
  const { page, area } = editor()
  area.element.setSelectionRange(0, 0)
  await area.trigger('keydown', { key: 'Tab' })
  await nextTick()
  expect(page.props('modelValue')).toBe('  ab\ncd')
  await area.trigger('keydown', { key: 'Escape' })
  await area.trigger('keydown', { key: 'Tab' })
  await area.trigger('focus')
  await area.trigger('keydown', { key: 'Tab', shiftKey: true })
  expect(page.props('modelValue')).toBe('  ab\ncd')
  page.unmount()
  const read = editor({ readonly: true })
  await read.area.trigger('keydown', { key: 'Tab' })
  expect(read.page.emitted('update:modelValue')).toBeUndefined()
  read.page.unmount()
})

it('leads into the text', () => {
  const { page, area } = editor()
  ;(page.vm as unknown as { lead: (span: object) => void }).lead({ offset: 3, length: 2 })
  expect([document.activeElement, area.element.selectionStart, area.element.selectionEnd]).toEqual([
    area.element,
    3,
    5,
  ])
  page.unmount()
})
