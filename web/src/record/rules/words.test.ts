import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ComposerTranslation } from 'vue-i18n'
import { i18n, learn, speak } from '../../i18n'
import { arrivedOf, changeWords, movedWord, percent, size, typeNames } from './words'
import type { CaseView } from '../../wire/messages'
import { acceptOf, claimedType, faultOfFile } from '../materials/uploads/fileTypes'
import { faultOf, tidied } from './form/checks'
import { by, caseView, field, material } from '../../../tests/kit/cases'

const taken = resolve(import.meta.dirname, '../../../../tests/vectors/files.json')

describe('sizes and types', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KB'],
    [1_900_000, '1.8 MB'],
    [200 * 1024 * 1024, '200 MB'],
    [5000 * 1024 ** 3, '5000 GB'],
  ])('%d is %s', (bytes, text) => {
    expect(size(bytes)).toBe(text)
  })

  it('tells of a file that comes what the most knowing one knows, and all of one that has come', () => {
    const coming = { state: 'receiving' as const, size_bytes: 129_024 }
    expect(arrivedOf(coming, undefined, 0)).toBe(0)
    expect(arrivedOf(coming, undefined, 129_024)).toBe(129_024)
    expect(arrivedOf(coming, 65_536, 1_024)).toBe(65_536)
    expect(arrivedOf({ ...coming, state: 'stored' }, undefined, 0)).toBe(129_024)
  })

  it('counts per cent down, so that 100 means all', () => {
    expect([percent(0, 0), percent(999, 1000), percent(1000, 1000), percent(2, 1)]).toEqual([0, 99, 100, 100])
  })

  it('names types as people do', () => {
    expect(typeNames(['application/pdf', 'image/jpeg', 'image/webp'])).toBe('PDF、JPEG、WebP')
  })

  it('names every type that the server takes, in both languages, and knows it by every ending', async () => {
    // the server's tests write them first
    const { media_types, endings } = JSON.parse(readFileSync(taken, 'utf8')) as {
      media_types: string[]
      endings: Record<string, string[]>
    }
    await learn('work', 'case')
    for (const language of ['zh-CN', 'en'] as const) {
      await speak(language)
      expect(
        i18n.global.t('record.materials.limits', { types: typeNames(media_types), size: size(1024) }),
      ).toContain(
        ['PDF', 'JPEG', 'PNG', 'WebP', 'HEIC', 'Word', 'Excel', 'OFD'].join(language === 'en' ? ', ' : '、'),
      )
    }
    await speak('zh-CN')
    const known = Object.entries(endings).flatMap(([type, all]) =>
      all.map((ending) => [ending, claimedType({ name: `a.${ending}`, type: '' }) === type]),
    )
    expect(known.filter(([, same]) => !same)).toEqual([])
    const limits = {
      max_bytes: 1000,
      media_types,
      upload_lives_s: 60,
      files_left: null,
      bytes_left: null,
      reads_cards: false,
      quota_scarce: false,
    }
    expect(acceptOf(limits).split(',')).toEqual([...media_types, '.docx', '.xlsx', '.ofd'])
    expect(faultOfFile({ name: 'a.apng', type: 'image/apng', size: 10 }, limits)).toBeNull()
  })
})

describe('a file before it is sent', () => {
  const limits = {
    max_bytes: 1000,
    media_types: ['application/pdf', 'image/png'],
    upload_lives_s: 60,
    files_left: null,
    bytes_left: null,
    reads_cards: false,
    quota_scarce: false,
  }
  it.each([
    [{ name: 'a.pdf', type: 'application/pdf', size: 1000 }, null],
    [{ name: 'a.pdf', type: 'application/pdf', size: 1001 }, 'size'],
    [{ name: 'a.exe', type: 'application/x-msdownload', size: 10 }, 'type'],
    [{ name: '申请书.doc', type: 'application/msword', size: 10 }, 'word'],
    [{ name: '清册.XLS', type: '', size: 10 }, 'sheet'],
    [{ name: 'a.png', type: '', size: 0 }, 'empty'],
    [{ name: 'A.PDF', type: '', size: 10 }, null],
    [{ name: 'noending', type: '', size: 10 }, 'type'],
  ])('%o: %s', (file, rule) => {
    expect(faultOfFile(file, limits)?.rule ?? null).toBe(rule)
  })

  it('claims its own type first', () => {
    expect(claimedType({ name: 'a.pdf', type: 'image/png' })).toBe('image/png')
  })

  it('claims by its ending what systems call by many names', () => {
    expect(claimedType({ name: '证照.OFD', type: 'application/octet-stream' })).toBe('application/ofd')
    expect(claimedType({ name: 'a.docx', type: '' })).toMatch(/wordprocessingml\.document$/)
  })
})

describe('a value of the form', () => {
  const date = field({ name: 'on', kind: 'date' })
  it.each([
    ['20261118', '2026-11-18'],
    ['2026.1.8', '2026-01-08'],
    ['2026年11月18日', '2026-11-18'],
    [' 2026-11-18 ', '2026-11-18'],
    ['morgen', 'morgen'],
  ])('writes the day %s as %s', (given, kept) => expect(tidied(date, given)).toBe(kept))

  it.each([
    [field({ name: 'a' }), '', 'required'],
    [field({ name: 'a', required: false }), '', null],
    [field({ name: 'a', max_length: 2 }), '𠮷𠮷', null],
    [field({ name: 'a', max_length: 2 }), '一二三', 'too_long'],
    [date, '2026-02-29', 'bad_date'],
    [date, '2024-02-29', null],
    [field({ name: 'i', kind: 'identity_number' }), '11010519491231002X', null],
    [field({ name: 'i', kind: 'identity_number' }), '110105194912310021', 'bad_identity_number'],
    [field({ name: 'c', kind: 'credit_code' }), '91350100M000100Y43', null],
    [field({ name: 'c', kind: 'credit_code' }), '91350100M000100Y4Z', 'bad_credit_code'],
    [field({ name: 'p', kind: 'phone' }), '12345', 'bad_phone'],
    [field({ name: 'x', kind: 'choice', choices: ['甲', '乙'] }), '丙', 'not_a_choice'],
    [field({ name: 'x', kind: 'choice', choices: ['甲', '乙'] }), '乙', null],
  ])('checks %o with %s: %s', (one, text, fault) => {
    expect(faultOf(one, text, new Date(2026, 10, 24))).toBe(fault)
  })
})

describe('a file that somebody else moved', () => {
  const event = {
    subject: 'case:case-0001',
    version: 9,
    at: '2026-11-24T06:00:00Z',
    type: 'material.moved' as const,
    material_id: 'm-1',
    from_line: 'application',
    to_line: 'identity',
    by,
    materials: [material({ id: 'm-1', line: 'identity', name: '扫描件 (3).pdf' })],
    comments: [],
  }
  it.each([
    ['to another line', {}, '14:00 李秀兰把“扫描件 (3).pdf”从“变更登记申请书”移到“身份证件”'],
    [
      'away from its line',
      { to_line: 'other' },
      '14:00 李秀兰把“扫描件 (3).pdf”从“变更登记申请书”移到“其他材料”',
    ],
    ['to the other side', { from_line: 'identity' }, '14:00 李秀兰换了“身份证件”的正反面：“扫描件 (3).pdf”'],
  ])('%s', async (_name, over, word) => {
    await speak('zh-CN')
    await learn('work', 'case')
    expect(
      movedWord(i18n.global.t as unknown as ComposerTranslation, caseView(), { ...event, ...over }, '14:00'),
    ).toBe(word)
  })
})

describe('what others changed', () => {
  it('of a line without a file is a promise only where one was made', async () => {
    await learn('work', 'case')
    const t = i18n.global.t as unknown as ComposerTranslation
    const promise = { line: 'k0' } as CaseView['promises'][number]
    const [line] = caseView().item.lines
    const said = (view: CaseView) =>
      changeWords(t, view, { what: 'materials', where: line?.key ?? '' }, 'zh-CN')
    const bare = caseView({ materials: [] })
    expect(said(bare)).toEqual({ name: line?.name, text: '文件已不在这里' })
    expect(said({ ...bare, promises: [{ ...promise, line: line?.key ?? '' }] }).text).toBe(
      '承诺补交日期有变化',
    )
  })
})
