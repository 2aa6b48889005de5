import type { Ref } from 'vue'

/**
 * Sends what was taken to the line for which it was taken, once it is meant: `asked` may wait for a word, and meanwhile the
 * papers of another line may lie there, or none. Until then the papers stay.
 */
export async function sendTaken(
  scanning: Ref<string | null>,
  asked: () => Promise<boolean>,
  bring: (line: string) => Promise<void>,
): Promise<void> {
  const line = scanning.value
  if (line === null || !(await asked())) return
  if (scanning.value === line) scanning.value = null
  await bring(line)
}
