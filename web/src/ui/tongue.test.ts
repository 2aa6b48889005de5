import { afterEach, describe, expect, it } from 'vitest'
import { h } from 'vue'
import { mount } from '@vue/test-utils'
import MixedText from './MixedText.vue'
import { markChinese } from './tongue'

let stop = (): void => undefined
afterEach(() => {
  stop()
  document.body.innerHTML = ''
})
const langs = (): (string | null)[] =>
  [...document.querySelectorAll('i')].map((one) => one.getAttribute('lang'))
/** an observer is told after the script that changed */
const told = (): Promise<void> => new Promise((done) => setTimeout(done))

describe('Chinese words on an English page', () => {
  it('are told as such, names within a sentence are not, and what a page marks itself is left alone', () => {
    document.body.innerHTML =
      '<i>变更登记申请书</i><i>李秀兰 · SZ-0306</i><i>周明远 is looking</i><i>Case number</i><p lang="zh-CN"><i>济南</i></p>'
    stop = markChinese()
    expect(langs()).toEqual(['zh-CN', 'zh-CN', null, null, null])
  })

  it('are followed when they come, change and go', async () => {
    document.body.innerHTML = '<i>已受理</i>'
    stop = markChinese()
    const [first] = document.querySelectorAll('i')
    first!.firstChild!.nodeValue = 'Accepted'
    document.body.append(Object.assign(document.createElement('i'), { textContent: '青岛西海岸' }))
    await told()
    expect(langs()).toEqual([null, 'zh-CN'])
    first!.textContent = '孙雅宁'
    await told()
    expect(langs()).toEqual(['zh-CN', 'zh-CN'])
    first!.append(Object.assign(document.createElement('b'), { textContent: ' is writing' }))
    await told()
    expect(langs()).toEqual([null, 'zh-CN'])
  })
})

describe('a sentence with Chinese in it', () => {
  it('says on an English page which of its words are Chinese, and is left whole on a Chinese one', () => {
    const filled = 'filled in Name of the branch: 乙乙分公司（筹）, by 李秀兰 again'
    const chinese = (text: string): string[] => {
      const shown = mount(() => h('p', h(MixedText, { text })))
      expect(shown.element.textContent).toBe(text)
      return shown.findAll('[lang=zh-CN]').map((one) => one.text())
    }
    expect(chinese(filled)).toEqual([])
    stop = markChinese()
    expect(chinese(filled)).toEqual(['乙乙分公司（筹）', '李秀兰'])
    expect(chinese('began to send photo.jpg')).toEqual([])
  })
})
