/** Every party of a call and how it is connected; of the others how good their connections are, by their own figures. */
import { computed, ref } from 'vue'
import type { StateKind } from '../../../ui/states'
import type { LegView } from '../../../wire/messages'
import type { ConnectionState } from '../../../wire/socket'
import type { CallDesk } from '../../desk/useCall'
import { figuresOf, type Say } from '../../rules/figures'
import { partyState, type MediaState, type PartyState, type Standing } from '../../rules/standing'
import type { CallHere } from '../useCallHere'

const KIND: Record<PartyState, StateKind> = {
  connecting: 'waiting',
  connected: 'good',
  silent: 'mend',
  lost: 'refused',
}

/** How this page is connected: its own line counts as broken at once, before the server knows. */
export function ownState(
  connection: ConnectionState,
  media: MediaState,
  phase: Standing['phase'],
): PartyState {
  if (connection === 'lost') return 'lost'
  if (connection !== 'connected' || (media !== 'up' && phase === 'here_reconnecting')) return 'silent'
  return media === 'up' ? 'connected' : 'connecting'
}

export function useParties(
  here: Pick<CallHere, 'call' | 'live' | 'other' | 'beside' | 'state'>,
  desk: Pick<CallDesk, 'connection' | 'media' | 'met' | 'qualities'>,
  t: Say,
) {
  const { call, live, other, beside, state } = here
  const party = (leg: LegView) => ({
    id: leg.id,
    name: leg.person.name,
    who: t('call.party.who', { unit: leg.person.unit_name, number: leg.person.staff_number }),
    state: partyState(leg, desk.met.has(leg.id)),
  })
  const parties = computed(() => {
    if (!live.value || !call.value) return []
    const own = ownState(desk.connection.value, desk.media.value, state.value.phase)
    const there = [other.value, ...beside.value.map((one) => one.leg)].filter((leg) => leg !== null)
    return [{ id: 'me', name: t('call.me'), who: '', state: own }, ...there.map(party)].map((one) => ({
      ...one,
      kind: KIND[one.state],
      word: t(`call.party.${one.state}`),
    }))
  })
  /** whose figures are open */
  const looked_at = ref<string | null>(null)
  const figures = computed(() => {
    const told = parties.value.some((one) => one.id === looked_at.value)
      ? desk.qualities.value.get(looked_at.value ?? '')
      : undefined
    return told ? figuresOf(told.sample, t) : null
  })
  return {
    parties,
    looked_at,
    figures,
    look: (id: string) => void (looked_at.value = looked_at.value === id ? null : id),
  }
}
