import { flushPromises, mount } from '@vue/test-utils'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { computed, defineComponent, h, nextTick } from 'vue'
import { useScanning } from './useScanning'

beforeAll(() => vi.stubGlobal('CSS', { escape: (text: string) => text }))
afterAll(() => vi.unstubAllGlobals())

/** What stands in the middle while papers are taken: by the camera of this place, or from a phone. */
const Pane = (phone: boolean) =>
  defineComponent((_, { expose }) => {
    expose({ count: 0, step: 'none' })
    return () =>
      h('section', { 'data-scan': '' }, [
        h('h2', { tabindex: -1 }),
        phone ? null : h('button', { 'data-shoot': '' }),
      ])
  })

function desk() {
  let scanning!: ReturnType<typeof useScanning>
  const page = mount(
    defineComponent(() => {
      scanning = useScanning({
        table: {
          lineOf: (key: string | null | undefined) => (key ? { line: { key } } : null),
          over: computed(() => false),
          owes: () => false,
        } as never,
        bringing: {} as never,
      })
      const { scanning: key, by_phone, pane } = scanning
      return () =>
        h('main', [
          h('div', { class: 'tray-part' }, [
            h('div', { 'data-line': 'identity' }, [
              h('button', { class: 'pick' }),
              h('button', { 'data-scan-line': '', onClick: () => scanning.scan('identity', false) }),
              h('button', { 'data-phone-line': '', onClick: () => scanning.scan('identity', true) }),
            ]),
          ]),
          key.value ? h(Pane(by_phone.value), { ref: pane }) : null,
        ])
    }),
    { attachTo: document.body },
  )
  return { page, scanning }
}

it('goes into the papers that are being taken, and back to what opened them', async () => {
  const { page, scanning } = desk()
  for (const [opener, first] of [
    ['[data-scan-line]', '[data-shoot]'],
    ['[data-phone-line]', '[data-scan] h2'],
  ] as const) {
    const key = page.get<HTMLElement>(opener)
    key.element.focus()
    await key.trigger('click')
    await nextTick()
    expect(document.activeElement).toBe(page.get(first).element)
    scanning.scanning.value = null
    await flushPromises()
    expect(document.activeElement).toBe(key.element)
  }
  page.unmount()
})

it('is at the line where what opened them is gone, and stays where he went meanwhile', async () => {
  const { page, scanning } = desk()
  scanning.scan('identity', false)
  await flushPromises()
  scanning.scanning.value = null
  await flushPromises()
  expect(document.activeElement).toBe(page.get('.pick').element)
  page.get<HTMLElement>('[data-scan-line]').element.focus()
  scanning.scan('identity', false)
  await flushPromises()
  page.get<HTMLElement>('[data-phone-line]').element.focus()
  scanning.scanning.value = null
  await flushPromises()
  expect(document.activeElement).toBe(page.get('[data-phone-line]').element)
  page.unmount()
})
