import { nextTick } from 'vue'

/** Brings a thread that was just opened into sight, and the focus to what is to be done in it: to end it, or to answer. */
export async function goToThread(comment_id: string, what: 'end' | 'answer'): Promise<void> {
  // what opens with it takes the focus for a new comment first
  await nextTick()
  await nextTick()
  const thread = document.querySelector<HTMLElement>(`[data-comment="${CSS.escape(comment_id)}"]`)
  thread?.scrollIntoView({ block: 'nearest' })
  thread?.querySelector<HTMLElement>(what === 'end' ? '[data-resolve]' : 'textarea')?.focus()
}
