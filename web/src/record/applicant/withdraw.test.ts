import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { nextTick, shallowRef } from 'vue'
import { i18n, learn } from '../../i18n'
import WithdrawConsent from './WithdrawConsent.vue'

enableAutoUnmount(afterEach)
beforeAll(() => learn('work', 'case'))

it('says of a consent that is taken back while the line is cut that it has not arrived yet', async () => {
  const connection = shallowRef<'connected' | 'lost'>('lost')
  let arrive = (): void => undefined
  const book = { connection, withdrawConsent: () => new Promise<void>((done) => (arrive = done)) }
  mount(WithdrawConsent as never, {
    props: { book, open: true, policy: 'not_recorded' } as never,
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  await nextTick()
  const waits = (): boolean => document.querySelector('[data-waits]') !== null
  expect(waits()).toBe(false)
  document.querySelector<HTMLElement>('[data-consent=withdrawn]')!.click()
  await nextTick()
  expect(waits()).toBe(true)
  connection.value = 'connected'
  await nextTick()
  expect(waits()).toBe(false)
  arrive()
})
