import { mount } from '@vue/test-utils'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { i18n, learn } from '../../../i18n'
import type { WindowStep } from '../../../record/rules/nextStep'
import WindowFoot from './WindowFoot.vue'
import { foldsActs } from './useNextStep'

beforeAll(() => learn('work', 'case'))

describe('what is seldom needed at the foot', () => {
  const folds = (kind: WindowStep['kind'] | null, over: Partial<Parameters<typeof foldsActs>[1]> = {}) =>
    foldsActs(kind && ({ kind } as WindowStep), {
      rating: false,
      in_call: true,
      english: false,
      letters: 'standard',
      ...over,
    })

  it('gives its room to a next step that stands beside handing in, in large letters and in English', () => {
    for (const kind of ['answer', 'finish', 'correct'] as const)
      expect([
        folds(kind),
        folds(kind, { letters: 'large' }),
        folds(kind, { letters: 'largest' }),
        folds(kind, { english: true }),
      ]).toEqual([false, true, true, true])
  })

  it('and in a call to what is missing in the largest, and always to the rating', () => {
    const in_sizes = (over: object) =>
      (['standard', 'large', 'largest'] as const).map((letters) => folds('none', { letters, ...over }))
    expect(in_sizes({})).toEqual([false, false, true])
    expect(in_sizes({ in_call: false })).toEqual([false, false, false])
    expect(in_sizes({ in_call: false, rating: true })).toEqual([true, true, true])
    expect(folds(null, { letters: 'largest' })).toBe(true)
  })
})

it('leads after a notice to its first point, by the one filled button', async () => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe = (): void => undefined
      disconnect = (): void => undefined
    },
  )
  const foot = mount(WindowFoot, {
    props: {
      title: '还差 2 项',
      missing: [
        { id: 'line:application', state: 'mend', word: '注销登记申请书 待补' },
        { id: 'line:identity', state: 'mend', word: '身份证件 待补' },
      ],
      step: { kind: 'correct', n: 2 },
      consent: null,
      taken_back: false,
      recorded: false,
      over: false,
      in_call: false,
      submitting: false,
      offers: false,
      rating: false,
      folds: false,
    },
    global: { plugins: [i18n] },
  })
  const filled = foot.findAll('[data-filled]')
  expect(filled.map((one) => one.text())).toEqual(['开始补正（2 项）'])
  await filled[0]!.trigger('click')
  expect(foot.emitted('go')).toEqual([['line:application']])
  await foot.setProps({ submitting: true })
  expect(foot.findAll('[data-filled]')).toHaveLength(0)
  foot.unmount()
  vi.unstubAllGlobals()
})
