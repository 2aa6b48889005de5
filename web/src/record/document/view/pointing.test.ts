import { mount } from '@vue/test-utils'
import { beforeAll, describe, expect, it } from 'vitest'
import { i18n, learn } from '../../../i18n'
import { useActing } from '../../book/acting'
import DocumentTools from './DocumentTools.vue'

beforeAll(() => learn('work', 'case'))
const tools = (held?: string) =>
  mount(DocumentTools, {
    props: {
      count: 1,
      page: 1,
      zoom: 1,
      thumbs: false,
      pointing: false,
      may_point: true,
      drawing: false,
      may_draw: true,
      least: 0.25,
      most: 4,
      held,
    },
    global: { plugins: [i18n] },
  })

describe('pointing', () => {
  it('is held back with its reason on the page of another case than the call’s', async () => {
    const held = tools('通话中的是另一办件')
    for (const [tool, act] of [
      ['pointer', 'point'],
      ['pen', 'draw'],
    ] as const) {
      const key = held.get(`[data-tool=${tool}]`)
      expect(key.attributes()).toMatchObject({ 'aria-disabled': 'true', title: '通话中的是另一办件' })
      await key.trigger('click')
      expect(held.emitted(act)).toBeUndefined()
      const free = tools()
      expect(free.get(`[data-tool=${tool}]`).attributes('aria-disabled')).toBeUndefined()
      await free.get(`[data-tool=${tool}]`).trigger('click')
      expect(free.emitted(act)).toHaveLength(1)
    }
  })

  it('asks in which call he sits whenever it is asked', () => {
    const { sits, elsewhere } = useActing(() => 1)
    expect(elsewhere()).toBeNull()
    let there: { call_id: string; case_id: string } | null = null
    sits(() => there)
    there = { call_id: 'call-1', case_id: 'case-2' }
    expect(elsewhere()).toEqual(there)
  })
})
