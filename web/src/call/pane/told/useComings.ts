/**
 * Who speaks, comes and goes, what is put on hold: said aloud to people who do not see it, and who has left
 * told for a while.
 */
import { watch } from 'vue'
import { announce } from '../../../ui/announce'
import { usePassing } from '../../../ui/passing'
import type { CallDesk } from '../../desk/useCall'
import type { Say } from '../../rules/figures'
import { Teller } from '../../rules/speaking'
import type { CallHere } from '../useCallHere'

/** who has left a call that goes on is told for so long, in the place where he was named */
export const LEFT_MS = 60_000

export interface Coming {
  here: Pick<CallHere, 'live' | 'hold' | 'others' | 'other' | 'beside' | 'first_seat'>
  desk: Pick<CallDesk, 'speaking'>
  t: Say
  /** somebody came */
  came: () => void
}

/** The name of who has left, while it is told. */
export function useComings({ here, desk, t, came }: Coming) {
  const { live, hold, others, other, beside, first_seat } = here
  const { now: gone, tell } = usePassing<string>(LEFT_MS)

  // a change of speaker is told where more than two are, and seldom
  const teller = new Teller()
  watch(desk.speaking, (now) => {
    const told = beside.value.length ? teller.take(now, performance.now()) : null
    const who = [other.value, ...beside.value.map((one) => one.leg)].find((leg) => leg?.id === told)
    if (who) announce(t('call.speaking.now', { name: who.person.name, unit: who.person.unit_name }))
  })
  watch(hold, (now, before) => {
    if (live.value && Boolean(now) !== Boolean(before))
      announce(t(now ? 'call.holding.began' : 'call.holding.ended'))
  })
  watch(live, (on) => {
    if (!on) tell(null)
  })
  watch(
    () => others.value.flatMap(({ leg, group }) => (group > 0 ? [leg] : [])),
    (there, before) => {
      const new_ones = there.filter((leg) => !before.some((one) => one.person.id === leg.person.id))
      if (new_ones.length) came()
      for (const leg of new_ones)
        announce(
          t(leg.barged ? 'call.monitor.joined' : 'call.third.joined', {
            name: leg.person.name,
            unit: leg.person.unit_name,
          }),
        )
      const left = before.filter((leg) => !there.some((one) => one.person.id === leg.person.id))
      if (new_ones.length) tell(null)
      if (!live.value) return
      for (const leg of left) announce(t('call.third.left', { name: leg.person.name }))
      const last = left.at(-1)
      if (last) tell(last.person.name)
    },
  )
  // the approver of before, while the call goes on with who decides
  watch(
    () => (live.value && first_seat.value?.state === 'left' ? first_seat.value : null),
    (left) => {
      if (!left) return
      announce(t('call.third.left', { name: left.person.name }))
      tell(left.person.name)
    },
  )
  return gone
}
