import { mount } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, shallowRef, type EffectScope } from 'vue'
import { i18n, learn } from '../../i18n'
import { linesOf, NEW_SLOT } from '../rules/lines'
import MaterialTray from './MaterialTray.vue'
import { useUploads, type Uploads } from './useUploads'
import { caseView, material } from '../../../tests/kit/cases'

/** The line to the server: what began on it, in order, and the word that it is named there. */
const line = vi.hoisted(() => ({ began: [] as { name: string; named: () => void }[] }))
vi.mock('tus-js-client', () => ({
  DetailedError: class {},
  Upload: class {
    url: string | null = null
    constructor(
      private file: File,
      public options: { onUploadUrlAvailable: () => void },
    ) {}
    start(): void {
      const named = (): void => {
        this.url = `/api/v1/uploads/${this.file.name}`
        this.options.onUploadUrlAvailable()
      }
      line.began.push({ name: this.file.name, named })
    }
    abort = (): Promise<void> => Promise.resolve()
    static terminate = (): Promise<void> => Promise.resolve()
  },
}))

const limits = {
  max_bytes: 1000,
  media_types: ['application/pdf'],
  upload_lives_s: 60,
  files_left: null,
  bytes_left: null,
  reads_cards: false,
  quota_scarce: false,
}
const pdf = (name: string): File => new File(['x'], name, { type: 'application/pdf' })
const program = (name: string): File => new File(['x'], name, { type: 'application/x-msdownload' })

let page: EffectScope
let uploads: Uploads
beforeAll(() => learn('work', 'case'))
beforeEach(() => {
  vi.stubGlobal('fetch', () =>
    Promise.resolve(
      new Response(JSON.stringify(limits), { headers: { 'content-type': 'application/json' } }),
    ),
  )
  line.began = []
  page = effectScope()
  uploads = page.run(() => useUploads(`case-${Math.random()}`))!
})
afterEach(() => {
  page.stop()
  vi.unstubAllGlobals()
})
const said = (): string[] => uploads.faults.value.map((one) => `${one.line} ${one.fault.name}`)
const began = (): string[] => line.began.map((one) => one.name)

describe('why a file was not sent', () => {
  it('stands with its line, whatever other lines get, until that line is tried again', async () => {
    await uploads.send('identity', program('a.exe'))
    await uploads.send('application', pdf('a.pdf'))
    await uploads.send('licence', program('b.exe'))
    expect(said()).toEqual(['identity a.exe', 'licence b.exe'])
    await uploads.send('identity', program('c.exe'))
    expect(said()).toEqual(['licence b.exe', 'identity c.exe'])
    await uploads.send('identity', pdf('c.pdf'))
    expect(said()).toEqual(['licence b.exe'])
  })

  it('is told of each of several for one line, beside those that go', async () => {
    await uploads.sendAll(
      [program('a.exe'), pdf('b.pdf'), program('c.exe')].map((file) => ({ line: 'identity', file })),
    )
    expect([said(), began()]).toEqual([['identity a.exe', 'identity c.exe'], ['b.pdf']])
  })

  it('can be closed by hand, at its row', async () => {
    await uploads.sendAll(['identity', 'appointment'].map((line) => ({ line, file: program('a.exe') })))
    const view = caseView({ materials: [material({ id: 'm1', line: 'application' })] })
    const book = {
      view: shallowRef(view),
      progress: new Map(),
      looking: new Map(),
      personOf: () => 'here',
      me: 'person-01',
    }
    const tray = mount(MaterialTray as never, {
      props: {
        book,
        uploads,
        lines: linesOf(view),
        selected: 'application',
        shown: 'm1',
        closed: false,
      } as never,
      global: { plugins: [i18n] },
    })
    await tray.get('[data-line=identity] [data-dismiss-fault]').trigger('click')
    expect(tray.find('[data-line=identity] [data-fault]').exists()).toBe(false)
    expect(said()).toEqual(['appointment a.exe'])
    expect(tray.find('[data-line=appointment] [data-fault]').exists()).toBe(true)
    tray.unmount()
  })
})

describe('several files of a line', () => {
  it('are named to the server one after the other, in the order in which they were given', async () => {
    await uploads.sendAll(
      ['1.pdf', '2.pdf', '3.pdf'].map((name) => ({ line: 'identity', file: pdf(name) })),
      { slot: NEW_SLOT },
    )
    await uploads.send('application', pdf('4.pdf'))
    // another line waits for none of them
    expect(began()).toEqual(['1.pdf', '4.pdf'])
    line.began[0]!.named()
    expect(began()).toEqual(['1.pdf', '4.pdf', '2.pdf'])
    // what its person holds back holds back no other
    uploads.pause([...uploads.transfers.values()].find((one) => one.name === '2.pdf')!.id)
    expect(began()).toEqual(['1.pdf', '4.pdf', '2.pdf', '3.pdf'])
  })
})
