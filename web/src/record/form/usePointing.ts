/** Who is at which field, and who points at one: what another points at comes into sight and is said aloud. */
import { computed, nextTick, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { announce } from '../../ui/announce'
import type { Person } from '../../ui/states'
import type { CaseBook } from '../book/useCase'
import { fieldIn } from '../rules/form/fields'
import { labelOf } from '../rules/words'

/** The name of somebody at a field, as it stands on its frame. */
export interface Tag {
  id: string
  name: string
  person: Person
  text: string
}

export function usePointing(
  book: CaseBook,
  page: {
    /** whether the case is decided: nobody fills it any more */
    over: () => boolean
    bring: (path: string) => void
  },
) {
  const { t, locale } = useI18n()

  /** Who is at a field, the one who points first. */
  function peopleAt(path: string): Tag[] {
    const tags: Tag[] = []
    if (book.my_point.value === path)
      tags.push({ id: 'me', name: '', person: 'far', text: t('record.form.me_pointing') })
    for (const { by, field: at } of book.pointing.values()) {
      if (at === path)
        tags.push({
          id: by.id,
          name: by.name,
          person: book.personOf(by),
          text: t('record.form.pointing', { name: by.name }),
        })
    }
    for (const { by, field: at } of book.focused.values()) {
      if (at !== path || tags.some((tag) => tag.id === by.id)) continue
      const filling = book.personOf(by) === 'here' && !page.over()
      tags.push({
        id: by.id,
        name: by.name,
        person: book.personOf(by),
        text: t(filling ? 'record.form.filling' : 'record.form.looking', { name: by.name }),
      })
    }
    return tags
  }

  function pointed(path: string): boolean {
    return book.my_point.value === path || [...book.pointing.values()].some((one) => one.field === path)
  }

  /** why nothing can be pointed at: he speaks with somebody about another case */
  const held = computed(() => (book.elsewhere() ? t('record.document.other_call') : undefined))
  watch(held, (now) => now && book.point(null))

  watch(
    () => [...book.pointing.values()].map((one) => `${one.by.id} ${one.field}`),
    async (now, before) => {
      const fresh = [...book.pointing.values()].find((one) => !before.includes(`${one.by.id} ${one.field}`))
      if (!fresh || !now.length) return
      await nextTick()
      page.bring(fresh.field)
      const view = book.view.value
      const field = view && fieldIn(view, fresh.field)
      if (field)
        announce(t('record.form.pointed_aloud', { name: fresh.by.name, field: labelOf(field, locale.value) }))
    },
  )

  return { peopleAt, pointed, held }
}
