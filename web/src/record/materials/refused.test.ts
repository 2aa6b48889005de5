import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ref, shallowReactive, shallowRef } from 'vue'
import { i18n, learn } from '../../i18n'
import DocumentView from '../document/DocumentView.vue'
import { faceOf, faultWord, refusals } from './lineFace'
import { linesOf } from '../rules/lines'
import MaterialTray from './MaterialTray.vue'
import { caseView, material } from '../../../tests/kit/cases'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

class Eyes {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}
beforeEach(() => vi.stubGlobal('ResizeObserver', Eyes))
afterEach(() => vi.unstubAllGlobals())

const { t } = i18n.global
const mounted = (part: unknown, props: Record<string, unknown>) =>
  mount(part as never, { props: props as never, global: { plugins: [i18n] }, attachTo: document.body })

describe('a file that was not taken', () => {
  const broken = material({
    id: 'm2',
    line: 'identity',
    number: 2,
    name: '证件.pdf',
    state: 'rejected',
    rejected_code: 'file_password',
  })
  const words = '“证件.pdf”未接收：设有打开密码，请去掉密码另存后再传'

  it('says why and what to do where it would lie', () => {
    const viewer = mounted(DocumentView, { documents: {}, material: broken, name: '身份证件' })
    expect(viewer.get('[data-refused]').text()).toBe(words)
    const [, , line] = linesOf(caseView({ materials: [broken] }))
    expect(faceOf(t as never, line!, null, new Map()).reason).toBe(words)
  })

  it('says so above the one that counts on in its place', () => {
    const view = caseView({ materials: [material({ id: 'm1', line: 'identity' }), broken] })
    const refused = refusals(t as never, view, linesOf(view)[2]!)
    expect(refused).toEqual([`${words}；仍用第 1 版`])
    const viewer = mounted(DocumentView, {
      documents: { open: () => new Promise(() => undefined) },
      material: view.materials[0],
      name: '身份证件',
      refused,
    })
    expect(viewer.get('[data-refused]').text()).toBe(refused[0])
  })

  it('and was never sent is told in the place of the file that is lacking', () => {
    const limits = {
      max_bytes: 1000,
      media_types: ['application/pdf', 'image/png'],
      upload_lives_s: 60,
      files_left: null,
      bytes_left: null,
      reads_cards: false,
      quota_scarce: false,
    }
    const word = faultWord(t as never, limits, { rule: 'type', name: '程序.exe' })
    expect(word).toBe('“程序.exe”不是可收的类型，请另存为 PDF、PNG 之一再传')
    const viewer = mounted(DocumentView, { documents: {}, material: null, name: '身份证件', refused: [word] })
    expect(viewer.get('[data-refused]').text()).toBe(word)
    expect(viewer.text()).not.toContain('还没有交')
  })

  it('is no old version of its line', () => {
    const view = caseView({ materials: [material({ id: 'm1', line: 'identity' }), broken] })
    const book = {
      view: shallowRef(view),
      progress: new Map(),
      looking: new Map(),
      personOf: () => 'here',
      me: 'person-01',
    }
    const uploads = { limits: ref(null), faults: ref([]), transfers: shallowReactive(new Map()) }
    const tray = mounted(MaterialTray, {
      book,
      uploads,
      lines: linesOf(view),
      selected: 'identity',
      shown: 'm1',
      closed: false,
    })
    expect(tray.get('[data-line=identity] [data-failed]').text()).toContain(words)
    expect(tray.get('[data-line=identity]').text()).not.toContain('旧版')
  })
})
