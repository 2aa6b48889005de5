// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { leftAt, nextWanting, openingOf, wanting } from './attention'
import { caseView, field, person, proposal, value } from '../../../tests/kit/cases'

const at = (text: string, time: string, who = 'me') => ({ ...value(text, 2, person(who)), at: time })

describe('what wants attention', () => {
  const view = caseView({
    fields: { new_person: value('孙雅宁', 2) },
    proposals: [proposal({ id: 'p1', field: 'remark' })],
  })

  it('is empty, proposed or offered, in the order of the form', () => {
    expect(wanting(view, ['new_person'], false)).toEqual(['new_person', 'appointed_on', 'remark'])
    expect(wanting(view, [], true)).toEqual([])
  })

  it('comes one after the other, going round', () => {
    const wanted = wanting(view, [], false)
    expect(nextWanting(view, wanted, null)).toBe('appointed_on')
    expect(nextWanting(view, wanted, 'appointed_on')).toBe('remark')
    expect(nextWanting(view, wanted, 'remark')).toBe('appointed_on')
    expect(nextWanting(view, [], 'remark')).toBeNull()
  })
})

describe('where one left off', () => {
  const draft = (time: string) => ({ value: '一', base_version: 0, at: time })
  const view = caseView({
    fields: {
      new_person: at('孙', '2026-11-24T06:00:00Z'),
      appointed_on: at('2026-11-18', '2026-11-24T09:00:00Z', 'other'),
    },
  })

  it('is the field of the newest draft or edit of mine, whatever others did since', () => {
    expect(leftAt(view, {}, 'me', null)).toBe('new_person')
    expect(leftAt(view, { remark: draft('2026-11-24T07:00:00Z') }, 'me', null)).toBe('remark')
  })

  it('is what this browser remembers where that is newer, and still there', () => {
    expect(leftAt(view, {}, 'me', { path: 'remark', at: '2026-11-24T08:00:00Z' })).toBe('remark')
    expect(leftAt(view, {}, 'me', { path: 'gone', at: '2026-11-24T08:00:00Z' })).toBe('new_person')
    expect(leftAt(caseView(), {}, 'me', null)).toBeNull()
  })
})

describe('a case that is opened', () => {
  const delivery = field({ name: 'delivery', kind: 'choice', choices: ['窗口领取', '邮寄'] })
  const view = caseView({ item: { ...caseView().item, form: [...caseView().item.form, delivery] } })
  const draft = { remark: { value: '一', base_version: 0, at: '2026-11-24T07:00:00Z' } }

  it('leads to what was left half done, else to the filled step, else to where one left off', () => {
    expect(openingOf(view, draft, 'remark', true)).toEqual({ kind: 'field', path: 'remark' })
    expect(openingOf(view, {}, 'remark', true)).toEqual({ kind: 'step' })
    expect(openingOf(view, {}, null, true)).toEqual({ kind: 'step' })
    expect(openingOf(view, {}, 'remark', false)).toEqual({ kind: 'field', path: 'remark' })
    expect(openingOf(view, {}, null, false)).toBeNull()
  })

  it('never leads to a choice, which one key would change', () => {
    expect(openingOf(view, {}, 'delivery', true)).toEqual({ kind: 'step' })
    expect(openingOf(view, {}, 'delivery', false)).toEqual({ kind: 'missing' })
  })
})
