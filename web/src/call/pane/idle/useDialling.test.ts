// @vitest-environment node
import { shallowRef } from 'vue'
import { describe, expect, it } from 'vitest'
import { liveCall, person } from '../../../../tests/kit/calls'
import { paneOf, say } from '../../../../tests/kit/pane'
import type { OnDuty } from '../../desk/usePresence'
import { useDialling } from './useDialling'

const duty = (...states: OnDuty['state'][]): OnDuty[] =>
  states.map((state, n) => ({ person: person(`approver${n}`), state }))

function dialling(approvers: OnDuty[] | null, blocked?: string, call: Parameters<typeof paneOf>[0] = null) {
  const { desk, here, within } = paneOf(call)
  return within(() =>
    useDialling({ here, desk, t: say, approvers: shallowRef(approvers), blocked: () => blocked }),
  )
}

describe('dialling', () => {
  it('counts who is on duty, and who of them is free', () => {
    const { free, missing, online, possible } = dialling(duty('free', 'busy', 'away'))
    expect([online.value?.length, free.value, missing.value, possible()]).toEqual([2, 1, undefined, true])
  })

  it('says what is missing: first what the page wants, then somebody free', () => {
    expect(dialling(duty('busy'), '请先告知').missing.value).toBe('请先告知')
    expect(dialling(duty('busy')).missing.value).toBe('call.approvers.none_free')
    // who cannot be known is asked all the same
    expect(dialling(null).missing.value).toBeUndefined()
  })

  it('is not possible in a call, about this case or another', () => {
    expect(dialling(duty('free'), undefined, liveCall()).possible()).toBe(false)
    expect(dialling(duty('free'), undefined, liveCall({ case_id: 'another' })).possible()).toBe(false)
    expect(dialling(duty('free'), undefined, liveCall({ state: 'ended' })).possible()).toBe(true)
  })
})
