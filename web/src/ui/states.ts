/** The shapes of states: one shape and one tone for each, the same on every screen. */
import type { IconName } from './sprite'

export type StateKind =
  | 'none'
  | 'uploading'
  | 'waiting'
  | 'viewing'
  | 'unread'
  | 'good'
  | 'mend'
  | 'refused'
  | 'not_needed'
  | 'running'
  | 'sealed'

/** What lacks, as the foot of a page names it: a shape, a word and the place to go to. */
export interface Missing {
  id: string
  state: StateKind
  word: string
}

export type Tone = 'good' | 'amber' | 'red' | 'blue' | 'grey' | 'far'

export const shapes: Record<StateKind, { icon: IconName; tone: Tone }> = {
  none: { icon: 'none', tone: 'grey' },
  uploading: { icon: 'uploading', tone: 'blue' },
  waiting: { icon: 'clock', tone: 'blue' },
  viewing: { icon: 'eye', tone: 'far' },
  unread: { icon: 'eye', tone: 'grey' },
  good: { icon: 'good', tone: 'good' },
  mend: { icon: 'mend', tone: 'amber' },
  refused: { icon: 'refused', tone: 'red' },
  not_needed: { icon: 'not-needed', tone: 'grey' },
  running: { icon: 'flag', tone: 'blue' },
  sealed: { icon: 'shield', tone: 'good' },
}

/** People have colours: the window blue, the approver purple, the applicant teal. */
export type Person = 'here' | 'far' | 'guest'

/** Forms of the line between two places; each is a form of the call, drawn from its reducer. */
export type LineForm =
  'idle' | 'waiting' | 'ringing' | 'connecting' | 'active' | 'hold' | 'reconnecting' | 'lost'
