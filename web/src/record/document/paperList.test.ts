import { mount } from '@vue/test-utils'
import { beforeAll, expect, it } from 'vitest'
import { i18n, learn } from '../../i18n'
import PaperList from './PaperList.vue'
import type { PaperView } from '../../wire/messages'
import { caseView } from '../../../tests/kit/cases'

beforeAll(() => learn('work', 'case'))

it('names whose certificate sealed a paper, and has its whole name for who asks', () => {
  const of = (subject: string) => {
    const paper = {
      id: 'p', kind: 'acceptance', number: 'SL-1', at: '2026-11-24T06:00:00Z', state: 'ready', draft: '',
      seal: { unit_name: '青岛西海岸新区行政审批服务局', purpose: 'approval', at: '2026-11-24T06:00:00Z', subject },
    } as unknown as PaperView // prettier-ignore
    const list = mount(PaperList, {
      props: { view: { ...caseView(), papers: [paper] } },
      global: { plugins: [i18n] },
    })
    const seal = list.get('[data-sealed]')
    return [seal.text().replace(/^.*证书：/s, ''), seal.attributes('title')]
  }
  const whole = 'CN=审批专用章（演示印章）,O=青岛西海岸新区行政审批服务局,C=CN'
  expect(of(whole)).toEqual(['审批专用章（演示印章）', whole])
  expect(of('O=某局,CN=章\\, 二')).toEqual(['章\\, 二', 'O=某局,CN=章\\, 二'])
  expect(of('O=某局')).toEqual(['O=某局', 'O=某局'])
})
