// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FieldEditor, REST_MS, TYPING_EVERY_MS } from './fieldEditor'
import type { EditRefusal } from './fieldHold'
import type { FieldState, FormField } from '../../../wire/messages'
import { field, person, value } from '../../../../tests/kit/cases'

const at = (text: string, version: number, by = 'me'): FieldState => value(text, version, person(by))

/** What the editor sent, and a hand on each answer. */
function desk(record?: FieldState, over: Partial<FormField> = {}) {
  const typed: string[] = []
  const drafts: [string, number][] = []
  const edits: { value: string; base: number; answer: (refused: EditRefusal | null) => void }[] = []
  const holds: boolean[] = []
  const answer = { hold: null as EditRefusal | null }
  const editor = new FieldEditor(
    field({ name: 'reason', ...over }),
    record,
    'me',
    {
      typing: (value) => typed.push(value),
      draft: (value, base) => drafts.push([value, base]),
      edit: (value, base) => new Promise((answer) => edits.push({ value, base, answer })),
      hold: async (on) => {
        holds.push(on)
        return on ? answer.hold : null
      },
      changed: () => undefined,
    },
    () => Date.now(),
  )
  const last = () => {
    const edit = edits.at(-1)
    if (!edit) throw new Error('nothing was sent')
    return edit
  }
  return { editor, typed, drafts, edits, holds, answer, last }
}

const stale: EditRefusal = { code: 'stale', title: '' }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a field under one person’s hands', () => {
  it('tells what is typed at most ten times a second, the last value always', () => {
    const { editor, typed } = desk()
    editor.focus()
    for (let i = 1; i <= 50; i++) {
      editor.input('字'.repeat(i))
      vi.advanceTimersByTime(10)
    }
    vi.advanceTimersByTime(TYPING_EVERY_MS)
    expect(typed.length).toBeLessThanOrEqual(7)
    expect(typed.at(-1)).toBe('字'.repeat(50))
  })

  it('keeps a draft at most a second behind', () => {
    const { editor, drafts } = desk()
    editor.focus()
    for (let i = 1; i <= 40; i++) {
      editor.input('a'.repeat(i))
      vi.advanceTimersByTime(100)
      const behind = i - (drafts.at(-1)?.[0].length ?? 0)
      expect(behind * 100).toBeLessThan(1000)
    }
  })

  it('saves what was typed while an edit that is refused was on its way', async () => {
    const { editor, edits, last } = desk()
    editor.focus()
    editor.input('2026-11-30')
    void editor.commit()
    editor.input('2046-11-30')
    await editor.blur()
    last().answer({ code: 'not_before', title: '' })
    await vi.advanceTimersByTimeAsync(REST_MS)
    expect(edits.map((one) => one.value)).toEqual(['2026-11-30', '2046-11-30'])
    expect(editor.refusal).toBeNull()
  })

  it('saves after 800 ms of rest and not before', () => {
    const { editor, edits } = desk()
    editor.focus()
    editor.input('孙雅宁')
    vi.advanceTimersByTime(REST_MS - 1)
    expect(edits).toHaveLength(0)
    vi.advanceTimersByTime(1)
    expect(edits).toMatchObject([{ value: '孙雅宁', base: 0 }])
  })

  it('saves at blur at once, and shows the record again when the event is there', async () => {
    const { editor, last } = desk(at('旧', 3))
    editor.focus()
    editor.input('新')
    void editor.blur()
    expect(last()).toMatchObject({ value: '新', base: 3 })
    last().answer(null)
    editor.recorded(at('新', 7))
    await vi.runAllTimersAsync()
    expect([editor.local, editor.shown, editor.unsaved, editor.saving]).toEqual([null, '新', false, false])
  })

  it.each(['ack first', 'event first'])(
    'starts the next edit from the version of the one before (%s)',
    async (order) => {
      const { editor, edits, last } = desk()
      editor.focus()
      editor.input('一')
      vi.advanceTimersByTime(REST_MS)
      editor.input('一二')
      if (order === 'ack first') {
        last().answer(null)
        await vi.advanceTimersByTimeAsync(REST_MS)
        expect(edits).toHaveLength(1)
        editor.recorded(at('一', 5))
      } else {
        editor.recorded(at('一', 5))
        last().answer(null)
      }
      await vi.advanceTimersByTimeAsync(REST_MS)
      expect(edits.map(({ value, base }) => [value, base])).toEqual([
        ['一', 0],
        ['一二', 5],
      ])
    },
  )

  it('never overwrites what is typed in a focused field', () => {
    const { editor, edits } = desk(at('旧', 1))
    editor.focus()
    editor.input('我填的')
    editor.recorded(at('别人填的', 2, 'other'))
    expect([editor.shown, editor.offer]).toEqual(['我填的', 'stale'])
    vi.advanceTimersByTime(REST_MS * 2)
    expect(edits).toHaveLength(0)
  })

  it('leaves an untouched focused field alone and takes the new value at blur, without an edit', async () => {
    const { editor, edits } = desk(at('旧', 1))
    editor.focus()
    editor.recorded(at('新', 2, 'other'))
    expect([editor.shown, editor.changedUnder]).toEqual(['旧', true])
    await editor.blur()
    expect([editor.shown, editor.changedUnder, edits.length]).toEqual(['新', false, 0])
  })

  it('shows at once what the same person adopted', () => {
    const { editor } = desk(at('旧', 1))
    editor.focus()
    editor.recorded(at('建议的', 2, 'me'))
    expect(editor.shown).toBe('建议的')
  })

  it('keeps what was typed when it is refused as stale, and saves it from the new version if it is chosen', async () => {
    const { editor, last } = desk(at('旧', 1))
    editor.focus()
    editor.input('我填的')
    void editor.blur()
    last().answer(stale)
    await vi.advanceTimersByTimeAsync(0)
    editor.recorded(at('别人填的', 2, 'other'))
    expect([editor.shown, editor.offer]).toEqual(['我填的', 'stale'])
    void editor.keepMine()
    expect(last()).toMatchObject({ value: '我填的', base: 2 })
  })

  it('lets go of what was typed when the record is chosen', async () => {
    const { editor, last, drafts } = desk(at('旧', 1))
    editor.focus()
    editor.input('我填的')
    void editor.blur()
    last().answer(stale)
    await vi.advanceTimersByTimeAsync(0)
    editor.recorded(at('别人填的', 2, 'other'))
    editor.letGo()
    expect([editor.shown, editor.unsaved, drafts.at(-1)]).toEqual(['别人填的', false, ['别人填的', 2]])
  })

  it('is read-only while another holds it, and offers what was typed afterwards', async () => {
    const { editor, answer, edits } = desk(at('旧', 1))
    answer.hold = { code: 'field_held', title: '' }
    editor.focus()
    editor.input('我')
    await vi.advanceTimersByTimeAsync(0)
    expect(editor.locked).toBe(true)
    editor.input('我再填')
    expect(editor.shown).toBe('我')
    editor.recorded(at('别人填的', 2, 'other'))
    expect([editor.locked, editor.shown]).toEqual([true, '我'])
    answer.hold = null
    await vi.advanceTimersByTimeAsync(3000)
    expect([editor.locked, editor.offer, editor.shown, edits.length]).toEqual([false, 'stale', '我', 0])
  })

  it('renews its hold while the field has the focus and drops it at blur', async () => {
    const { editor, holds, last } = desk()
    editor.focus()
    editor.input('一')
    await vi.advanceTimersByTimeAsync(9000)
    expect(holds).toEqual([true, true, true])
    last().answer(null)
    await editor.blur()
    expect(holds.at(-1)).toBe(false)
  })

  it('does not send what the form’s own rules refuse, but keeps it', async () => {
    const { editor, edits, drafts } = desk(undefined, { kind: 'identity_number' })
    editor.focus()
    editor.input('110105194912310021')
    await editor.blur()
    await vi.advanceTimersByTimeAsync(2000)
    expect([editor.fault, edits.length, editor.shown]).toEqual([
      'bad_identity_number',
      0,
      '110105194912310021',
    ])
    expect(drafts.at(-1)).toEqual(['110105194912310021', 0])
    editor.focus()
    editor.input('11010519491231002x')
    expect(editor.fault).toBe(null)
    vi.advanceTimersByTime(REST_MS)
    expect(edits).toMatchObject([{ value: '11010519491231002X' }])
  })

  it('puts a draft back after a reload; one that has been overtaken must be chosen', () => {
    const fresh = desk(at('旧', 4))
    fresh.editor.restore('写到一半', 4)
    expect([fresh.editor.shown, fresh.editor.offer, fresh.editor.unsaved]).toEqual([
      '写到一半',
      'restored',
      true,
    ])
    void fresh.editor.save()
    expect(fresh.last()).toMatchObject({ value: '写到一半', base: 4 })

    const late = desk(at('别人的', 6, 'other'))
    late.editor.restore('写到一半', 4)
    void late.editor.save()
    expect([late.editor.offer, late.edits.length]).toEqual(['stale', 0])

    const same = desk(at('旧', 4))
    same.editor.restore('旧', 4)
    expect([same.editor.local, same.editor.offer]).toEqual([null, null])
  })

  it('sends nothing after the page is gone but the draft that it owes', async () => {
    const { editor, edits, drafts } = desk()
    editor.focus()
    editor.input('一')
    editor.input('一二')
    editor.dispose()
    await vi.advanceTimersByTimeAsync(5000)
    expect([edits.length, drafts.at(-1)]).toEqual([0, ['一二', 0]])
  })
})
