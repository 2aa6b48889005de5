// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest'
import { fresh, narrow, verdict, type StepReason, type CheckStep, type StepName } from './steps'
import { i18n, learn } from '../i18n'

beforeAll(() => learn('work', 'case'))

const steps = (failed: Partial<Record<StepName, StepReason>>): CheckStep[] =>
  fresh().map((one) =>
    failed[one.name]
      ? { ...one, state: 'failed', reason: failed[one.name] ?? null }
      : { ...one, state: 'ok' },
  )

describe('what the device check finds', () => {
  it.each([
    ['all is well', {}, 'ready'],
    ['the line carries a small picture alone', { publish_video: 'narrow' }, 'narrow'],
    ['so it does, and the camera was pulled out', { publish_video: 'narrow', camera: 'unplugged' }, 'usable'],
    ['no picture arrived', { publish_video: 'not_sent' }, 'usable'],
    [
      'no sound arrived over a narrow line',
      { publish_video: 'narrow', publish_audio: 'not_sent' },
      'not_ready',
    ],
  ] as const)('%s', (_name, failed, expected) => {
    expect(verdict(steps(failed))).toBe(expected)
  })

  it.each([
    [{ limited_by: 'bandwidth', picture_width: 320 }, true],
    [{ limited_by: 'bandwidth', picture_width: 480 }, false],
    // a small camera, or a slow computer, is not the line's fault
    [{ limited_by: 'none', picture_width: 320 }, false],
    [{ limited_by: 'cpu', picture_width: 320 }, false],
    [{ limited_by: 'bandwidth', picture_width: 0 }, false],
  ])('%o is narrow: %s', (sent, is) => {
    expect(narrow(sent)).toBe(is)
  })

  it('is told of a narrow line with what it means and what to do', () => {
    expect(i18n.global.t('check.verdict.narrow')).toContain('线路窄')
    expect(i18n.global.t('check.means.narrow')).toMatch(/看不清.*材料.*扫描/)
    expect(i18n.global.t('check.reasons.narrow')).toMatch(/请关掉.*网络管理员/)
  })
})
