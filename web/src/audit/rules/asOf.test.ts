// @vitest-environment node
// @vitest-environment node
import { readFileSync } from 'node:fs'
import { fileURLToPath, URL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Story } from './asOf'
import { reduceCase, type CaseEvent } from '../../record/rules/reducer'
import type { CaseSnapshot, HistoryEvent } from '../../wire/messages'
import { proposal, value } from '../../../tests/kit/cases'
import { approver, at, caseView, clerk, historyOf, ZERO } from '../../../tests/kit/recorded'

const moment = (second: number): number => ZERO + second * 1000

function edits(n: number): HistoryEvent[] {
  return historyOf(
    caseView(),
    Array.from({ length: n }, (_, index) => [
      index,
      'case.edited',
      {
        field: 'appointed_on',
        field_state: value(`value ${index}`, index + 2, clerk),
        outdated: [],
        sensitive: false,
      },
    ]),
  )
}

describe('the case as it stood', () => {
  it('is the reduction of everything up to that moment, and of nothing after it', () => {
    const history = edits(150)
    const story = new Story(history)
    for (const second of [0, 1, 31, 32, 33, 64, 100.5, 149]) {
      const told = story.at(moment(second))
      expect(told?.case.fields['appointed_on']?.value).toBe(`value ${Math.floor(second)}`)
      expect(told?.version).toBe(Math.floor(second) + 2)
    }
    expect(story.at(moment(-1))?.case.fields).toEqual({})
    expect(story.at(moment(-700))).toBeNull()
    expect(story.at(moment(9999))?.version).toBe(151)
  })

  it('counts an event from its own moment on', () => {
    const story = new Story(edits(3))
    expect(story.countAt(moment(1) - 1)).toBe(2)
    expect(story.countAt(moment(1))).toBe(3)
  })

  it('keeps to the order of versions when a second node’s clock is behind', () => {
    const history = edits(3)
    const late = history[2]
    if (late) late.at = at(-30)
    const story = new Story(history)
    expect(story.at(moment(0))?.case.fields['appointed_on']?.value).toBe('value 1')
  })

  it('knows what stood in a field before, and by which proposal it changed', () => {
    const view = caseView({ fields: {} })
    const open = proposal({ id: 'proposal-1', value: '2026-11-18', old_value: '2026-11-20', by: approver })
    const story = new Story(
      historyOf(view, [
        [
          5,
          'case.edited',
          {
            field: 'appointed_on',
            field_state: value('2026-11-20', 2, clerk),
            outdated: [],
            sensitive: false,
          },
        ],
        [60, 'case.proposed', { proposal: open, sensitive: false }],
        [
          90,
          'case.proposal_closed',
          {
            proposal: { ...open, state: 'adopted', closed_by: clerk, closed_at: at(90) },
            field_state: value('2026-11-18', 4, clerk),
            outdated: [],
            sensitive: false,
          },
        ],
        [
          120,
          'case.edited',
          { field: 'new_person', field_state: value('孙雅宁', 5, clerk), outdated: [], sensitive: false },
        ],
      ]),
    )
    expect(story.lastChange(moment(10))).toMatchObject({ before: '', field: 'appointed_on' })
    expect(story.lastChange(moment(95))).toMatchObject({
      before: '2026-11-20',
      now: { value: '2026-11-18' },
      proposal: { by: approver, closed_by: clerk },
    })
    expect(story.lastChange(moment(130))?.field).toBe('new_person')
    expect(story.lastChange(moment(130), 'appointed_on')?.now.value).toBe('2026-11-18')
    expect(story.lastChange(moment(1))).toBeNull()
  })

  it('goes on over an event of a newer server, and says so', () => {
    const story = new Story(
      historyOf(caseView(), [
        [1, 'case.from_tomorrow', {}],
        [
          2,
          'case.edited',
          { field: 'new_person', field_state: value('孙雅宁', 3, clerk), outdated: [], sensitive: false },
        ],
      ]),
    )
    expect(story.incomplete).toBe(true)
    expect(story.at(moment(3))?.case.fields['new_person']?.value).toBe('孙雅宁')
  })

  it('ends, on real cases, where every page ends', () => {
    const file = fileURLToPath(new URL('../../../../tests/vectors/case.json', import.meta.url))
    const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
      subject: string
      audience: string
      snapshot: CaseSnapshot
      events: CaseEvent[]
      expected: CaseSnapshot
    }[]
    const supervised = vectors.filter((one) => one.subject === 'case' && one.audience === 'supervisor')
    expect(supervised.length).toBeGreaterThan(0)
    for (const { snapshot, events, expected } of supervised) {
      const first = {
        type: 'case.created',
        subject: `case:${snapshot.case.id}`,
        version: snapshot.version,
        at: at(-600),
        case: snapshot.case,
      }
      const history = [first, ...events].map((event) => ({
        version: event.version,
        type: event.type,
        at: event.at,
        event: event as unknown as HistoryEvent['event'],
      }))
      const story = new Story(history)
      expect(story.after(story.length)?.case).toEqual(expected.case)
      expect(events.reduce(reduceCase, snapshot)).toEqual(expected)
    }
  })
})
