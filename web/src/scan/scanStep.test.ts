// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { scanStep, type ScanNow } from './scanStep'

const now = (over: Partial<ScanNow> = {}): ScanNow => ({
  open: false,
  camera: true,
  pages: 0,
  sides: 0,
  full: false,
  closed: false,
  ...over,
})

describe('the one filled button where papers are taken', () => {
  it('takes every side once, and sends then', () => {
    expect([0, 1, 2].map((pages) => scanStep(now({ pages })))).toEqual(['shoot', 'send', 'send'])
    expect([0, 1, 2].map((pages) => scanStep(now({ pages, sides: 2 })))).toEqual(['shoot', 'shoot', 'send'])
    expect(scanStep(now({ pages: 1, sides: 2, full: true }))).toBe('send')
  })

  it('is through with the page that lies open, before anything else', () => {
    expect(scanStep(now({ open: true, pages: 2 }))).toBe('done')
    expect(scanStep(now({ open: true, pages: 1, camera: false }))).toBe('done')
  })

  it('waits for a phone, and is none where the case is closed', () => {
    expect([0, 1].map((pages) => scanStep(now({ camera: false, pages })))).toEqual(['none', 'send'])
    expect(scanStep(now({ closed: true, pages: 1, open: true }))).toBe('none')
  })
})
