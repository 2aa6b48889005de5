/**
 * What others do in the case this moment: the fields they are in, point at and type into, the pages they look at and
 * draw on, and the files that are on their way. Told as ephemerals, never kept: whoever falls silent is forgotten.
 */
import { onScopeDispose, shallowReactive } from 'vue'
import type { AnyEphemeral, DocumentDraw, DocumentLook, DocumentPoint, PersonRef } from '../../wire/messages'
import type { LiveWire } from '../../wire/socket'
import type { CaseEvent } from '../rules/reducer'

/** Somebody else in a field, or pointing at it. */
export interface There {
  by: PersonRef
  field: string
  seen_at: number
}

export interface Progress {
  received_bytes: number
  size_bytes: number
  /** over the last second or two; 0 until it is known */
  bytes_per_s: number
  /** where the present measurement began */
  from_bytes: number
  from_at: number
}

const GONE_AFTER_MS = 10_000
const RATE_OVER_MS = 1_500

function moved(
  before: Progress | undefined,
  told: { received_bytes: number; size_bytes: number },
  now: number,
): Progress {
  const { received_bytes, size_bytes } = told
  if (!before) return { received_bytes, size_bytes, bytes_per_s: 0, from_bytes: received_bytes, from_at: now }
  if (now - before.from_at < RATE_OVER_MS) return { ...before, received_bytes, size_bytes }
  const bytes_per_s = Math.max(0, ((received_bytes - before.from_bytes) * 1000) / (now - before.from_at))
  return { received_bytes, size_bytes, bytes_per_s, from_bytes: received_bytes, from_at: now }
}

export function useOthers(live: Pick<LiveWire, 'onEphemeral'>, case_id: string, me: string) {
  /** at a keyboard of another person: in a field, pointing, typing */
  const focused = shallowReactive(new Map<string, There>())
  const pointing = shallowReactive(new Map<string, There>())
  /** where others point in a document, and which page they look at; by person */
  const pointed = shallowReactive(new Map<string, DocumentPoint & { by: PersonRef; seen_at: number }>())
  /** strokes that others draw this moment; by person */
  const drawn = shallowReactive(new Map<string, DocumentDraw & { by: PersonRef; seen_at: number }>())
  const looking = shallowReactive(new Map<string, DocumentLook & { by: PersonRef; seen_at: number }>())
  const typed = shallowReactive(new Map<string, { value: string; by: PersonRef }>())
  const progress = shallowReactive(new Map<string, Progress>())

  function overhear(told: AnyEphemeral): void {
    if (!('case_id' in told) || told.case_id !== case_id) return
    const now = performance.now()
    if (told.type === 'material.progress') {
      progress.set(told.material_id, moved(progress.get(told.material_id), told, now))
      return
    }
    const by = told.by
    if (!by || by.id === me) return
    if (told.type === 'document.point') {
      if (told.x === null || told.y === null) pointed.delete(by.id)
      else pointed.set(by.id, { ...told, by, seen_at: now })
      return
    }
    if (told.type === 'document.draw') {
      if (told.points === null) drawn.delete(by.id)
      else drawn.set(by.id, { ...told, by, seen_at: now })
      return
    }
    if (told.type === 'document.look') {
      if (told.material_id === null) looking.delete(by.id)
      else looking.set(by.id, { ...told, by, seen_at: now })
      return
    }
    if (told.type === 'case.typing') {
      typed.set(told.field, { value: told.value, by })
      focused.set(by.id, { by, field: told.field, seen_at: now })
      return
    }
    const places = told.type === 'case.point' ? pointing : focused
    const left = focused.get(by.id)?.field
    if (told.field === null) places.delete(by.id)
    else places.set(by.id, { by, field: told.field, seen_at: now })
    // who leaves a field leaves nothing half typed on other pages
    if (told.type === 'case.focus' && left && left !== told.field && typed.get(left)?.by.id === by.id)
      typed.delete(left)
  }

  function forgetTheSilent(): void {
    const before = performance.now() - GONE_AFTER_MS
    for (const places of [focused, pointing, pointed, looking, drawn]) {
      for (const [id, there] of places) if (there.seen_at < before) places.delete(id)
    }
    for (const [field, { by }] of typed) if (focused.get(by.id)?.field !== field) typed.delete(field)
  }

  /** An event settles what was only shown before it. */
  function settle(event: CaseEvent): void {
    if (event.type === 'case.edited') typed.delete(event.field)
    // what was drawn to the end is in the record now
    if (event.type === 'case.drawn') drawn.delete(event.drawing.by.id)
    if (event.type === 'case.proposal_closed') typed.delete(event.proposal.field)
    if (event.type === 'material.changed' && event.material.state !== 'receiving')
      progress.delete(event.material.id)
  }

  const off = live.onEphemeral(overhear)
  const sweep = setInterval(forgetTheSilent, 1_000)
  onScopeDispose(() => {
    off()
    clearInterval(sweep)
  })

  return { focused, pointing, pointed, drawn, looking, typed, progress, settle }
}
