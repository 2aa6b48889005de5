/**
 * The quick phrases of a unit (常用语), asked for once a page, and the search by which they, the item's guide and
 * the messages are found: by a part of the text, or by pinyin: initials (`gzbq` finds 公章不清), whole or mixed.
 */
import { shallowRef, type ShallowRef } from 'vue'
import { http } from '../../wire/http'
import type { Phrase, Phrases } from '../../wire/messages'
import { signedIn } from '../../wire/session'

type Match = (text: string, typed: string) => readonly number[] | null

/** Finds without pinyin: the letters as they stand. */
export const plain: Match = (text, typed) => {
  const from = text.toLowerCase().indexOf(typed.toLowerCase())
  return from < 0 ? null : Array.from(typed, (_, index) => from + index)
}

let loading: Promise<Match> | null = null

/** The search with pinyin; its tables are fetched when someone first searches. */
export function pinyinMatch(): Promise<Match> {
  loading ??= import('pinyin-pro').then(
    ({ match }): Match =>
      (text, typed) =>
        plain(text, typed) ??
        (/^[a-z\s']+$/i.test(typed)
          ? match(text, typed.replaceAll(/[\s']/g, ''), { continuous: true })
          : null),
    () => {
      loading = null
      return plain
    },
  )
  return loading
}

export interface FoundPhrase<T> {
  one: T
  /** the places in the text that match; empty when nothing is searched for */
  at: readonly number[]
}

/** What matches `typed`, the matches at the beginning first; everything when nothing is typed. */
export function find<T>(
  all: readonly T[],
  text: (one: T) => string,
  typed: string,
  match: Match,
): FoundPhrase<T>[] {
  const wanted = typed.trim()
  if (!wanted) return all.map((one) => ({ one, at: [] }))
  return all
    .flatMap((one) => {
      const at = match(text(one), wanted)
      return at ? [{ one, at }] : []
    })
    .sort((a, b) => (a.at[0] ?? 0) - (b.at[0] ?? 0))
}

/** The text in pieces, those that match marked. */
export function pieces(text: string, at: readonly number[]): { text: string; hit: boolean }[] {
  const hits = new Set(at)
  const found: { text: string; hit: boolean }[] = []
  for (let index = 0; index < text.length; index++) {
    const hit = hits.has(index)
    const last = found.at(-1)
    if (last?.hit === hit) last.text += text[index]
    else found.push({ text: text[index] ?? '', hit })
  }
  return found
}

const kept = new Map<string, ShallowRef<readonly Phrase[]>>()

/** The phrases of the person who is signed in; empty until they are there. */
export function usePhrases(): ShallowRef<readonly Phrase[]> {
  const who = signedIn.value?.id ?? ''
  const held = kept.get(who)
  if (held) return held
  const phrases = shallowRef<readonly Phrase[]>([])
  kept.set(who, phrases)
  http.get<Phrases>('/phrases').then(
    (told) => (phrases.value = told.phrases),
    // the next part of the page that wants them asks again
    () => kept.delete(who),
  )
  return phrases
}
