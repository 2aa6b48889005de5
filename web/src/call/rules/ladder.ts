/**
 * The ladder by which a seat's media climb back when the way to the worker breaks. Pure: a state, what was
 * noticed and the time in, the next state and at most one act out; who keeps it does the acts and the timers.
 *
 *     none → beginning → up ⇄ waiting → restarting → relaying → sound ⟲
 *
 * waiting: it may come back by itself. restarting: the same connection over a new path (ICE restart), which
 * keeps leg and recording. relaying: a new connection, over the relay alone where there is one. sound: a new
 * connection without pictures, again and again, ever more slowly. Each rung that comes up leads to `up`; what
 * was left out on the way (`load`) stays left out until it is asked for or the line has been good for long.
 * Nothing can be asked for while the server cannot be reached: the rungs wait, and go on from a restart.
 */

export type Rung = 'none' | 'beginning' | 'up' | 'waiting' | 'restarting' | 'relaying' | 'sound'

/** What is carried: all of it, all but the faces and the screen, or sound alone. */
export type Load = 'whole' | 'paper' | 'sound'

export interface Ladder {
  rung: Rung
  load: Load
  /** whether this connection may only use the relay */
  relay: boolean
  /** whether the server can be asked */
  served: boolean
  /** when the rung is over without success; null while nothing is awaited */
  until_ms: number | null
  /** new connections without pictures that were tried in vain */
  tries: number
}

export type MediaNoticed =
  /** a new seat, its first connection is being made */
  | { type: 'begun' }
  /** packets come in (again) */
  | { type: 'up' }
  /** no packets for a while, or the browser calls the way disconnected */
  | { type: 'weak' }
  /** the browser has given the way up */
  | { type: 'broken' }
  /** another network, or none of the old addresses: the old way will not come back */
  | { type: 'moved' }
  /** the server says that the worker hears nothing of this seat */
  | { type: 'unheard' }
  /** what an act asked for was refused or went wrong */
  | { type: 'failed' }
  | { type: 'time' }
  | { type: 'served'; on: boolean }
  /** carry less, or all of it again: a person's wish, or what the line allows */
  | { type: 'carry'; load: Load }
  | { type: 'ended' }

/**
 * restart: the same connection over a new path; relay: a new one over the relay alone; sound: a new one
 * without pictures.
 */
export type LadderAct = 'restart' | 'relay' | 'sound'

export const WAIT_MS = 1_000
export const BEGIN_MS = 8_000
export const RESTART_MS = 5_000
export const RELAY_MS = 8_000
export const SOUND_MS = 8_000
export const SOUND_AT_MOST_MS = 30_000

export const AT_REST: Ladder = {
  rung: 'none',
  load: 'whole',
  relay: false,
  served: true,
  until_ms: null,
  tries: 0,
}

interface Step {
  ladder: Ladder
  act: LadderAct | null
}

export function climb(ladder: Ladder, noticed: MediaNoticed, at_ms: number): Step {
  const stay: Step = { ladder, act: null }
  switch (noticed.type) {
    case 'ended':
      return { ladder: { ...AT_REST, served: ladder.served }, act: null }
    case 'begun':
      return {
        ladder: { ...ladder, rung: 'beginning', relay: false, until_ms: at_ms + BEGIN_MS, tries: 0 },
        act: null,
      }
    case 'served':
      if (ladder.served === noticed.on) return stay
      return serve({ ...ladder, served: noticed.on }, at_ms)
    case 'up':
      if (ladder.rung === 'none' || ladder.rung === 'up') return stay
      return { ladder: { ...ladder, rung: 'up', until_ms: null, tries: 0 }, act: null }
    case 'weak':
      if (ladder.rung !== 'up') return stay
      return { ladder: { ...ladder, rung: 'waiting', until_ms: at_ms + WAIT_MS }, act: null }
    case 'carry':
      if (ladder.load === noticed.load) return stay
      // media flow on meanwhile: no rung is climbed for it
      if (ladder.rung === 'up' && ladder.served)
        return { ladder: { ...ladder, load: noticed.load }, act: 'restart' }
      return { ladder: { ...ladder, load: noticed.load }, act: null }
    case 'unheard':
      return ladder.rung === 'up' || ladder.rung === 'waiting' ? restart(ladder, at_ms) : stay
    case 'moved':
      return ladder.rung === 'none' || ladder.rung === 'beginning' ? stay : restart(ladder, at_ms)
    case 'time':
      return ladder.until_ms !== null && at_ms >= ladder.until_ms ? next(ladder, at_ms) : stay
    case 'broken':
      return next(ladder, at_ms)
    case 'failed':
      // a first connection is tried again by who makes it, one without pictures when its time is over
      return ladder.rung === 'restarting' || ladder.rung === 'relaying' ? next(ladder, at_ms) : stay
  }
}

/** The rung above the one that did not help. */
function next(ladder: Ladder, at_ms: number): Step {
  if (ladder.rung === 'none') return { ladder, act: null }
  if (!ladder.served)
    return {
      ladder: { ...ladder, rung: ladder.rung === 'up' ? 'waiting' : ladder.rung, until_ms: null },
      act: null,
    }
  switch (ladder.rung) {
    case 'up':
    case 'waiting':
      return restart(ladder, at_ms)
    case 'beginning':
    case 'restarting':
      return {
        ladder: { ...ladder, rung: 'relaying', relay: true, until_ms: at_ms + RELAY_MS },
        act: 'relay',
      }
    case 'relaying':
    case 'sound': {
      const tries = ladder.rung === 'sound' ? ladder.tries + 1 : 0
      const wait_ms = Math.min(SOUND_MS * 2 ** tries, SOUND_AT_MOST_MS)
      return {
        ladder: { ...ladder, rung: 'sound', load: 'sound', relay: false, until_ms: at_ms + wait_ms, tries },
        act: 'sound',
      }
    }
  }
}

function restart(ladder: Ladder, at_ms: number): Step {
  if (!ladder.served) return { ladder: { ...ladder, rung: 'waiting', until_ms: null }, act: null }
  return { ladder: { ...ladder, rung: 'restarting', until_ms: at_ms + RESTART_MS }, act: 'restart' }
}

/** The server is there again, or gone: what was awaited of it is asked for anew, or waits. */
function serve(ladder: Ladder, at_ms: number): Step {
  if (ladder.rung === 'none' || ladder.rung === 'up') return { ladder, act: null }
  if (!ladder.served) return { ladder: { ...ladder, until_ms: null }, act: null }
  if (ladder.rung === 'beginning') return { ladder: { ...ladder, until_ms: at_ms + BEGIN_MS }, act: null }
  return restart(ladder, at_ms)
}

/** What a person is told: the rung he stands on, or what is left out although it came up; null when all is well. */
export type ToldRung =
  'waiting' | 'cut' | 'restarting' | 'relaying' | 'sound' | 'without_faces' | 'without_pictures'

export function told(ladder: Ladder): ToldRung | null {
  switch (ladder.rung) {
    case 'none':
    case 'beginning':
      return null
    case 'up':
      return ladder.load === 'whole' ? null : ladder.load === 'paper' ? 'without_faces' : 'without_pictures'
    default:
      return ladder.served ? ladder.rung : 'cut'
  }
}
