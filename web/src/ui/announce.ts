/**
 * Speaks one sentence politely to screen readers; the same sentence twice is spoken twice. It stands for a while and
 * goes then: a person who reads on through the page finds no sentence of minutes ago as if it held.
 */
import { nextTick, ref } from 'vue'

export const spoken = ref('')

const STANDS_MS = 8_000
let goes: ReturnType<typeof setTimeout> | undefined

export function announce(sentence: string): void {
  clearTimeout(goes)
  spoken.value = ''
  void nextTick(() => {
    spoken.value = sentence
    clearTimeout(goes)
    goes = setTimeout(() => {
      spoken.value = ''
    }, STANDS_MS)
  })
}
