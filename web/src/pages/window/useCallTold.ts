/** What the applicant's screen is told of a call of this desk: who is there, seen or why not, and the state of its line. */
import { useI18n } from 'vue-i18n'
import { faceOf } from '../../call/desk/streams'
import { useCall } from '../../call/desk/useCall'
import {
  actsFor,
  farPlace,
  holdOf,
  partiesOf,
  pictureless,
  shutFor,
  spell,
  unrecordedFor,
} from '../../call/rules/standing'
import type { CallTold } from '../../record/applicant/turned'
import { useNow } from '../../rules/clock'
import type { CallSnapshot, LegView } from '../../wire/messages'

/** What the call does not say by itself. */
export interface About {
  /** the unit that decides the case by now; without it that which was called */
  deciding: string | undefined
  /** the places of the line while no call runs, and the word beside it then */
  here: string
  there: string
  idle: string
}

/** Gives the function that tells it of a call as it is now; null: none is about the case. */
export function useCallTold(): (call: CallSnapshot['call'] | null, about: About) => CallTold {
  const { t } = useI18n()
  const desk = useCall()
  const now = useNow()

  return (call, about) => {
    const running = call && call.state !== 'ended' ? call : null
    const live = running?.state === 'live' ? running : null
    const deciding = about.deciding ?? running?.target_unit_id ?? ''
    const hold = holdOf(live)
    const parties = live ? partiesOf(live, desk.me.value, deciding) : []
    const [first, ...others] = parties.map(({ leg, group }) => ({
      leg,
      face: hold ? null : faceOf(desk, group),
      off: hold || isShut(leg) ? t(pictureless(leg, hold !== null)) : null,
      speaks: desk.speaking.value.has(leg.id),
    }))
    const { phase, form, until } = desk.state.value
    const n = until ? Math.max(0, Math.ceil((Date.parse(until) - now.value) / 1000)) : 0
    const time = live?.answered_at ? spell((now.value - Date.parse(live.answered_at)) / 1000) : ''
    const held = hold ? spell((now.value - Date.parse(hold.since)) / 1000) : ''
    return {
      face: first?.face ?? null,
      off: first?.off ?? null,
      person: first?.leg.person ?? null,
      former: Boolean(live && first && actsFor(live, first.leg, deciding) === 'former'),
      speaks: first?.speaks ?? false,
      others: others.map(({ leg, face, off, speaks }) => ({
        id: leg.id,
        person: leg.person,
        face,
        off,
        speaks,
        supervises: leg.barged,
        part: actsFor(live!, leg, deciding),
      })),
      line: {
        here: about.here,
        // who is called, until somebody is there of the unit that the case went to meanwhile; after the call that unit
        there: (running && farPlace(running, deciding)) || about.there,
        form: running ? form : 'idle',
        word: running ? t(`call.phase.${phase}`, { n, time, held }) : about.idle,
      },
      recording:
        live && unrecordedFor(live) === null
          ? { on: !hold && live.legs.some((leg) => leg.recording), word: t('call.recording.on') }
          : null,
      call_id: running?.id ?? null,
    }
  }
}

/** Whether no picture comes of him now, though the last one may stand there still: told at the desks by the same. */
function isShut(leg: LegView): boolean {
  return shutFor(leg, '1') !== null || leg.state === 'lost'
}
