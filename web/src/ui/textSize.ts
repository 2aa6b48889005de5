/**
 * How large the text of the desks is: standard, large or largest, kept per person in this browser. All sizes in our
 * styles are multiplied by it when they are built (vite.config.ts). The applicant's screen has a switch of its own.
 */
import { ref } from 'vue'
import { recall, remember } from './remembered'

export const TEXT_SIZES = ['standard', 'large', 'largest'] as const
export type TextSize = (typeof TEXT_SIZES)[number]

export const textSize = ref<TextSize>('standard')
const key = (person_id: string): string => `text.${person_id}`

function show(size: TextSize): void {
  textSize.value = size
  document.documentElement.dataset['text'] = size
}

/** Shows the text as large as this person had it last; standard for nobody. */
export function showTextOf(person_id: string | null): void {
  const kept = person_id === null ? null : recall(key(person_id))
  show(TEXT_SIZES.find((one) => one === kept) ?? 'standard')
}

export function chooseText(person_id: string, size: TextSize): void {
  show(size)
  remember(key(person_id), size === 'standard' ? null : size)
}
