import { afterEach, expect, it } from 'vitest'
import type { MaterialMoved } from '../../wire/messages'
import { useMovedFile } from './movedFile'

afterEach(() => localStorage.clear())
const event = (version: number, by: string): MaterialMoved => ({ version, by: { id: by } }) as never

it('is told until it was read, over a reload too, and never of what this person moved', () => {
  const first = useMovedFile('case-1', 'me')
  first.noteMoved(event(4, 'me'))
  first.noteMoved(null)
  expect(first.moved_by.value).toBeNull()
  first.noteMoved(event(6, 'zhou'))
  first.noteMoved(event(5, 'zhou'))
  expect(first.moved_by.value?.version).toBe(6)
  first.readMoved()
  expect(first.moved_by.value).toBeNull()
  const again = useMovedFile('case-1', 'me')
  again.noteMoved(event(6, 'zhou'))
  expect(again.moved_by.value).toBeNull()
  again.noteMoved(event(7, 'zhou'))
  expect(again.moved_by.value?.version).toBe(7)
})
