/** Who is on duty at a unit, live: asked at each connection, then told by the server at every change. */
import { onScopeDispose, ref, watch, type Ref } from 'vue'
import type { UnitPresence } from '../wire/messages'
import { wire } from '../wire/socket'

export function useUnit(unit_id: Ref<string | null>): Ref<UnitPresence | null> {
  const presence = ref<UnitPresence | null>(null)
  const connection = wire()

  async function open(): Promise<void> {
    const wanted = unit_id.value
    if (!wanted) return
    const told = await connection.ask<{ approvers: UnitPresence['approvers']; at: string }>({ type: 'unit.open', unit_id: wanted } as never).catch(() => null)
    if (told && wanted === unit_id.value) presence.value = { type: 'unit.presence', unit_id: wanted, approvers: told.approvers, at: told.at }
  }

  onScopeDispose(connection.onConnected(() => void open()))
  onScopeDispose(
    connection.onEphemeral((told) => {
      if (told.type !== 'unit.presence') return
      const fresh = told as UnitPresence
      if (fresh.unit_id === unit_id.value) presence.value = fresh
    }),
  )
  watch(unit_id, () => {
    presence.value = null
    void open()
  })
  return presence
}
