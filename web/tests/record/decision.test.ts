import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { nextTick } from 'vue'
import { i18n, learn } from '../../src/i18n'
import DecisionNote from '../../src/record/DecisionNote.vue'
import { spoken } from '../../src/ui/announce'
import type { CaseView } from '../../src/wire/messages'
import { caseView, person } from './cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work'))

const mounted = (part: unknown, props: Record<string, unknown>) => mount(part as never, { props: props as never, global: { plugins: [i18n] }, attachTo: document.body })

describe('a decision', () => {
  const decision = { kind: 'refused', reason: '不在受理范围', by: person('person-09', '周明远'), at: '2026-11-24T07:00:00Z', due_on: null, due_days: [], skipped_days: [], provisional: false, points: [] }
  const decided = { state: 'refused', number: '1', decision } as unknown as Partial<CaseView>

  async function taken(holds: string): Promise<{ note: Element | null; active: Element | null }> {
    document.body.innerHTML = `<div data-field="remark"><input id="typing"></div><button id="beside"></button>`
    const page = mounted(DecisionNote, { view: caseView() })
    document.getElementById(holds)?.focus()
    await page.setProps({ view: caseView(decided) } as never)
    await nextTick()
    await nextTick()
    return { note: document.querySelector('[data-decided]'), active: document.activeElement }
  }

  it('leads whoever is in a field that it closes to its head, and is told', async () => {
    const { note, active } = await taken('typing')
    expect(active).toBe(note)
    expect(spoken.value).toBe('周明远的决定：不予受理')
  })

  it('leaves who is elsewhere where he is', async () => {
    expect((await taken('beside')).active?.id).toBe('beside')
  })
})
