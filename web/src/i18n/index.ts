/**
 * The two languages of the pages: zh-CN first, en with the same keys.
 *
 * Words are kept one module a feature (shell, call, audit), or a folder of a module a subject (record, desk), and read
 * as `t('call.answer')`. A browser fetches those of one language alone, and of them the books that its pages need. The
 * choice is kept in this browser; nothing entered is lost when it changes.
 */
import { createI18n } from 'vue-i18n'
import elementEn from 'element-plus/es/locale/lang/en'
import elementZh from 'element-plus/es/locale/lang/zh-cn'
import { ZONE } from '../rules/china'
import type zh from './zh-CN'

export type Language = 'zh-CN' | 'en'
export const languages: readonly { id: Language; name: string }[] = [
  { id: 'zh-CN', name: '中文' },
  { id: 'en', name: 'English' },
]

/** shell: what stands on every page, sign-in too; work: the desks; case: beside them on the pages of a case and of tasks; admin: the pages of administration; audit: the log of calls and the replay. */
export type WordBook = 'shell' | 'work' | 'case' | 'admin' | 'audit'
const BOOKS: Record<Language, Record<WordBook, () => Promise<{ default: object }>>> = {
  'zh-CN': {
    shell: () => import('./zh-CN/shell'),
    work: () => import('./zh-CN/work'),
    case: () => import('./zh-CN/case'),
    admin: () => import('./zh-CN/admin'),
    audit: () => import('./zh-CN/audit'),
  },
  en: {
    shell: () => import('./en/shell'),
    work: () => import('./en/work'),
    case: () => import('./en/case'),
    admin: () => import('./en/admin'),
    audit: () => import('./en/audit'),
  },
}

/** Of several features; the others are one each. */
const WHOLE = new Set<WordBook>(['work', 'case', 'admin'])

declare module 'vue-i18n' {
  export interface DefineLocaleMessage extends Readonly<typeof zh> {}
}

const KEY = 'yunjian.language'

function remembered(): Language {
  try {
    return localStorage.getItem(KEY) === 'en' ? 'en' : 'zh-CN'
  } catch {
    // storage may be forbidden in this browser
    return 'zh-CN'
  }
}

const CLOCK = { hour: '2-digit', minute: '2-digit', hour12: false, timeZone: ZONE } as const
const DAY = { year: 'numeric', month: '2-digit', day: '2-digit', timeZone: ZONE } as const
const DATES = {
  time: CLOCK,
  second: { ...CLOCK, second: '2-digit' },
  day: { month: 'long', day: 'numeric', weekday: 'long', timeZone: ZONE },
  date: DAY,
  short_day: { month: '2-digit', day: '2-digit', timeZone: ZONE },
  moment: { ...DAY, ...CLOCK },
} as const

const IN_WORDS = { day: 'numeric', month: 'short', year: 'numeric', timeZone: ZONE } as const
const DATES_IN_WORDS = {
  ...DATES,
  date: IN_WORDS,
  short_day: { day: 'numeric', month: 'short', timeZone: ZONE },
  moment: { ...IN_WORDS, ...CLOCK },
} as const

export const i18n = createI18n({
  legacy: false,
  locale: remembered(),
  fallbackLocale: { en: ['en-GB', 'zh-CN'], default: ['zh-CN'] },
  missingWarn: true,
  messages: { 'zh-CN': {} as typeof zh, en: {} as typeof zh },
  // days stand before months in English, and months are words: no reader takes 12/01 for another day
  datetimeFormats: { 'zh-CN': DATES, 'en-GB': DATES_IN_WORDS },
  fallbackWarn: false,
})

export function language(): Language {
  return i18n.global.locale.value as Language
}

/** Several words as one list, with the comma of the language. */
export function listed(words: readonly string[]): string {
  return words.join(language() === 'en' ? ', ' : '、')
}

/** The books that pages have asked for so far, and those that are here, by language and name. */
const wanted = new Set<WordBook>(['shell'])
const here = new Set<string>()
let chosen: Language = language()

async function read(which: Language): Promise<void> {
  await Promise.all(
    [...wanted].map(async (book) => {
      const key = `${which} ${book}`
      if (here.has(key)) return
      const words = (await BOOKS[which][book]()).default
      i18n.global.mergeLocaleMessage(which, WHOLE.has(book) ? words : { [book]: words })
      here.add(key)
    }),
  )
}

/** Fetches the words of these books in the language that is spoken, and in another as soon as it is chosen. */
export function learn(...books: WordBook[]): Promise<void> {
  for (const book of books) wanted.add(book)
  return read(language())
}

/** Speaks this language once its words are here; of two choices the later counts. Rejects where they cannot be had. */
export async function speak(which: Language): Promise<void> {
  chosen = which
  await read(which)
  if (chosen !== which) return
  i18n.global.locale.value = which
  document.documentElement.lang = which
  try {
    localStorage.setItem(KEY, which)
  } catch {
    // the choice then lasts as long as the page
  }
}

export const elementLocales = { 'zh-CN': elementZh, en: elementEn }
