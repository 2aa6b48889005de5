/**
 * Acts that count name what stood before this person's eyes. When others have changed the case since, or when he
 * speaks with somebody about another case, the server refuses them and he is asked; only his yes sends them again.
 * Every other act (a judgement, a point, a consent, a promise, a comment, a message, a file) is asked about here, once
 * for each such call while the page stays; what is typed into the form is not, as the form warns above it.
 */
import { ref, shallowRef, watch } from 'vue'
import { i18n } from '../../i18n'
import { http, Problem } from '../../wire/http'
import type { CaseSnapshot, CaseView } from '../../wire/messages'
import { changesIn, listIn, type Change } from '../rules/changes'

/** What an act rests on. */
export interface Rests {
  seen_version: number
  other_call_ids: string[]
}

export type Question =
  | { kind: 'changed'; changes: readonly Change[] }
  | { kind: 'other'; others: readonly (CaseView | null)[]; back: string | null }

/** The call in which he sits, about another case than the page's. */
export interface Elsewhere {
  call_id: string
  case_id: string
}

function declined(reason: unknown): Problem {
  const told =
    reason === null ? new Problem({ title: '', status: 0, code: 'other_case_in_call' }) : Problem.of(reason)
  told.declined = true
  return told
}

/** The call about another case ended while he was asked: nothing is done, and he is told so. */
const ended = (): Problem =>
  new Problem({ title: i18n.global.t('acting.other.over'), status: 0, code: 'other_case_in_call' })

type Reply = 'yes' | 'no' | 'over'

export type Acting = ReturnType<typeof useActing>

/** `unsendable`: why no act goes out now; then nothing is asked before it either. */
export function useActing(version: () => number, unsendable: () => Problem | null = () => null) {
  const question = shallowRef<Question | null>(null)
  const asks = ref(false)
  let settle: ((said: Reply) => void) | null = null

  function ask(asked: Question): Promise<Reply> {
    settle?.('no')
    question.value = asked
    asks.value = true
    return new Promise((told) => (settle = told))
  }

  function close(said: Reply): void {
    question.value = null
    asks.value = false
    settle?.(said)
    settle = null
  }
  const answer = (yes: boolean): void => close(yes ? 'yes' : 'no')

  const caseOf = (id: string): Promise<CaseView | null> =>
    http.get<CaseSnapshot>(`/cases/${id}`).then(
      (one) => one.case,
      () => null,
    )

  const elsewhere = shallowRef<() => Elsewhere | null>(() => null)
  // what is asked of a call holds while it runs
  watch(
    () => elsewhere.value()?.call_id ?? null,
    (now, before) => {
      if (before !== null && now !== before && question.value?.kind === 'other') close('over')
    },
  )
  const meant = new Set<string>()

  /** Says from where to know in which call about another case he sits; without it `mean` asks nothing. */
  function sits(where: () => Elsewhere | null): void {
    elsewhere.value = where
  }

  /** Lets an act about this case go on; while he sits in a call about another, after one yes for that call. */
  async function mean(): Promise<void> {
    const there = elsewhere.value()
    if (!there || meant.has(there.call_id)) return
    const cut = unsendable()
    if (cut) throw cut
    const other = await caseOf(there.case_id)
    // it may have ended while that was fetched
    if (elsewhere.value()?.call_id !== there.call_id) throw ended()
    const said = await ask({ kind: 'other', others: [other], back: there.case_id })
    if (said !== 'yes') throw said === 'over' ? ended() : declined(null)
    meant.add(there.call_id)
  }

  /** What is before this person's eyes now. */
  const rests = (): Rests => ({ seen_version: version(), other_call_ids: [] })

  /** Sends an act that rests on what was seen then; asks him where the server wants it, as often as it does. */
  async function act<R>(send: (rests: Rests) => Promise<R>, on: Rests = rests()): Promise<R> {
    for (;;) {
      try {
        return await send({ ...on })
      } catch (reason) {
        const { code, details } = Problem.of(reason)
        if (code === 'changed') {
          const yes = (await ask({ kind: 'changed', changes: changesIn(details['changes']) })) === 'yes'
          // he was told: what he does next rests on what stands there now
          on.seen_version = version()
          if (!yes) throw reason
        } else if (code === 'other_case_in_call') {
          const cases = listIn(details['cases'])
          const others = await Promise.all(cases.map(caseOf))
          const said = await ask({ kind: 'other', others, back: null })
          if (said !== 'yes') throw said === 'over' ? ended() : declined(reason)
          on.other_call_ids = listIn(details['calls'])
        } else throw reason
      }
    }
  }

  return { question, answer, rests, act, sits, mean, elsewhere: () => elsewhere.value() }
}
