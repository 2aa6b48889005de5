/** What an event that does no more than it declares changes in a case: the table that the server's declarations give. */
import type { AnyEvent, CaseView } from '../../wire/messages'
import { ARMS } from '../../wire/arms'

/** The members of `Of` whose values may stand where `Value` does. */
type Holding<Of, Value> = { [Name in keyof Of]-?: Of[Name] extends Value ? Name : never }[keyof Of]

/** How an event changes the members of a case: each named with the member of the event that fits it. */
interface Arm<Event> {
  readonly puts?: {
    readonly [Of in Holding<CaseView, readonly { id: string }[]>]?: Holding<Event, CaseView[Of][number]>
  }
  readonly sets?: { readonly [Of in keyof CaseView]?: Holding<Event, CaseView[Of]> }
  readonly takes?: {
    readonly [Of in Holding<CaseView, readonly { id: string }[]>]?: Holding<Event, readonly string[]>
  }
}

const table = ARMS satisfies { [Event in AnyEvent as Event['type']]?: Arm<Event> }

/** The events that the table tells whole. */
export type DeclaredEvent = Extract<AnyEvent, { type: keyof typeof table }>

export function declared(event: AnyEvent): event is DeclaredEvent {
  return Object.hasOwn(table, event.type)
}

export function changed(view: CaseView, event: DeclaredEvent): CaseView {
  // that the names fit is what the table was held against above
  const { puts, sets, takes }: { [How in keyof Arm<never>]: Record<string, string> } = table[event.type]
  const brought = event as unknown as Record<string, never>
  const now = { ...view } as Record<keyof CaseView, unknown>
  for (const [of, member] of entries(sets)) now[of] = brought[member]
  for (const [of, member] of entries(puts)) now[of] = put(now[of] as Known[], brought[member]!)
  for (const [of, member] of entries(takes)) {
    const ids: readonly string[] = brought[member]!
    now[of] = (now[of] as Known[]).filter((one) => !ids.includes(one.id))
  }
  return now as CaseView
}

interface Known {
  id: string
}

/** Over the one with its id, or behind them all. */
export function put<T extends Known>(all: readonly T[], one: T): T[] {
  const at = all.findIndex((other) => other.id === one.id)
  return at < 0 ? [...all, one] : all.map((other, index) => (index === at ? one : other))
}

function entries(members: Record<string, string> = {}): [keyof CaseView, string][] {
  return Object.entries(members) as [keyof CaseView, string][]
}
