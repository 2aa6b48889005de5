import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { flushPromises } from '@vue/test-utils'
import { effectScope, nextTick, ref, shallowRef, type EffectScope } from 'vue'
import { Problem } from '../../../wire/http'
import type { CaseView, SummaryView } from '../../../wire/messages'
import { by, caseView, material, value } from '../../../../tests/kit/cases'
import { useAnswering } from '../screen/useAnswering'
import { useReadWhole } from './useReadWhole'
import { contentOf, useSigning } from './useSigning'

let scope: EffectScope
beforeEach(() => {
  scope = effectScope()
  vi.stubGlobal('fetch', () =>
    Promise.resolve(new Response('null', { headers: { 'content-type': 'application/json' } })),
  )
})
afterEach(() => {
  scope.stop()
  vi.unstubAllGlobals()
})

const made = (hash: string, shown_at = '2026-11-24T06:00:00Z') => ({ hash, shown_at }) as SummaryView
const box = { width: 300, height: 100, strokes: [[{ x: 0, y: 0, pressure: 1, t_ms: 0 }]] as never }

/** `summaries`: what each asking gives; `stale`: so often signing is refused. */
function signing(summaries: SummaryView[], stale = 0, at: 'sign' | 'signed' | null = 'sign') {
  const view = shallowRef<CaseView | null>(caseView())
  const stage = ref(at)
  const rewriting = ref(true)
  const shown: string[] = []
  const given: string[] = []
  const book = {
    view,
    summarise: () => Promise.resolve(summaries.shift()!),
    sign: (hash: string, shown_at: string) => {
      given.push(`${hash} ${shown_at}`)
      return given.length > stale
        ? Promise.resolve({})
        : Promise.reject(new Problem({ title: '', status: 409, code: 'stale' }))
    },
  }
  const now = scope.run(() =>
    useSigning({
      book: book as never,
      answering: useAnswering(() => Promise.resolve({})),
      stage: () => stage.value,
      shown: (one) => shown.push(one.hash),
      rewriting,
    }),
  )!
  return { ...now, view, stage, rewriting, shown, given }
}

it('knows what a summary is made of, in whatever order it came', () => {
  const two = { a: value('1', 2), b: value('2', 1) }
  const files = [material({ id: 'm2', line: 'x' }), material({ id: 'm1', line: 'y' })]
  const one = contentOf(caseView({ fields: two, materials: files }))
  expect(contentOf(caseView({ fields: { b: two.b, a: two.a }, materials: files.toReversed() }))).toBe(one)
  expect(contentOf(caseView({ fields: { ...two, a: value('1', 3) }, materials: files }))).not.toBe(one)
  const coming = material({ id: 'm3', line: 'z', state: 'receiving' })
  expect(contentOf(caseView({ fields: two, materials: [...files, coming] }))).toBe(one)
})

it('goes back to a summary made anew when something changes while he writes', async () => {
  const now = signing([made('one'), made('two')])
  await flushPromises()
  expect([now.summary.value?.hash, now.phase.value, now.changed_under.value]).toEqual(['one', 'read', false])
  now.write()
  expect(now.phase.value).toBe('write')
  now.view.value = caseView({ fields: { remark: value('新', 1) } })
  await flushPromises()
  expect([now.summary.value?.hash, now.phase.value, now.changed_under.value]).toEqual(['two', 'read', true])
  expect(now.shown).toEqual(['one', 'two'])
})

it('gives his signature to the newer showing of the same content, and to no other content', async () => {
  const same = signing([made('one'), made('one', 'later')], 1)
  await flushPromises()
  await same.sign(box)
  expect(same.given).toEqual(['one 2026-11-24T06:00:00Z', 'one later'])
  expect(same.rewriting.value).toBe(false)
  const other = signing([made('one'), made('two')], 1)
  await flushPromises()
  other.write()
  await other.sign(box)
  expect(other.given).toHaveLength(1)
  expect([other.phase.value, other.changed_under.value, other.rewriting.value]).toEqual(['read', true, true])
})

it('shows what he signed where it was not made on this screen', async () => {
  const now = signing([made('one')], 0, null)
  await flushPromises()
  expect(now.summary.value).toBeNull()
  now.stage.value = 'signed'
  const at = '2026-11-24T06:00:00Z'
  const signature = { id: 's', hash: 'one', shown_at: at, at, by, points: 40, outdated: false }
  now.view.value = caseView({ signature })
  await flushPromises()
  expect(now.summary.value?.hash).toBe('one')
})

it('counts as read what he had before him to its end, and another summary not yet', async () => {
  let sees: (seen: { isIntersecting: boolean }[]) => void = () => undefined
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      constructor(hear: typeof sees) {
        sees = hear
      }
      observe() {}
      disconnect() {}
    },
  )
  const hash = ref('one')
  const mark = ref(document.createElement('p'))
  const { whole } = scope.run(() => useReadWhole(() => hash.value, ref(null), mark))!
  await nextTick()
  sees([{ isIntersecting: false }])
  expect(whole.value).toBe(false)
  sees([{ isIntersecting: true }])
  expect(whole.value).toBe(true)
  hash.value = 'two'
  expect(whole.value).toBe(false)
})
