import { expect, it } from 'vitest'
import { nextTick } from 'vue'
import { useColumn } from './useColumn'

it('holds one thing at a time', () => {
  const { deciding, aside, decide, toggle } = useColumn(() => true)
  toggle('guide')
  decide('accepted')
  expect([deciding.value, aside.value]).toEqual(['accepted', null])
  toggle('refer')
  expect([deciding.value, aside.value]).toEqual([null, 'refer'])
  toggle('refer')
  expect(aside.value).toBeNull()
})

it('takes files that are dropped only from who sends to the window', () => {
  const file = new File(['a'], 'a.pdf')
  const event = () => {
    let kept = false
    return {
      event: {
        dataTransfer: { types: ['Files'], files: [file] },
        preventDefault: () => (kept = true),
      } as unknown as DragEvent,
      kept: () => kept,
    }
  }
  for (const sends of [true, false]) {
    const { aside, dropped, hovered, hover, drop } = useColumn(() => sends)
    const [over, down] = [event(), event()]
    hover(over.event)
    expect([hovered.value, over.kept()]).toEqual([sends, sends])
    drop(down.event)
    expect([hovered.value, down.kept(), aside.value, dropped.value.length]).toEqual([
      false,
      sends,
      sends ? 'sending' : null,
      sends ? 1 : 0,
    ])
  }
})

it('gives the focus back to what opened it, unless somebody took it', async () => {
  document.body.innerHTML = '<button id="opener"></button><input id="beside">'
  const { toggle, putAway } = useColumn(() => true)
  toggle('guide')
  await putAway('#opener')
  expect(document.activeElement?.id).toBe('opener')
  document.getElementById('beside')?.focus()
  await putAway('#opener')
  await nextTick()
  expect(document.activeElement?.id).toBe('beside')
})
