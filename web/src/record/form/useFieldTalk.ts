/** The comments on the fields of a form: how many are open on each, which lie open here; what others say is said aloud. */
import { computed, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { announce } from '../../ui/announce'
import type { CaseBook } from '../book/useCase'
import { commentsOn } from '../rules/points'
import { useBegun } from '../talk/begun'
import { placeName } from '../rules/words'

/** `alone`: the form stands without the talk about it. */
export function useFieldTalk(book: CaseBook, alone: () => boolean) {
  const { t, locale } = useI18n()
  const shown = computed(
    () => !alone() && ['window', 'approver', 'third'].includes(book.audience.value ?? ''),
  )
  /** the field whose comments lie open */
  const lying = ref<string | null>(null)

  const begun = useBegun(book)
  /** stays as it is while he writes on */
  const begun_at = computed(() => begun.value.map((one) => one.on).join('\n'))
  /** Whether those of a field lie open: it was asked for, or something is begun there and not sent. */
  function liesOpen(path: string): boolean {
    return lying.value === path || (shown.value && begun_at.value.split('\n').includes(`field:${path}`))
  }

  /** How many are open; undefined where comments are not shown. */
  function openOn(path: string): number | undefined {
    return shown.value && book.view.value
      ? commentsOn(book.view.value, `field:${path}`).filter((one) => one.state === 'open').length
      : undefined
  }

  /** Opens those of a field, or closes them. */
  function turn(path: string): void {
    if (shown.value) lying.value = lying.value === path ? null : path
  }

  watch(
    () => book.view.value?.comments,
    (now, before) => {
      if (!now || !before || !shown.value || !book.view.value) return
      for (const one of now) {
        const last = one.entries.at(-1)
        const was = before.find((each) => each.id === one.id)?.entries.length ?? 0
        if (last && one.entries.length > was && last.by.id !== book.me) {
          announce(
            t('talk.comments.aloud', {
              name: last.by.name,
              place: placeName(t, book.view.value, one.on, locale.value),
              text: last.text,
            }),
          )
        }
      }
    },
  )

  return { lying, liesOpen, openOn, turn }
}
