/**
 * What a unit or a person wrote is Chinese on an English page too: a screen reader is told so, by `lang`, of each element
 * whose words are Chinese and nothing else. A name within an English sentence stays as it is, unless the page gives the
 * sentence to `MixedText`. In one place, since such words stand everywhere; what a page marks itself is left alone.
 */
import { ref } from 'vue'

const HAN = /\p{Script=Han}/u
/** a word, not the letters of a number */
const WORD = /[a-z]{2}/
/** Chinese with the marks that stand within it and after it */
const RUN = /\p{Script=Han}[\p{Script=Han}（）《》“”、，。；：？！]*/gu
/** whether the page is not Chinese, so that what is has to be told */
export const marking = ref(false)
const marked = new WeakSet<Element>()

/** A text, cut where Chinese begins and ends. */
export function runsOf(text: string): { text: string; chinese: boolean }[] {
  const runs: { text: string; chinese: boolean }[] = []
  let end = 0
  for (const { 0: run, index } of text.matchAll(RUN)) {
    if (index > end) runs.push({ text: text.slice(end, index), chinese: false })
    runs.push({ text: run, chinese: true })
    end = index + run.length
  }
  if (end < text.length) runs.push({ text: text.slice(end), chinese: false })
  return runs
}

function judge(element: Element): void {
  const text = element.textContent
  const chinese = HAN.test(text) && !WORD.test(text)
  if (marked.has(element)) {
    if (!chinese) {
      element.removeAttribute('lang')
      marked.delete(element)
    }
  } else if (chinese && !element.closest('[lang]')?.getAttribute('lang')?.startsWith('zh')) {
    element.setAttribute('lang', 'zh-CN')
    marked.add(element)
  }
}

/** Those that hold text of their own, from here down. */
function judgeAll(root: Node): void {
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const found = new Set<Element>()
  for (
    let node: Node | null = root.nodeType === Node.TEXT_NODE ? root : walk.nextNode();
    node;
    node = walk.nextNode()
  ) {
    if (node.parentElement) found.add(node.parentElement)
  }
  // what changed may stand within what was Chinese before
  const above = root.parentElement?.closest('[lang]')
  if (above && marked.has(above)) found.add(above)
  for (const element of found) judge(element)
}

/** Marks what stands there and what comes, until the returned function is called; for a page that is not Chinese. */
export function markChinese(): () => void {
  marking.value = true
  judgeAll(document.body)
  const watching = new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === 'characterData') judgeAll(target)
      else {
        if (target instanceof Element && marked.has(target)) judge(target)
        for (const node of addedNodes) if (node.isConnected) judgeAll(node)
      }
    }
  })
  watching.observe(document.body, { childList: true, characterData: true, subtree: true })
  return () => {
    watching.disconnect()
    marking.value = false
  }
}
