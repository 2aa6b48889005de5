import { mount } from '@vue/test-utils'
import { beforeAll, expect, it } from 'vitest'
import { i18n, learn } from '../../../i18n'
import PointsToCorrect from './PointsToCorrect.vue'
import type { Answering } from './useAnswering'

beforeAll(() => learn('work'))

it('says until when all of it is wanted, and of an older notice that it is to be read there', () => {
  const says = (until: string | null) =>
    mount(PointsToCorrect, {
      props: {
        points: [{ text: '缺申请书', state: 'open' }],
        reason: '',
        until,
        beside: false,
        answering: {} as Answering,
      },
      global: { plugins: [i18n], stubs: { AskQuestion: true, ScreenHeading: true } },
    })
      .get('[data-to-correct] + .source')
      .text()
  expect(says('2026-12-23')).toContain('12月23日')
  expect(says(null)).toContain('以补正材料通知书为准')
})
