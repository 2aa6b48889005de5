// @vitest-environment node
import { describe, expect, it, vi } from 'vitest'
import { ref } from 'vue'
import { useActing, type Rests } from './acting'
import { changesIn } from '../rules/changes'
import { Problem } from '../../wire/http'

const refusal = (code: string, details: Record<string, unknown>): Problem =>
  new Problem({ title: code, status: 409, code, ...{ details } })

describe('what an act rests on', () => {
  it('is read from a refusal', () => {
    expect(changesIn('values:rows.r1.name,comments:field:remark,reviews:point:seal,unit')).toEqual([
      { what: 'values', where: 'rows.r1.name' },
      { what: 'comments', where: 'field:remark' },
      { what: 'reviews', where: 'point:seal' },
      { what: 'unit', where: '' },
    ])
    expect(changesIn(undefined)).toEqual([])
  })

  it('is sent again only after a yes, and as the case is then', async () => {
    let version = 7
    const { act, question, answer } = useActing(() => version)
    const sent: Rests[] = []
    const doing = act(async (rests) => {
      sent.push(rests)
      if (rests.seen_version < 9) throw refusal('changed', { changes: 'unit' })
      return 'done'
    })
    await Promise.resolve()
    await new Promise((turn) => setTimeout(turn))
    expect(question.value).toEqual({ kind: 'changed', changes: [{ what: 'unit', where: '' }] })
    version = 9
    answer(true)
    expect(await doing).toBe('done')
    expect(sent.map((one) => one.seen_version)).toEqual([7, 9])
    expect(question.value).toBeNull()
  })

  it('is not sent after a no, and the next try rests on what was told', async () => {
    let version = 1
    const { act, rests, question, answer } = useActing(() => version)
    const on = rests()
    const doing = act(() => Promise.reject(refusal('changed', { changes: 'decision' })), on)
    await new Promise((turn) => setTimeout(turn))
    version = 2
    expect(question.value?.kind).toBe('changed')
    answer(false)
    await expect(doing).rejects.toThrow()
    expect(on.seen_version).toBe(2)
  })

  it('is nothing to complain of when he leaves an act about another case himself', async () => {
    const { act, question, answer } = useActing(() => 1)
    const doing = act(() => Promise.reject(refusal('other_case_in_call', { calls: 'call-1', cases: '' })))
    await new Promise((turn) => setTimeout(turn))
    expect(question.value?.kind).toBe('other')
    answer(false)
    await expect(doing).rejects.toMatchObject({ declined: true })
  })

  it('is not done when the call ends while he is asked, and that is told', async () => {
    const { mean, sits, question } = useActing(() => 1)
    const call = ref<{ call_id: string; case_id: string } | null>({ call_id: 'call-1', case_id: 'case-2' })
    sits(() => call.value)
    const asked = mean()
    await vi.waitFor(() => expect(question.value?.kind).toBe('other'))
    call.value = null
    await expect(asked).rejects.toMatchObject({ declined: false, code: 'other_case_in_call' })
    expect(question.value).toBeNull()
  })

  it('is not asked about while no act goes out', async () => {
    const cut = refusal('unsent', {})
    const { mean, sits, question } = useActing(
      () => 1,
      () => cut,
    )
    sits(() => ({ call_id: 'call-1', case_id: 'case-2' }))
    await expect(mean()).rejects.toBe(cut)
    expect(question.value).toBeNull()
  })

  it('is asked once for each call about another case where it reaches people without deciding', async () => {
    const { mean, sits, question, answer } = useActing(() => 1)
    await mean()
    let call_id = 'call-1'
    sits(() => ({ call_id, case_id: 'case-2' }))
    const asked = () =>
      vi.waitFor(() => expect(question.value).toEqual({ kind: 'other', others: [null], back: 'case-2' }))
    const left = mean()
    await asked()
    answer(false)
    await expect(left).rejects.toMatchObject({ declined: true })
    const meant = mean()
    await asked()
    answer(true)
    await meant
    await mean()
    expect(question.value).toBeNull()
    call_id = 'call-2'
    const anew = mean()
    await asked()
    answer(true)
    await anew
  })
})
