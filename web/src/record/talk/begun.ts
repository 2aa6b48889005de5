/**
 * Comments that are written and not sent, of this person in this browser: kept until the record has them, by the name
 * `{person}.{case}.comment.{place}` or `….reply.{comment}`, and whether their box stands on the page now.
 */
import { computed, reactive, type ComputedRef } from 'vue'
import { recall, recalled, remember } from '../../ui/remembered'
import type { CaseBook } from '../book/useCase'
import { closed } from '../rules/lines'

export interface Begun {
  /** where it is to stand: `field:…`, `line:…` or `case` */
  on: string
  text: string
  /** its box stands on the page */
  shown: boolean
}

const texts = reactive(new Map<string, string>())
const boxes = reactive(new Map<string, number>())
const read = new Set<string>()

/** What was written under this name. */
export function begunText(keep: string): string {
  return recall(`unsent.${keep}`) ?? ''
}

/** Keeps it; nothing forgets it. */
export function keepBegun(keep: string, text: string): void {
  remember(`unsent.${keep}`, text)
  if (text.trim()) texts.set(keep, text)
  else texts.delete(keep)
}

/** Its box comes onto the page; the returned function takes it away. */
export function standsThere(keep: string): () => void {
  boxes.set(keep, (boxes.get(keep) ?? 0) + 1)
  return () => void boxes.set(keep, (boxes.get(keep) ?? 1) - 1)
}

/** What this person has begun in a case that can still be commented on, by place. */
export function useBegun(book: Pick<CaseBook, 'me' | 'case_id' | 'view'>): ComputedRef<Begun[]> {
  const of_case = `${book.me}.${book.case_id}.`
  if (!read.has(of_case)) {
    read.add(of_case)
    for (const [key, text] of recalled(`unsent.${of_case}`)) {
      const keep = key.slice('unsent.'.length)
      if (/^(comment|reply)\./.test(keep.slice(of_case.length)) && text.trim()) texts.set(keep, text)
    }
  }
  return computed(() => {
    const view = book.view.value
    if (!view || closed(view)) return []
    return [...texts].flatMap(([keep, text]): Begun[] => {
      if (!keep.startsWith(of_case)) return []
      const what = keep.slice(of_case.length)
      const on = what.startsWith('comment.')
        ? what.slice('comment.'.length)
        : view.comments.find((one) => one.state === 'open' && what === `reply.${one.id}`)?.on
      return on === undefined ? [] : [{ on, text, shown: (boxes.get(keep) ?? 0) > 0 }]
    })
  })
}
