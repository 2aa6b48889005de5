/**
 * Where a Chinese name may go on in the next line: between its words, as the browser's own dictionary knows them. A
 * letter that it leaves alone belongs to a word beside it (申请|书, 分|公司), two of them to each other (注|销).
 */
const HAN = /\p{Script=Han}/u
const ALONE = /^\p{Script=Han}$/u
/** what ends a word, and what joins the one before to the next */
const ENDS = /^[书人证号表件员章费率的与和或及]$/u
const MARK = /^[\p{P}\s]+$/u

export function wordsOf(name: string): string[] {
  if (!HAN.test(name) || typeof Intl.Segmenter !== 'function') return [name]
  const parts = [...new Intl.Segmenter('zh', { granularity: 'word' }).segment(name)].map((one) => one.segment)
  const words: string[] = []
  /** a letter that waits for what it belongs to */
  let alone = ''
  for (const part of parts) {
    const last = words.length - 1
    if (MARK.test(part)) {
      if (alone) words.push(alone + part)
      else if (last < 0) words.push(part)
      else words[last] += part
      alone = ''
    } else if (!ALONE.test(part)) {
      words.push(alone + part)
      alone = ''
    } else if (alone) {
      words.push(alone + part)
      alone = ''
    } else if (last >= 0 && ENDS.test(part)) words[last] += part
    else alone = part
  }
  if (alone) words.push((words.pop() ?? '') + alone)
  return words
}
