import { nextTick } from 'vue'
import { afterEach, describe, expect, it } from 'vitest'
import { call, liveCall } from '../../../tests/kit/calls'
import { paneOf } from '../../../tests/kit/pane'
import { useBeginnings } from './useBeginnings'

const pane = (first: Parameters<typeof paneOf>[0], me = 'clerk') => {
  const { be, here, place, within } = paneOf(first, me)
  const told: string[] = []
  const tell = (what: string) => () => void told.push(what)
  within(() => {
    useBeginnings({
      here,
      seat: place.seat,
      began: tell('began'),
      goes_on: tell('goes on'),
      over: tell('over'),
      tell: tell('unrecorded?'),
    })
    return true
  })
  const become = async (now: Parameters<typeof be>[0]) => {
    await be(now)
    await nextTick()
    await nextTick()
  }
  return { become, told }
}

afterEach(() => document.body.replaceChildren())

describe('the focus', () => {
  it('goes on with a call that begins here, and with its end', async () => {
    const { become, told } = pane(call())
    await become(liveCall())
    expect(told).toEqual(['began', 'unrecorded?'])
    await become(liveCall({ state: 'ended', reason: 'hung_up' }))
    expect(told.at(-1)).toBe('over')
  })

  it('has a place of its own on a page that was opened into a call; an approver has joined it', async () => {
    const { told } = pane(liveCall())
    const approver = pane(liveCall(), 'approver')
    await nextTick()
    await nextTick()
    expect([told[0], approver.told[0]]).toEqual(['goes on', 'began'])
  })

  it('is taken from nothing that has it', async () => {
    const { become, told } = pane(call())
    const field = document.body.appendChild(document.createElement('input'))
    field.focus()
    await become(liveCall())
    expect(told).toEqual(['unrecorded?'])
  })
})
