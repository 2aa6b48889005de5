// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { find, pieces, pinyinMatch, plain } from './phrases'

const all = ['公章不清，请重新加盖', '请补填日期', '请出示原件核对']
const texts = (typed: string, match: typeof plain) =>
  find(all, (one) => one, typed, match).map((found) => found.one)

describe('the search of phrases', () => {
  it('finds by a part of the text, and everything for nothing', () => {
    expect(texts('', plain)).toEqual(all)
    expect(texts('日期', plain)).toEqual(['请补填日期'])
    expect(texts('gzbq', plain)).toEqual([])
  })

  it('finds by initials, by whole pinyin and by both mixed', async () => {
    const match = await pinyinMatch()
    expect(texts('gzbq', match)).toEqual(['公章不清，请重新加盖'])
    expect(texts('gongzhang', match)).toEqual(['公章不清，请重新加盖'])
    expect(texts('qcsyj', match)).toEqual(['请出示原件核对'])
    expect(texts('qingbt', match)).toEqual(['请补填日期'])
    // 重 is read chóng here, and zhòng elsewhere
    expect(texts('cxjg', match)).toEqual(['公章不清，请重新加盖'])
    expect(texts('xyz', match)).toEqual([])
  })

  it('puts matches at the beginning first', () => {
    expect(texts('请', plain)[0]).toBe('请补填日期')
  })

  it('marks what matched', () => {
    expect(pieces('请补填日期', [3, 4])).toEqual([
      { text: '请补填', hit: false },
      { text: '日期', hit: true },
    ])
    expect(pieces('日期', [])).toEqual([{ text: '日期', hit: false }])
  })
})
