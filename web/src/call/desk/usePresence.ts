/**
 * Which approvers of a unit are on duty now: asked at every connection, then told at every change; unknown
 * while the connection is cut.
 */
import { computed, onScopeDispose, ref, watch, type ComputedRef } from 'vue'
import type { UnitPresence } from '../../wire/messages'
import { isCut, wire } from '../../wire/socket'
import { heard } from '../../rules/clock'

type Approvers = UnitPresence['approvers']
export type OnDuty = Approvers[number]

export function usePresence(unit_id: () => string | undefined): ComputedRef<Approvers | null> {
  const live = wire()
  const approvers = ref<Approvers | null>(null)
  let newest = ''

  function take(told: UnitPresence): void {
    // an answer that was on its way while a change was told would take us back
    if (told.unit_id !== unit_id() || told.at < newest) return
    heard(told.at)
    newest = told.at
    approvers.value = told.approvers
  }

  function ask(): void {
    const wanted = unit_id()
    if (!wanted) return
    live
      .ask<UnitPresence & Record<string, unknown>>({ type: 'unit.open', unit_id: wanted })
      .then(take, () => {
        if (wanted === unit_id()) approvers.value = null
      })
  }

  watch(unit_id, () => {
    approvers.value = null
    newest = ''
    ask()
  })
  onScopeDispose(live.onConnected(ask))
  onScopeDispose(live.onEphemeral((told) => told.type === 'unit.presence' && take(told)))
  return computed(() => (isCut(live.connection.value) ? null : approvers.value))
}
