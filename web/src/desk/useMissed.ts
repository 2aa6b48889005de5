/** The missed calls of this desk (未接来电, 未接通), kept up by the server; empty until they are `known`. */
import { computed, onScopeDispose, ref, shallowRef, type ComputedRef, type Ref } from 'vue'
import type { MissedCall, MissedCalls } from '../wire/messages'
import { signedIn } from '../wire/session'
import { wire } from '../wire/socket'
import { missedAt } from './missed'

export function useMissed(side: 'window' | 'approver'): {
  missed: ComputedRef<MissedCall[]>
  known: Ref<boolean>
  ask: (case_id: string) => Promise<void>
} {
  const live = wire()
  const calls = shallowRef<readonly MissedCall[]>([])
  const known = ref(false)
  let newest = ''

  function take(told: MissedCalls): void {
    // an answer that was on its way while a change was told would take us back
    if (told.at < newest) return
    newest = told.at
    calls.value = told.calls
    known.value = true
  }

  function watch(): void {
    // who lacks the right has no list
    live.ask<MissedCalls & Record<string, unknown>>({ type: 'missed.watch' }).then(take, () => undefined)
  }
  const off = [
    live.onConnected(watch),
    live.onEphemeral((told) => told.type === 'missed.calls' && take(told)),
  ]
  watch()
  onScopeDispose(() => off.forEach((stop) => stop()))

  const missed = computed(() => {
    const me = signedIn.value
    return me ? missedAt(calls.value, side, { unit_id: me.unit.id, window_id: me.window?.id ?? null }) : []
  })
  const ask = async (case_id: string): Promise<void> => void (await live.ask({ type: 'missed.ask', case_id }))
  return { missed, known, ask }
}
