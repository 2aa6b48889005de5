/** The rows of the repeated groups of a form, as they stand and as they are changed here. */
import { nextTick, ref } from 'vue'
import { Problem } from '../../wire/http'
import type { FormField } from '../../wire/messages'
import { rowsOf, type FieldPlace, type Values } from '../rules/form/fields'
import type { FormHands } from './useForm'

export interface FormRow {
  id: string
  places: FieldPlace[]
}

export function useFormRows(form: {
  /** null before the case is there */
  values: () => Values | null
  places: () => readonly FieldPlace[]
  hands: () => Pick<FormHands, 'addRow' | 'removeRow' | 'moveRow'> | null
  /** leads into a field */
  go: (path: string) => void
  problem: (problem: Problem) => void
}) {
  /** the group whose rows are being changed */
  const changing = ref<string | null>(null)

  function rowsIn(group: FormField): FormRow[] {
    return rowsOf(form.values()?.(group.name) ?? '').map((id) => ({
      id,
      places: form.places().filter((one) => one.path.startsWith(`${group.name}.${id}.`)),
    }))
  }

  async function change(group: string, changed: Promise<void> | undefined): Promise<void> {
    changing.value = group
    try {
      await changed
    } catch (reason) {
      form.problem(Problem.of(reason))
    } finally {
      changing.value = null
    }
  }

  /** Leads into the first field of the new row. */
  async function add(group: FormField): Promise<void> {
    const before = rowsIn(group).map((one) => one.id)
    await change(group.name, form.hands()?.addRow(group.name))
    await nextTick()
    const fresh = rowsIn(group).find((one) => !before.includes(one.id))?.places[0]
    if (fresh) form.go(fresh.path)
  }

  const remove = (group: string, row: string): Promise<void> =>
    change(group, form.hands()?.removeRow(group, row))
  const move = (group: string, row: string, by: -1 | 1): Promise<void> =>
    change(group, form.hands()?.moveRow(group, row, by))

  return { changing, rowsIn, add, remove, move }
}
