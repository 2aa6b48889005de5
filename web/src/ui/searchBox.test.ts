import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import SearchBox from './SearchBox.vue'

const ALL = ['济南市市中区', '聊城市东昌府区'].map((name, index) => ({ id: `unit-${index}`, name, note: '' }))

describe('the search box', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('never takes what was found for an older text', async () => {
    const search = vi.fn((text: string) => Promise.resolve(ALL.filter((one) => one.name.includes(text))))
    const box = mount(SearchBox, {
      props: {
        id: 'unit',
        modelValue: '',
        search,
        placeholder: '',
        none: '',
        invalid: false,
        describedby: 'x',
      },
    })
    const input = box.get('input')
    await input.trigger('focus')
    await vi.advanceTimersByTimeAsync(0)
    expect(box.findAll('[role=option]')).toHaveLength(2)

    await input.setValue('东昌府')
    await input.trigger('keydown', { key: 'Enter' })
    expect(box.emitted('choose')).toBeUndefined()
    await vi.advanceTimersByTimeAsync(200)
    expect(search).toHaveBeenLastCalledWith('东昌府')
    expect(box.emitted('choose')).toEqual([['unit-1']])
  })

  it('waits for another Enter when none was pressed meanwhile', async () => {
    const box = mount(SearchBox, {
      props: {
        id: 'unit',
        modelValue: '',
        search: () => Promise.resolve(ALL),
        placeholder: '',
        none: '',
        invalid: false,
        describedby: 'x',
      },
    })
    const input = box.get('input')
    await input.setValue('市')
    await vi.advanceTimersByTimeAsync(200)
    expect(box.emitted('choose')).toBeUndefined()
    await input.trigger('keydown', { key: 'Enter' })
    expect(box.emitted('choose')).toEqual([['unit-0']])
  })
})
