/** Speaks one sentence politely to screen readers; the same sentence twice is spoken twice. */
import { nextTick, ref } from 'vue'

export const spoken = ref('')

export function announce(sentence: string): void {
  spoken.value = ''
  void nextTick(() => {
    spoken.value = sentence
  })
}
