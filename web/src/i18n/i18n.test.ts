// @vitest-environment node
import { describe, expect, it } from 'vitest'
import en from './en'
import zh from './zh-CN'

function sentences(node: object, path = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(node)) {
    const here = path ? `${path}.${key}` : key
    if (typeof value === 'string') found.set(here, value)
    else for (const [deeper, sentence] of sentences(value as object, here)) found.set(deeper, sentence)
  }
  return found
}

const places = (sentence: string) => [...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()

describe('the two languages', () => {
  const chinese = sentences(zh)
  const english = sentences(en)

  it('have the same keys', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
  })

  it('divide a feature with no word in two modules', () => {
    const modules = import.meta.glob<object>('./*/*/*.ts', { import: 'default', eager: true })
    const where = Object.entries(modules).filter(([path]) => !path.endsWith('/index.ts'))
    expect(where.length).toBeGreaterThan(20)
    const heads = where.flatMap(([path, words]) =>
      Object.keys(words).map((head) => `${path.slice(0, path.lastIndexOf('/'))} ${head}`),
    )
    expect(heads.filter((head, at) => heads.indexOf(head) !== at)).toEqual([])
  })

  it('fill the same places in each sentence', () => {
    // an English sentence may have a form for one and a form for several: each fills them all
    for (const [key, sentence] of chinese)
      for (const form of (english.get(key) ?? '').split(' | '))
        expect([key, places(form)]).toEqual([key, places(sentence)])
  })

  const asked = (): [string, string][] => {
    const pages = import.meta.glob(['../**/*.{ts,vue}', '!../**/*.test.ts'], {
      query: '?raw',
      import: 'default',
      eager: true,
    }) as Record<string, string>
    return Object.entries(pages).filter(
      ([path]) => !path.includes('/i18n/') && !path.endsWith('/messages.ts'),
    )
  }

  it('hold each sentence for which a page asks', () => {
    const lacking = asked().flatMap(([path, text]) => [
      ...[...text.matchAll(/\bt\(\s*['"]([a-z][\w-]*(?:\.[\w-]+)+)['"]/g)]
        .filter((match) => !chinese.has(match[1] ?? ''))
        .map((match) => `${path} ${match[1]}`),
      ...[...text.matchAll(/\bt\(\s*`((?:[\w.-]|\$\{[^{}`]*\})+)`/g)]
        .filter((match) => {
          const form = (match[1] ?? '').replaceAll('.', '\\.').replace(/\$\{[^{}]*\}/g, '[\\w.-]+')
          return ![...chinese.keys()].some((key) => new RegExp(`^${form}$`).test(key))
        })
        .map((match) => `${path} ${match[1]}`),
    ])
    expect(lacking).toEqual([])
  })

  it('hold no sentence that no page says', () => {
    const source = asked()
      .map(([, text]) => text)
      .join('\n')
    const whole = new Set(
      [...source.matchAll(/['"`]([a-z][\w-]*(?:\.[\w-]+)+)['"`]/g)].map((match) => match[1]),
    )
    // `a.${b}.c` says whatever has this form; an expression may hold quotes, but no brace
    const forms = [...source.matchAll(/`([a-z]\w*\.(?:[\w.-]|\$\{[^{}`]*\})*)`/g)].map(
      (match) => new RegExp(`^${(match[1] ?? '').replaceAll('.', '\\.').replace(/\$\{[^{}]*\}/g, '\\w+')}$`),
    )
    const silent = [...chinese.keys()].filter(
      (key) => !whole.has(key) && !forms.some((form) => form.test(key)),
    )
    expect(silent).toEqual([])
  })

  it('call one state by one word in English', () => {
    for (const key of [
      'record.course.head.refused',
      'record.decision.taken.refused',
      'audit.decisions.refused',
    ])
      expect(english.get(key), key).toBe(english.get('desk.states.refused'))
  })

  it('have no mark in English that the fonts of Chinese draw a whole character wide', () => {
    for (const [key, sentence] of english) expect(sentence, key).not.toMatch(/[‘’“”]/)
  })

  it('leave no sentence empty', () => {
    for (const [key, sentence] of [...chinese, ...english]) expect(sentence.trim(), key).not.toBe('')
  })

  it('keep English out of the Chinese interface', () => {
    const allowed =
      /^(Enter|PDF|OFD|Word|docx|Excel|xlsx|Typst|CSV|JSON|JPEG|PNG|WebP|SHA-256|MB|KB|kB|GB|ms|s|Alt|Ctrl|[A-Z])$/
    for (const [key, sentence] of chinese) {
      // names of places and of our own commands are not read as words
      const words = sentence.replace(/\{\w+\}|yunjian( (--)?[a-z]+)*/g, '').match(/[A-Za-z][A-Za-z-]*/g) ?? []
      expect(
        words.filter((word) => !allowed.test(word)),
        key,
      ).toEqual([])
    }
  })
})
