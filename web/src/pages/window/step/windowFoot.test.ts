import { mount } from '@vue/test-utils'
import { beforeAll, expect, it, vi } from 'vitest'
import { defineComponent, h, shallowRef } from 'vue'
import { i18n, learn } from '../../../i18n'
import CourseActs from '../../../record/course/CourseActs.vue'
import CourseEnds from '../../../record/course/ending/CourseEnds.vue'
import { useCourse } from '../../../record/course/useCourse'
import { caseView } from '../../../../tests/kit/cases'
import WindowFoot from './WindowFoot.vue'

beforeAll(() => learn('work', 'case'))

it('has one list of what is seldom needed, in which the ends of the case stand too', async () => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe = (): void => undefined
      disconnect = (): void => undefined
    },
  )
  for (const folds of [true, false]) {
    const page = mount(
      defineComponent(() => {
        const book = { view: shallowRef(caseView({ state: 'accepted' })), rests: () => ({}) }
        const course = useCourse(book as never, 'window')
        return () =>
          h(
            WindowFoot,
            {
              title: '',
              missing: [],
              step: { kind: 'course', act: 'begin' },
              consent: null,
              taken_back: false,
              recorded: false,
              over: true,
              in_call: false,
              submitting: false,
              offers: false,
              rating: false,
              folds,
            },
            {
              course: () => h(CourseActs, { course, filled: true, listed: folds }),
              ends: () => h(CourseEnds, { course }),
            },
          )
      }),
      { global: { plugins: [i18n] }, attachTo: document.body },
    )
    const lists = page.findAll('[data-more-acts]')
    expect(lists.map((one) => one.attributes('data-more-acts'))).toEqual([folds ? 'step' : 'course'])
    await lists[0]!.trigger('click')
    expect(page.findAll('[data-course-end]').map((one) => one.text())).toEqual(['申请人撤回'])
    page.unmount()
  }
  vi.unstubAllGlobals()
})
