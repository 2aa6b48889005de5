/** The live calls of this supervisor's unit, kept up by the server; null until they are known or when he may not. */
import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'
import type { MonitorCalls } from '../../wire/messages'
import { wire } from '../../wire/socket'

export type Running = MonitorCalls['calls'][number]

export function useRunningCalls(): ShallowRef<readonly Running[] | null> {
  const live = wire()
  const calls = shallowRef<readonly Running[] | null>(null)
  const ask = (): void => {
    live.ask<MonitorCalls & Record<string, unknown>>({ type: 'monitor.watch' }).then(
      (told) => (calls.value = told.calls),
      // who lacks the right has no list
      () => (calls.value = null),
    )
  }
  const off = [
    live.onEphemeral((told) => {
      if (told.type === 'monitor.calls') calls.value = told.calls
    }),
    live.onConnected(ask),
  ]
  ask()
  onScopeDispose(() => off.forEach((stop) => stop()))
  return calls
}
