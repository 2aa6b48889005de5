// @vitest-environment node
import { beforeAll, expect, it } from 'vitest'
import type { ComposerTranslation } from 'vue-i18n'
import { caseView, field, value } from '../../../tests/kit/cases'
import { i18n, learn } from '../../i18n'
import { attachedWords, fieldLabel, savedWords } from './formWords'

beforeAll(() => learn('work', 'case'))
const t = i18n.global.t as unknown as ComposerTranslation

it('says first what is being saved, then what is not saved, then when all was', () => {
  const fields = {
    one: { ...value('1', 3), at: '2026-11-24T06:02:00Z' },
    two: { ...value('2', 4), at: '2026-11-24T06:01:00Z' },
  }
  const still = { saving: false, unsaved: false }
  const said = (...faces: (typeof still)[]) => savedWords(t, (at) => at, fields, faces)
  expect(said({ saving: true, unsaved: true }, { saving: false, unsaved: true }).word).toBe('正在保存')
  expect(said(still, { saving: false, unsaved: true })).toEqual({ state: 'mend', word: '1 项未保存' })
  expect(said(still)).toEqual({ state: 'good', word: '已保存 2026-11-24T06:02:00Z' })
  expect(savedWords(t, (at) => at, {}, [still])).toEqual({ state: 'none', word: '还没有填' })
})

it('says of an attachment how its line stands, and nothing of other fields', () => {
  const view = caseView()
  const line = view.item.lines[0]!.key
  const attachment = field({ name: 'scan', kind: 'attachment', line })
  expect(attachedWords(t, view, attachment)).toEqual({ state: 'none', word: '未交' })
  expect(attachedWords(t, view, { ...attachment, line: 'no such line' })).toBeUndefined()
  expect(attachedWords(t, view, field({ name: 'scan', line }))).toBeUndefined()
})

it('calls a field by its label, and what the form does not have by its path', () => {
  const view = caseView()
  const { name, label } = view.item.form[0]!
  expect([fieldLabel(view, name, 'zh-CN'), fieldLabel(view, 'gone', 'zh-CN')]).toEqual([label, 'gone'])
  expect(fieldLabel(null, name, 'zh-CN')).toBe(name)
})
