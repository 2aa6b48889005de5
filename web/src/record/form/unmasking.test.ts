// @vitest-environment node
import { effectScope, nextTick, ref } from 'vue'
import { expect, it } from 'vitest'
import type { CaseBook } from '../book/useCase'
import { useUnmasking, type Whole } from './useUnmasking'

it.each(['third', 'gone'])('shows nothing whole any more once another unit decides: %s', async (now) => {
  const audience = ref('approver')
  const problem = ref<object | null>(null)
  const scope = effectScope()
  const unmasking = scope.run(() => useUnmasking({ audience, problem } as unknown as CaseBook))!
  const shown = unmasking.shown as Map<string, Whole>
  shown.set('contact_phone', { value: '13805316217', left_s: 60 })
  if (now === 'gone') problem.value = { code: 'not_found' }
  else audience.value = now
  await nextTick()
  expect([...shown.keys()]).toEqual([])
  scope.stop()
})
