// @vitest-environment node
import { effectScope, ref, shallowRef } from 'vue'
import { describe, expect, it } from 'vitest'
import { aloud, say } from '../../../../tests/kit/pane'
import { besideTrouble, useTroubles } from './useTroubles'

type Desk = Parameters<typeof useTroubles>[0]

function troubled(trouble: Record<string, string>) {
  const devices = shallowRef<unknown>({ trouble })
  const lacks = ref({ '0': 'microphone' in trouble, '1': 'camera' in trouble })
  const retryDevices = (): Promise<void> => {
    devices.value = { trouble: {} }
    lacks.value = { '0': false, '1': false }
    return Promise.resolve()
  }
  const made = effectScope().run(() => useTroubles({ devices, lacks, retryDevices } as unknown as Desk, say))
  if (!made) throw new Error('the scope is over')
  return made
}

describe('what of one’s own devices is missing', () => {
  it('is said of each, and once where both lack for one reason', () => {
    const each = troubled({ microphone: 'missing', camera: 'busy' })
    expect(each.troubles.value).toEqual(['call.trouble.microphone_missing', 'call.trouble.camera_busy'])
    expect(troubled({ microphone: 'denied', camera: 'denied' }).troubles.value).toEqual([
      'call.trouble.both_denied',
    ])
  })

  it('is told once: a device that is gone and cannot be had is no second notice', () => {
    const gone = { kind: 'camera', what: 'gone' } as const
    expect(besideTrouble(gone, { camera: 'absent' })).toBeNull()
    expect(besideTrouble(gone, { microphone: 'absent' })).toBe(gone)
    expect(besideTrouble(gone, undefined)).toBe(gone)
    const replaced = { kind: 'camera', what: 'replaced' } as const
    expect(besideTrouble(replaced, { camera: 'absent' })).toBe(replaced)
  })

  it('is tried again where that may help, and what is back is said', async () => {
    expect(troubled({ camera: 'insecure' }).retriable.value).toBe(false)
    const { retriable, retry, retrying, troubles } = troubled({ camera: 'busy' })
    expect(retriable.value).toBe(true)
    await retry()
    expect([retrying.value, troubles.value, await aloud()]).toEqual([false, [], 'call.device.camera_back'])
  })
})
