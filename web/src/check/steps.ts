/**
 * The eleven steps of the device check and what may be wrong at each: a closed set, so that every outcome has its words
 * and says what to do. Pure.
 */

export const STEPS = [
  'camera',
  'microphone',
  'speaker',
  'document_camera',
  'socket',
  'direct',
  'relay',
  'publish_audio',
  'publish_video',
  'receive',
  'reconnect',
] as const
export type StepName = (typeof STEPS)[number]
export type StepState = 'pending' | 'running' | 'ok' | 'failed' | 'skipped'

/** Why a step failed or was skipped; keys of `check.reasons` in the words. */
export type StepReason =
  | 'refused'
  | 'refused_by_system'
  | 'absent'
  | 'busy'
  | 'insecure'
  | 'silent'
  | 'not_heard'
  | 'no_picture'
  | 'unplugged'
  | 'one_camera'
  | 'camera_first'
  | 'no_relay'
  | 'no_microphone'
  | 'no_camera'
  | 'no_way'
  | 'no_socket'
  | 'polling'
  | 'no_server'
  | 'throttled'
  | 'no_path'
  | 'relay_closed'
  | 'not_sent'
  | 'narrow'
  | 'not_back'
  | 'not_again'
  | 'stopped'

export interface Outcome {
  state: 'ok' | 'failed' | 'skipped'
  reason?: StepReason
  /** measured on the way; never a name, an address or the name of a device */
  figures?: Record<string, number | string>
}

export interface CheckStep {
  name: StepName
  state: StepState
  reason: StepReason | null
  figures: Record<string, number | string>
}

export const fresh = (): CheckStep[] =>
  STEPS.map((name) => ({ name, state: 'pending', reason: null, figures: {} }))

/** `narrow`: all is well but the line, which carries no more than a small picture */
export type CheckVerdict = 'none' | 'running' | 'ready' | 'narrow' | 'usable' | 'not_ready'

/** A picture no wider than this shows who speaks, and nothing that is written. */
const SMALL = 320

/** Whether the line made the picture small: what is sent, as the browser tells it. */
export function narrow(sent: { limited_by: string; picture_width: number }): boolean {
  return sent.limited_by === 'bandwidth' && sent.picture_width > 0 && sent.picture_width <= SMALL
}

/** Without these no call comes about; the others make it poorer. */
const NEEDED: ReadonlySet<StepName> = new Set(['socket', 'direct', 'publish_audio', 'receive'])

/** What all steps together mean. A way over the relay does for the direct one. */
export function verdict(steps: readonly CheckStep[]): CheckVerdict {
  const state = new Map(steps.map((one) => [one.name, one.state]))
  if (steps.every((one) => one.state === 'pending')) return 'none'
  if (steps.some((one) => one.state === 'running' || one.state === 'pending')) return 'running'
  const failed = steps.filter((one) => one.state === 'failed').map((one) => one.name)
  if (failed.some((name) => NEEDED.has(name) && !(name === 'direct' && state.get('relay') === 'ok')))
    return 'not_ready'
  if ([...NEEDED].some((name) => state.get(name) === 'skipped')) return 'not_ready'
  if (failed.length && steps.every((one) => one.state !== 'failed' || one.reason === 'narrow'))
    return 'narrow'
  return failed.length ? 'usable' : 'ready'
}

/** What a person may hand on to who helps him: outcomes and figures, nothing about anybody. */
export interface CheckReport {
  made_at: string
  verdict: CheckVerdict
  browser: string
  screen: string
  language: string
  steps: CheckStep[]
}

export function report(
  steps: readonly CheckStep[],
  at: Date,
  around: { browser: string; screen: string; language: string },
): CheckReport {
  return {
    made_at: at.toISOString(),
    verdict: verdict(steps),
    ...around,
    steps: steps.map((one) => ({ ...one, figures: { ...one.figures } })),
  }
}
