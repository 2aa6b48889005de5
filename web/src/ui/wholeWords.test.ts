// @vitest-environment node
import { expect, test } from 'vitest'
import { wordsOf } from './wholeWords'

test.each([
  ['变更登记申请书', '变更 登记 申请书'],
  ['注销登记申请书', '注销 登记 申请书'],
  ['公司关于注销分公司的决定', '公司 关于 注销 分公司的 决定'],
  ['新负责人身份证号', '新负责人 身份证号'],
  ['营业执照正、副本', '营业 执照 正、 副本'],
  ['清税证明', '清税 证明'],
])('%s is broken between its words', (name, words) => {
  expect(wordsOf(name)).toEqual(words.split(' '))
})

test('nothing of a name is lost, and what is not Chinese is left to the browser', () => {
  for (const name of ['', '章', '原负责人免职文件与新负责人任职文件', '（二）附件 2'])
    expect(wordsOf(name).join('')).toBe(name)
  expect(wordsOf('Name of the branch')).toEqual(['Name of the branch'])
})
