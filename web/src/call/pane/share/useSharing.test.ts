import { effectScope, nextTick, ref } from 'vue'
import { afterEach, describe, expect, it } from 'vitest'
import { useSharing } from './useSharing'

afterEach(() => document.body.replaceChildren())

describe('sharing one’s screen', () => {
  it('is asked about first, and the focus is back where it was when he leaves it', async () => {
    const asked: boolean[] = []
    const shares = ref(false)
    const shareScreen = (on: boolean): Promise<boolean> => {
      asked.push(on)
      shares.value = on
      return Promise.resolve(true)
    }
    const sharing = effectScope().run(() => useSharing({ shares: shares as never, shareScreen }))
    if (!sharing) throw new Error('the scope is over')
    const [key, note] = ['button', 'div'].map((name) =>
      document.body.appendChild(document.createElement(name)),
    )
    if (!key || !note) throw new Error('no page')
    const go = note.appendChild(document.createElement('button'))
    key.focus()
    sharing.press()
    sharing.warning.value = note
    await nextTick()
    await nextTick()
    expect([asked, document.activeElement]).toEqual([[], go])
    note.remove()
    sharing.warned.value = false
    await nextTick()
    await nextTick()
    expect(document.activeElement).toBe(key)
    sharing.press()
    sharing.go()
    expect([sharing.warned.value, asked]).toEqual([false, [true]])
    sharing.press()
    expect(asked).toEqual([true, false])
  })
})
