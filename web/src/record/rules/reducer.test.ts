// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { gap, reduceCase, UnknownEvent, type CaseEvent } from './reducer'
import type { CaseEdited } from '../../wire/messages'
import { caseView, value } from '../../../tests/kit/cases'

const snapshot = { audience: 'window' as const, version: 4, case: caseView() }
const edited = (version: number, subject = 'case:case-0001'): CaseEdited => ({
  type: 'case.edited',
  subject,
  version,
  at: '2026-11-24T06:00:00Z',
  field: 'appointed_on',
  field_state: value('2026-11-18', version),
  outdated: [],
  sensitive: false,
})

describe('the reducer of a case', () => {
  it('applies the next version', () => {
    const next = reduceCase(snapshot, edited(5))
    expect(next.version).toBe(5)
    expect(next.case.fields['appointed_on']?.value).toBe('2026-11-18')
    expect(snapshot.case.fields['appointed_on']).toBeUndefined()
  })

  it('leaves doubled, late and foreign events and those after a gap alone, and tells the gap', () => {
    for (const event of [edited(4), edited(1), edited(6), edited(5, 'case:case-0002')])
      expect(reduceCase(snapshot, event)).toBe(snapshot)
    expect(
      [edited(4), edited(5), edited(6), edited(9, 'case:case-0002')].map((event) => gap(snapshot, event)),
    ).toEqual([false, false, true, false])
  })

  it('counts an event that it may not see', () => {
    expect(reduceCase(snapshot, { type: 'skipped', subject: 'case:case-0001', version: 5, at: '' })).toEqual({
      ...snapshot,
      version: 5,
    })
  })

  it('refuses an event of a newer server', () => {
    for (const type of ['case.sung', 'toString']) {
      const strange = { type, subject: 'case:case-0001', version: 5, at: '' } as unknown as CaseEvent
      expect(() => reduceCase(snapshot, strange)).toThrow(UnknownEvent)
    }
  })
})
