/**
 * Acts that count name what stood before this person's eyes. When others have changed the case since, or when he
 * speaks with somebody about another case, the server refuses them and he is asked; only his yes sends them again.
 * What reaches people without deciding (a judgement, a comment, a proposal, a message to the applicant, a file) is asked
 * about here, once for each such call while the page stays.
 */
import { ref, shallowRef } from 'vue'
import { http, Problem } from '../wire/http'
import type { CaseSnapshot, CaseView } from '../wire/messages'

/** What an act rests on. */
export interface Rests {
  seen_version: number
  other_call_ids: string[]
}

export interface Change {
  what: 'values' | 'materials' | 'reviews' | 'comments' | 'unit' | 'decision'
  /** a path, a key of a line, `point:<key>` or the anchor of a comment; empty where there is one place alone */
  where: string
}

export type Question = { kind: 'changed'; changes: readonly Change[] } | { kind: 'other'; others: readonly (CaseView | null)[]; back: string | null }

/** The call in which he sits, about another case than the page's. */
export interface Elsewhere {
  call_id: string
  case_id: string
}

/** A detail with commas. */
const listIn = (told: unknown): string[] => (typeof told === 'string' ? told.split(',').filter(Boolean) : [])

/** `values:old_principal,materials:identity,unit` */
export function changesIn(told: unknown): Change[] {
  return listIn(told).map((one) => {
    const at = one.indexOf(':')
    return { what: (at < 0 ? one : one.slice(0, at)) as Change['what'], where: at < 0 ? '' : one.slice(at + 1) }
  })
}

function declined(reason: unknown): Problem {
  const told = reason === null ? new Problem({ title: '', status: 0, code: 'other_case_in_call' }) : Problem.of(reason)
  told.declined = true
  return told
}

export function useActing(version: () => number) {
  const question = shallowRef<Question | null>(null)
  const asks = ref(false)
  let settle: ((yes: boolean) => void) | null = null

  function ask(asked: Question): Promise<boolean> {
    settle?.(false)
    question.value = asked
    asks.value = true
    return new Promise((told) => (settle = told))
  }

  function answer(yes: boolean): void {
    question.value = null
    asks.value = false
    settle?.(yes)
    settle = null
  }

  const caseOf = (id: string): Promise<CaseView | null> => http.get<CaseSnapshot>(`/cases/${id}`).then((one) => one.case, () => null)

  let elsewhere: () => Elsewhere | null = () => null
  const meant = new Set<string>()

  /** Says from where to know in which call about another case he sits; without it `mean` asks nothing. */
  function sits(where: () => Elsewhere | null): void {
    elsewhere = where
  }

  /** Lets an act about this case go on; while he sits in a call about another, after one yes for that call. */
  async function mean(): Promise<void> {
    const there = elsewhere()
    if (!there || meant.has(there.call_id)) return
    if (!(await ask({ kind: 'other', others: [await caseOf(there.case_id)], back: there.case_id }))) throw declined(null)
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
          const yes = await ask({ kind: 'changed', changes: changesIn(details['changes']) })
          // he was told: what he does next rests on what stands there now
          on.seen_version = version()
          if (!yes) throw reason
        } else if (code === 'other_case_in_call') {
          const cases = listIn(details['cases'])
          const others = await Promise.all(cases.map(caseOf))
          if (!(await ask({ kind: 'other', others, back: null }))) throw declined(reason)
          on.other_call_ids = listIn(details['calls'])
        } else throw reason
      }
    }
  }

  return { question, answer, rests, act, sits, mean, elsewhere: () => elsewhere() }
}
