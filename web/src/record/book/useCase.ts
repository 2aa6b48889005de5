/**
 * One case on one page: its snapshot kept current by the server's events, who is where in it now, and what this
 * person may ask for. Every change goes out as a command and comes back as an event; nothing is shown before.
 */
import { onScopeDispose } from 'vue'
import type { Person } from '../../ui/states'
import type { PersonRef } from '../../wire/messages'
import { signedIn } from '../../wire/session'
import { openWire, wire } from '../../wire/socket'
import { atWindow } from '../rules/points'
import { useActing } from './acting'
import { useCommands } from './commands'
import { useFollowing } from './following'
import { useMovedFile } from './movedFile'
import { useOthers } from './others'
import { usePlace } from './place'

export type { Progress } from './others'
export type CaseBook = ReturnType<typeof useCase>

/** `as_applicant`: as the turned screen shows it, without anything that is between members of staff. */
export function useCase(case_id: string, as_applicant = false) {
  // a connection has one audience a case: the turned screen reads on its own
  const live = as_applicant ? openWire() : wire()
  const me = signedIn.value?.id ?? ''
  const acting = useActing(
    () => following.snapshot.value?.version ?? 0,
    () => live.unsendable(),
  )
  const { noteMoved, ...movedFile } = useMovedFile(case_id, me)
  const { settle: settleOthers, ...others } = useOthers(live, case_id, me)
  const { settle: settlePlace, ...place } = usePlace(live, case_id, () => acting.elsewhere() !== null)
  const following = useFollowing(live, case_id, as_applicant, {
    applied: (event) => {
      settleOthers(event)
      settlePlace(event)
    },
    moved: noteMoved,
  })
  const { acts_done, commands } = useCommands(
    live,
    { case_id, as_applicant, view: () => following.view.value },
    acting,
  )

  /** Whose colour: the window's unit is here, whoever joins from another unit is there. */
  function personOf(by: PersonRef): Person {
    const view = following.view.value
    return view && atWindow(view, by) ? 'here' : 'far'
  }

  onScopeDispose(() => {
    if (as_applicant) live.close()
  })

  return {
    case_id,
    me,
    ...following,
    ...others,
    ...place,
    ...movedFile,
    acts_done,
    connection: live.connection,
    question: acting.question,
    answer: acting.answer,
    rests: acting.rests,
    sits: acting.sits,
    elsewhere: acting.elsewhere,
    mean: acting.mean,
    personOf,
    ...commands,
  }
}
