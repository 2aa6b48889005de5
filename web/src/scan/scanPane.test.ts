import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h, onBeforeUnmount } from 'vue'
import { i18n, learn } from '../i18n'
import ScanPane from './ScanPane.vue'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

/** What the browser's worker does to a picture: it finds no paper in it. */
class PlayedWorker extends EventTarget {
  postMessage({ id, kind }: { id: number; kind: string }): void {
    const picture = new Blob()
    const done =
      kind === 'take'
        ? { still: picture, width: 4, height: 4, quad: null }
        : { flat: picture, width: 4, height: 4 }
    queueMicrotask(() => this.dispatchEvent(new MessageEvent('message', { data: { id, done } })))
  }
  terminate(): void {}
}

beforeEach(() => {
  vi.stubGlobal('Worker', PlayedWorker)
  vi.stubGlobal('ImageBitmap', class {})
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      disconnect(): void {}
    },
  )
  let last = 0
  URL.createObjectURL = () => `blob:${++last}`
  URL.revokeObjectURL = () => undefined
  Element.prototype.scrollIntoView = () => undefined
})

it('leaves what brings pages in where it is while one of them is corrected, and lets the next one come', async () => {
  const gone = vi.fn()
  const Link = defineComponent(() => {
    onBeforeUnmount(gone)
    return () => h('p', { 'data-link': '' })
  })
  const pane = mount(ScanPane, {
    props: { camera: null, name: '身份证', sides: [], closed: false },
    slots: { default: () => h(Link) },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  const { bring } = pane.vm as unknown as { bring: (picture: Blob, from: string) => Promise<void> }
  await bring(new Blob(), 'first')
  await flushPromises()
  expect(pane.find('[data-done-page]').exists()).toBe(true)
  expect(gone).not.toHaveBeenCalled()
  expect(pane.get('[data-link]').isVisible()).toBe(false)
  // the next page does not take the place of the one that he corrects
  await bring(new Blob(), 'second')
  await flushPromises()
  expect(pane.findAll('[data-page]').map((one) => one.classes('current'))).toEqual([true, false])
  await pane.get('[data-done-page]').trigger('click')
  expect(pane.get('[data-link]').isVisible()).toBe(true)
  pane.unmount()
  expect(gone).toHaveBeenCalledOnce()
})
