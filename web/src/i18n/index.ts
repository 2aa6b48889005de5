/**
 * The two languages of the pages: zh-CN first, en with the same keys.
 *
 * Words are kept one module a feature (shell, call, record, desk, audit) and read as `t('call.answer')`.
 * The choice is kept in this browser; nothing entered is lost when it changes.
 */
import { createI18n } from 'vue-i18n'
import elementEn from 'element-plus/es/locale/lang/en'
import elementZh from 'element-plus/es/locale/lang/zh-cn'
import { ZONE } from '../rules/china'
import en from './en'
import zh from './zh-CN'

export type Language = 'zh-CN' | 'en'
export const languages: readonly { id: Language; name: string }[] = [
  { id: 'zh-CN', name: '中文' },
  { id: 'en', name: 'English' },
]

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

export const i18n = createI18n({
  legacy: false,
  locale: remembered(),
  fallbackLocale: 'zh-CN',
  missingWarn: true,
  messages: { 'zh-CN': zh, en },
  datetimeFormats: { 'zh-CN': DATES, en: DATES },
})

export function language(): Language {
  return i18n.global.locale.value as Language
}

export function speak(chosen: Language): void {
  i18n.global.locale.value = chosen
  document.documentElement.lang = chosen
  try {
    localStorage.setItem(KEY, chosen)
  } catch {
    // the choice then lasts as long as the page
  }
}

export const elementLocales = { 'zh-CN': elementZh, en: elementEn }
