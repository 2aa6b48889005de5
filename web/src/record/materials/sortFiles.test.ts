import { mount } from '@vue/test-utils'
import { beforeAll, describe, expect, it } from 'vitest'
import { nextTick } from 'vue'
import { i18n, learn } from '../../i18n'
import type { Gathered } from '../rules/gathered'
import SortFiles from './SortFiles.vue'

const one = (name: string, by_name = false): Gathered => ({
  file: new File(['x'], name),
  path: name,
  line: 'other',
  by_name,
})

beforeAll(() => learn('work', 'case'))

describe('files that wait for their lines', () => {
  it('are sent by the next step, which has the focus', async () => {
    const mounted = mount(SortFiles, {
      props: { files: [one('甲.pdf')], lines: [], against: () => null },
      global: { plugins: [i18n] },
      attachTo: document.body,
    })
    await nextTick()
    await nextTick()
    const send = mounted.get('[data-send-all]').element
    expect(send.hasAttribute('data-filled')).toBe(true)
    expect(document.activeElement).toBe(send)
    mounted.unmount()
  })

  it('are said to be matched by name only where one was', async () => {
    const mounted = mount(SortFiles, {
      props: { files: [one('甲.pdf')], lines: [], against: () => null },
      global: { plugins: [i18n] },
    })
    const said = () => mounted.get('h2 + p').text()
    expect(said()).not.toContain('已按文件名对应')
    await mounted.setProps({ files: [one('甲.pdf'), one('申请书.pdf', true)] })
    expect(said()).toContain('已按文件名对应')
  })

  it('stay when more come, and what was left out stays out', async () => {
    const first = [one('甲.pdf'), one('乙.pdf')]
    const mounted = mount(SortFiles, {
      props: { files: first, lines: [], against: () => null },
      global: { plugins: [i18n] },
    })
    await mounted.find('.icon-button').trigger('click')
    await mounted.setProps({ files: [...first, one('丙.pdf')] })
    expect(mounted.findAll('li .name').map((row) => row.attributes('title'))).toEqual(['乙.pdf', '丙.pdf'])
    await mounted.find('form').trigger('submit')
    expect(mounted.emitted('send')?.[0]).toMatchObject([[{ path: '乙.pdf' }, { path: '丙.pdf' }]])
  })
})
