/** The last file that somebody else put on another line, until this person has read of it here. */
import { shallowRef } from 'vue'
import { recall, remember } from '../../ui/remembered'
import type { MaterialMoved } from '../../wire/messages'

export function useMovedFile(case_id: string, me: string) {
  const moved_by = shallowRef<MaterialMoved | null>(null)
  const moved_read = `moved.${case_id}.${me}`

  function noteMoved(event: MaterialMoved | null | undefined): void {
    if (
      !event ||
      event.by.id === me ||
      event.version <= Math.max(Number(recall(moved_read)), moved_by.value?.version ?? 0)
    )
      return
    moved_by.value = event
  }

  function readMoved(): void {
    if (!moved_by.value) return
    remember(moved_read, String(moved_by.value.version))
    moved_by.value = null
  }

  return { moved_by, noteMoved, readMoved }
}
