// @vitest-environment node
import { expect, it } from 'vitest'
import { ref } from 'vue'
import { sendTaken } from './sendTaken'

it('sends papers to the line for which they were taken, whatever is opened before they are meant', async () => {
  for (const [then, stays] of [
    ['application', null],
    ['identity', 'identity'],
    [null, null],
  ]) {
    const scanning = ref<string | null>('application')
    const sent: string[] = []
    const asked = (): Promise<boolean> => {
      scanning.value = then!
      return Promise.resolve(true)
    }
    await sendTaken(scanning, asked, (line) => Promise.resolve(void sent.push(line)))
    expect([sent, scanning.value]).toEqual([['application'], stays])
  }
})

it('leaves them where they are when they are not meant', async () => {
  const scanning = ref<string | null>('application')
  const sent: string[] = []
  await sendTaken(
    scanning,
    () => Promise.resolve(false),
    (line) => Promise.resolve(void sent.push(line)),
  )
  expect([sent, scanning.value]).toEqual([[], 'application'])
})
