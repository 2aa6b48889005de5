/** The one thing to do where papers are taken, which the one filled button there says. Pure. */

export interface ScanNow {
  /** a page lies open to be corrected */
  open: boolean
  /** the camera of this place takes them; else they come in from a phone */
  camera: boolean
  pages: number
  /** how many sides the paper has, 正面 and 反面; 0: it is not told */
  sides: number
  full: boolean
  /** the case takes nothing any more */
  closed: boolean
}

/** `none`: nothing of it is to be done here; the next step stands at the foot. */
export type ScanStep = 'done' | 'shoot' | 'send' | 'none'

/** Through with the open page, then every side once, then send; a further page may be taken beside. */
export function scanStep(now: ScanNow): ScanStep {
  if (now.closed) return 'none'
  if (now.open) return 'done'
  if (now.camera && !now.full && now.pages < Math.max(1, now.sides)) return 'shoot'
  return now.pages ? 'send' : 'none'
}
