/**
 * A case followed: the snapshot that the server gave, kept current by its events, and asked for anew after a gap, a lost
 * connection, a changed calendar or midnight. Events that overtake a snapshot wait for it.
 */
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { chinaToday, heard, useToday } from '../../rules/clock'
import { Problem } from '../../wire/http'
import type {
  AnyEvent,
  CaseOpened,
  CaseSnapshot,
  Draft,
  DueView,
  MaterialMoved,
  ReferralView,
} from '../../wire/messages'
import type { LiveWire } from '../../wire/socket'
import { gap, reduceCase, subjectOf, UnknownEvent, type CaseEvent } from '../rules/reducer'
import { useRecount } from './recount'

/** What else becomes of what came. */
export interface Followed {
  /** an event changed the snapshot */
  applied: (event: CaseEvent) => void
  /** a file that was put on another line, as the snapshot or an event tells it */
  moved: (event: MaterialMoved | null | undefined) => void
}

/** What the days that would be promised today are counted by. */
const promises = ({ item }: CaseSnapshot['case']): string => `${item.id}@${item.version}`

/** `as_applicant`: as the turned screen shows it. */
export function useFollowing(
  live: Pick<LiveWire, 'ask' | 'onEvent' | 'onConnected'>,
  case_id: string,
  as_applicant: boolean,
  followed: Followed,
) {
  const snapshot = shallowRef<CaseSnapshot | null>(null)
  /** what I typed and never saved, as the server kept it */
  const drafts = shallowRef<Record<string, Draft>>({})
  /** the promised limit if the case were accepted today */
  const due = shallowRef<DueView | null>(null)
  /** the day that was today for it */
  const counted_on = ref(chinaToday())
  /** why the case is not there, or cannot be followed */
  const problem = shallowRef<Problem | null>(null)
  /** a newer server sends what this page does not know */
  const outgrown = ref(false)
  /** to whom the case went while this page showed it by the unit that decided: the server tells no more of it then */
  const referred = shallowRef<ReferralView | null>(null)
  const view = computed(() => snapshot.value?.case ?? null)
  const audience = computed(() => snapshot.value?.audience ?? null)

  let asked = 0
  let waiting: CaseEvent[] | null = null

  /** Asks for the whole case; events that overtake the answer wait for it. */
  async function open(): Promise<void> {
    const turn = ++asked
    waiting = []
    try {
      const fresh = await live.ask<CaseOpened>({ type: 'case.open', case_id, as_applicant })
      if (turn !== asked) return
      const held = waiting
      waiting = null
      snapshot.value = { audience: fresh.audience, version: fresh.version, case: fresh.case }
      drafts.value = fresh.drafts
      due.value = fresh.due
      counted_on.value = chinaToday()
      if (!as_applicant) followed.moved(fresh.moved)
      problem.value = null
      // it came to the unit of who asks: what was told to those from whom it went is over for him
      if (fresh.audience === 'approver') referred.value = null
      held.forEach(apply)
    } catch (reason) {
      if (turn !== asked) return
      waiting = null
      problem.value = Problem.of(reason)
    }
  }

  function apply(event: CaseEvent): void {
    if (waiting) {
      waiting.push(event)
      return
    }
    const held = snapshot.value
    if (!held) return
    // the server tells nothing more to whom it saw by the unit that decided: what one may see now is asked anew
    if (event.type === 'case.referred' && held.audience !== 'window' && held.audience !== 'applicant') {
      referred.value = event.referral
      void open()
      return
    }
    if (gap(held, event)) {
      void open()
      return
    }
    try {
      snapshot.value = reduceCase(held, event)
    } catch (reason) {
      if (!(reason instanceof UnknownEvent)) throw reason
      outgrown.value = true
      return
    }
    followed.applied(event)
    if (event.type === 'material.moved') followed.moved(event)
    // the last that a unit hears of its task: what it may see is asked anew
    if (event.type === 'case.tasked' && held.audience === 'task') void open()
    // a consultation became a case: another item promises other days
    if (promises(held.case) !== promises(snapshot.value.case)) void open()
  }

  function hear(told: AnyEvent): void {
    heard(told.at)
    if (told.type !== 'call.changed' && told.subject === subjectOf(case_id)) apply(told)
    // what is decided is told by its own event; the days of one that is not are asked for anew
    else if (told.subject.startsWith('calendar:') && !view.value?.decision) recount()
  }
  const recount = useRecount(() => void open())
  // a page that lies open over midnight: what is promised from today on, and what is late by today, has moved
  watch(useToday(), recount)

  const off = [live.onEvent(hear), live.onConnected(() => void open())]
  onScopeDispose(() => off.forEach((stop) => stop()))

  return { snapshot, view, audience, drafts, due, counted_on, problem, outgrown, referred, open }
}
