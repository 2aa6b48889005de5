/**
 * Where this person is in the case, told to the others as it changes and again every TOLD_EVERY_MS, so that they do not
 * forget it: the field, what is typed there, the pointer, the page looked at. Nothing of it is kept.
 */
import { onScopeDispose, ref } from 'vue'
import type { DocumentDraw } from '../../wire/messages'
import type { LiveWire } from '../../wire/socket'
import type { CaseEvent } from '../rules/reducer'

const TOLD_EVERY_MS = 5_000

/** `held`: he sits in a call about another case, and what he points at would reach none of those he sees. */
export function usePlace(live: Pick<LiveWire, 'hint'>, case_id: string, held: () => boolean) {
  const my_point = ref<string | null>(null)
  let my_focus: string | null = null

  function tellFocus(field: string | null): void {
    if (my_focus === field) return
    my_focus = field
    live.hint({ type: 'case.focus', case_id, field })
  }

  /** Points at a field; pointing at it again, or at null, ends it. */
  function point(field: string | null): void {
    if (field === null && my_point.value === null) return
    if (field !== null && held()) return
    my_point.value = my_point.value === field ? null : field
    live.hint({ type: 'case.point', case_id, field: my_point.value })
  }

  function tellTyping(field: string, value: string): void {
    live.hint({ type: 'case.typing', case_id, field, value })
  }

  /** nobody is told now where I look */
  let apart = false
  /** how often a call about the case has ended here */
  const parted = ref(0)
  let my_look: { material_id: string | null; page: number; follow: boolean } = {
    material_id: null,
    page: 1,
    follow: false,
  }

  /** Says which page I look at, and whether the others' pages shall turn along. */
  function look(material_id: string | null, page: number, follow: boolean): void {
    if (my_look.material_id === material_id && my_look.page === page && my_look.follow === follow) return
    my_look = { material_id, page, follow }
    apart = false
    live.hint({ type: 'document.look', case_id, ...my_look })
  }

  /**
   * A call begins, or is over: then nobody is told that I look, nor follows me, until I look at something
   * else or the next one begins.
   */
  function lookTogether(on: boolean): void {
    if (on) {
      apart = false
      tellAgain()
      return
    }
    parted.value += 1
    if (my_look.material_id !== null)
      live.hint({ type: 'document.look', case_id, material_id: null, page: 1, follow: false })
    my_look = { ...my_look, follow: false }
    apart = true
  }

  /** Points in a document, in shares of the page from the left and the top; null: stops. */
  function pointInto(material_id: string, page: number, place: { x: number; y: number } | null): void {
    live.hint({
      type: 'document.point',
      case_id,
      material_id,
      page,
      x: place?.x ?? null,
      y: place?.y ?? null,
    })
  }

  /** Tells a stroke as it grows; null: it came to nothing. */
  function drawInto(material_id: string, page: number, points: [number, number][] | null): void {
    live.hint({ type: 'document.draw', case_id, material_id, page, points: points as DocumentDraw['points'] })
  }

  function tellAgain(): void {
    if (my_look.material_id !== null && !apart) live.hint({ type: 'document.look', case_id, ...my_look })
    if (my_focus !== null) live.hint({ type: 'case.focus', case_id, field: my_focus })
    if (my_point.value !== null) live.hint({ type: 'case.point', case_id, field: my_point.value })
  }

  /** What was pointed at is settled. */
  function settle(event: CaseEvent): void {
    if (event.type === 'case.proposal_closed' && my_point.value === event.proposal.field) point(null)
    if (event.type === 'case.decided') point(null)
  }

  const again = setInterval(tellAgain, TOLD_EVERY_MS)
  onScopeDispose(() => {
    clearInterval(again)
    point(null)
    look(null, 1, false)
    tellFocus(null)
  })

  return { my_point, parted, tellFocus, tellTyping, point, look, lookTogether, pointInto, drawInto, settle }
}
