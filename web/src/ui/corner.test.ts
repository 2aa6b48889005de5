import { mount } from '@vue/test-utils'
import { defineComponent, h, nextTick, ref } from 'vue'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { cornerFor, useCorner, type Box } from './corner'

const page = { width: 1366, height: 768 }
const card = { width: 448, height: 330 }
const lower: Box = { left: 940, top: 560, width: 380, height: 80 }
const upper: Box = { ...lower, top: 60 }

afterEach(() => {
  vi.restoreAllMocks()
  document.body.replaceChildren()
})

describe('a card in a corner', () => {
  it('lies at the lower right, unless somebody types beneath it', () => {
    expect(cornerFor('bottom-right', card, page, 24, null)).toBe('bottom-right')
    expect(cornerFor('bottom-right', card, page, 24, { ...lower, left: 20 })).toBe('bottom-right')
    expect(cornerFor('bottom-right', card, page, 24, lower)).toBe('top-right')
  })

  it('stays where it went as long as it covers nothing there', () => {
    expect(cornerFor('top-right', card, page, 24, { ...lower, left: 20 })).toBe('top-right')
    expect(cornerFor('top-right', card, page, 24, upper)).toBe('bottom-right')
  })

  it('goes to the other side of a field as high as the page, and covers least of one as wide too', () => {
    expect(cornerFor('bottom-right', card, page, 24, { left: 900, top: 0, width: 466, height: 768 })).toBe(
      'bottom-left',
    )
    const all = { left: 0, top: 0, width: 1366, height: 700 }
    expect(cornerFor('top-right', card, page, 24, all)).toBe('bottom-right')
  })

  it('gives way when the field beneath it takes the focus', async () => {
    const box = (of: Element, { left, top, width, height }: Box): void =>
      void vi.spyOn(of, 'getBoundingClientRect').mockReturnValue(new DOMRect(left, top, width, height))
    vi.spyOn(document.documentElement, 'clientWidth', 'get').mockReturnValue(page.width)
    vi.stubGlobal('innerHeight', page.height)
    const field = document.body.appendChild(document.createElement('textarea'))
    box(field, lower)
    const part = mount(
      defineComponent(() => {
        const element = ref<HTMLElement | null>(null)
        const corner = useCorner(element, 24)
        return () => h('section', { ref: element, 'data-corner': corner.value })
      }),
      { attachTo: document.body },
    )
    box(part.element, { ...card, left: 894, top: 414 })
    expect(part.attributes('data-corner')).toBe('bottom-right')
    field.focus()
    await nextTick()
    expect(part.attributes('data-corner')).toBe('top-right')
    // what is written there has its button beside it, which is to be seen too
    const writes = document.body.appendChild(document.createElement('form'))
    writes.dataset.writes = ''
    const beside = writes.appendChild(document.createElement('textarea'))
    box(beside, { ...upper, left: 457, width: 390 })
    box(writes, { ...upper, left: 457, width: 500 })
    beside.focus()
    await nextTick()
    expect(part.attributes('data-corner')).toBe('bottom-right')
    part.unmount()
    vi.unstubAllGlobals()
  })
})
