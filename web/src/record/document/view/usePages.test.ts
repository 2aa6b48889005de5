import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h, nextTick, shallowRef } from 'vue'
import type { Sheet } from '../documents'
import { usePages, type Pages } from './usePages'

enableAutoUnmount(afterEach)
const seen = { width: 0, height: 0 }
class Eyes {
  constructor(private readonly told: (entries: { contentRect: typeof seen }[]) => void) {}
  observe(): void {
    this.told([{ contentRect: seen }])
  }
  unobserve(): void {}
  disconnect(): void {}
}
beforeEach(() => vi.stubGlobal('ResizeObserver', Eyes))
afterEach(() => vi.unstubAllGlobals())

async function ground(sheet: Sheet | null, width: number, height: number): Promise<Pages> {
  Object.assign(seen, { width, height })
  let moving!: Pages
  mount(
    defineComponent({
      setup() {
        moving = usePages(shallowRef(sheet), shallowRef([]))
        return () => h('div', { ref: moving.ground })
      },
    }),
  )
  await nextTick()
  return moving
}
const tall: Sheet = { kind: 'picture', url: 'blob:1', width: 500, height: 1000 }

it('goes through the steps of zoom and stops at the ends', async () => {
  const { zoom, step } = await ground(tall, 500, 500)
  step(1)
  expect(zoom.value).toBe(1.25)
  for (let n = 0; n < 20; n += 1) step(1)
  expect(zoom.value).toBe(4)
  for (let n = 0; n < 20; n += 1) step(-1)
  expect(zoom.value).toBe(0.25)
})

it('shows the whole page, and the width again', async () => {
  const { zoom, fit, turnOn, straighten } = await ground(tall, 500, 500)
  fit()
  expect(zoom.value).toBe(0.5)
  fit()
  expect(zoom.value).toBe(1)
  turnOn()
  fit()
  expect(zoom.value).toBe(1)
  turnOn()
  fit()
  straighten()
  expect(zoom.value).toBe(1)
})

it('gives a turned picture the width of the ground with what was its height', async () => {
  const { picture, turnOn } = await ground(tall, 250, 500)
  expect(picture.value).toMatchObject({ width: 250, height: 500, sideways: false })
  turnOn()
  expect(picture.value).toMatchObject({ width: 125, height: 250, sideways: true })
})

it('says of a key whether it leads anywhere', async () => {
  const { zoom, goBy } = await ground(tall, 500, 500)
  expect(['PageDown', 'End', '+', 'x', 'Escape'].map(goBy)).toEqual([true, true, true, false, false])
  expect(zoom.value).toBe(1.25)
})
