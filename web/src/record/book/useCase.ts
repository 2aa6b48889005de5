/**
 * One case on one page: its snapshot kept current by the server's events, who is where in it now, and what this
 * person may ask for. Every change goes out as a command and comes back as an event; nothing is shown before.
 */
import { computed, onScopeDispose, ref, shallowReactive, shallowRef, watch } from 'vue'
import { chinaToday, heard, useToday } from '../../rules/clock'
import { recall, remember } from '../../ui/remembered'
import type { Person } from '../../ui/states'
import { Problem } from '../../wire/http'
import type {
  AnyEphemeral,
  AnyEvent,
  CaseDraw,
  CaseOpened,
  CaseRate,
  CaseReceiveOriginals,
  CaseSendOriginals,
  CaseSign,
  CaseSnapshot,
  CaseStopClock,
  DocumentDraw,
  DocumentLook,
  DocumentPoint,
  Draft,
  DueView,
  MaterialMoved,
  MaterialView,
  OriginalsLine,
  PersonRef,
  ReceivedLine,
  ReferralView,
  SummaryView,
} from '../../wire/messages'
import { signedIn } from '../../wire/session'
import { openWire, wire } from '../../wire/socket'
import { useActing, type Rests } from './acting'
import { atWindow } from '../rules/points'
import { useRecount } from './recount'
import { gap, reduceCase, subjectOf, UnknownEvent, type CaseEvent } from '../rules/reducer'

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

/** What is sent again and again while somebody types or reads is no act. */
const NO_ACTS: ReadonlySet<string> = new Set(['draft', 'hold', 'summarise'])
/**
 * What goes out while he sits in a call about another case without the page's question: what is typed into the form,
 * which warns above it; what is taken back by itself; and what names the versions seen, of which the server asks.
 */
const UNASKED: ReadonlySet<string> = new Set([
  ...NO_ACTS,
  'edit',
  'withdrawPhone',
  'sendOriginals',
  'receiveOriginals',
  'refer',
  'decide',
  'stopClock',
  'resumeClock',
  'extendLimit',
  'printForm',
  'submit',
])
const TOLD_EVERY_MS = 5_000
const GONE_AFTER_MS = 10_000
const RATE_OVER_MS = 1_500

export type CaseBook = ReturnType<typeof useCase>

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

/** `as_applicant`: as the turned screen shows it, without anything that is between members of staff. */
export function useCase(case_id: string, as_applicant = false) {
  // a connection has one audience a case: the turned screen reads on its own
  const live = as_applicant ? openWire() : wire()
  const me = signedIn.value?.id ?? ''
  const snapshot = shallowRef<CaseSnapshot | null>(null)
  /** what I typed and never saved, as the server kept it */
  const drafts = shallowRef<Record<string, Draft>>({})
  /** the promised limit if the case were accepted today */
  const due = shallowRef<DueView | null>(null)
  /** the day that was today for it */
  const counted_on = ref(chinaToday())
  /** why the case is not there, or cannot be followed */
  const problem = shallowRef<Problem | null>(null)
  /** a newer server sends what this page does not know */
  const outgrown = ref(false)
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
  const my_point = ref<string | null>(null)
  /** how many acts were done here: what was told of one that was refused before is over then */
  const acts_done = ref(0)
  /** to whom the case went while this page showed it by the unit that decided: the server tells no more of it then */
  const referred = shallowRef<ReferralView | null>(null)
  /** the last file that somebody else put on another line, until that was read here */
  const moved_by = shallowRef<MaterialMoved | null>(null)
  const moved_read = `moved.${case_id}.${me}`

  function noteMoved(event: MaterialMoved | null | undefined): void {
    if (
      !event ||
      event.by.id === me ||
      event.version <= Math.max(Number(recall(moved_read)), moved_by.value?.version ?? 0)
    )
      return
    moved_by.value = event
  }

  function readMoved(): void {
    if (!moved_by.value) return
    remember(moved_read, String(moved_by.value.version))
    moved_by.value = null
  }

  const view = computed(() => snapshot.value?.case ?? null)
  const acting = useActing(
    () => snapshot.value?.version ?? 0,
    () => live.unsendable(),
  )
  const audience = computed(() => snapshot.value?.audience ?? null)

  // ------------------------------------------------------------ what the server says

  let asked = 0
  let waiting: CaseEvent[] | null = null

  /** Asks for the whole case; events that overtake the answer wait for it. */
  async function open(): Promise<void> {
    const turn = ++asked
    waiting = []
    try {
      const fresh = await live.ask<CaseOpened>({ type: 'case.open', case_id, as_applicant })
      if (turn !== asked) return
      const held = waiting
      waiting = null
      snapshot.value = { audience: fresh.audience, version: fresh.version, case: fresh.case }
      drafts.value = fresh.drafts
      due.value = fresh.due
      counted_on.value = chinaToday()
      if (!as_applicant) noteMoved(fresh.moved)
      problem.value = null
      // it came to the unit of who asks: what was told to those from whom it went is over for him
      if (fresh.audience === 'approver') referred.value = null
      held.forEach(apply)
    } catch (reason) {
      if (turn !== asked) return
      waiting = null
      problem.value = Problem.of(reason)
    }
  }

  function apply(event: CaseEvent): void {
    if (waiting) {
      waiting.push(event)
      return
    }
    const held = snapshot.value
    if (!held) return
    // the server tells nothing more to whom it saw by the unit that decided: what one may see now is asked anew
    if (event.type === 'case.referred' && held.audience !== 'window' && held.audience !== 'applicant') {
      referred.value = event.referral
      void open()
      return
    }
    if (gap(held, event)) {
      void open()
      return
    }
    try {
      snapshot.value = reduceCase(held, event)
    } catch (reason) {
      if (!(reason instanceof UnknownEvent)) throw reason
      outgrown.value = true
      return
    }
    if (event.type === 'case.edited') typed.delete(event.field)
    // what was drawn to the end is in the record now
    if (event.type === 'case.drawn') drawn.delete(event.drawing.by.id)
    if (event.type === 'case.proposal_closed') {
      typed.delete(event.proposal.field)
      // what was pointed at is settled
      if (my_point.value === event.proposal.field) point(null)
    }
    if (event.type === 'case.decided') point(null)
    if (event.type === 'material.moved') noteMoved(event)
    if (event.type === 'material.changed' && event.material.state !== 'receiving')
      progress.delete(event.material.id)
  }

  function hear(told: AnyEvent): void {
    heard(told.at)
    if (told.type !== 'call.changed' && told.subject === subjectOf(case_id)) apply(told)
    // what is decided is told by its own event; the days of one that is not are asked for anew
    else if (told.subject.startsWith('calendar:') && !view.value?.decision) recount()
  }
  const recount = useRecount(() => void open())
  // a page that lies open over midnight: what is promised from today on, and what is late by today, has moved
  watch(useToday(), recount)

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

  // ------------------------------------------------------------ where I am

  let my_focus: string | null = null

  function tellFocus(field: string | null): void {
    if (my_focus === field) return
    my_focus = field
    live.hint({ type: 'case.focus', case_id, field })
  }

  /** Points at a field; pointing at it again, or at null, ends it. */
  function point(field: string | null): void {
    if (field === null && my_point.value === null) return
    if (field !== null && acting.elsewhere()) return
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

  /** A call begins, or is over: then nobody is told that I look, nor follows me, until I look at something else or the next one begins. */
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

  // ------------------------------------------------------------ what I ask for

  type Decision = 'accepted' | 'to_correct' | 'refused'
  const commands = {
    consent: (given: boolean, text_version: string, language: 'zh-CN' | 'en') =>
      live.ask({ type: 'case.consent', case_id, given, text_version, language }),
    /** Takes back the consent to recording, to the words that it was given to. */
    withdrawConsent: () => {
      const given = view.value?.consent
      return live.ask({
        type: 'case.consent',
        case_id,
        given: false,
        text_version: given?.text_version ?? '',
        language: given?.language ?? 'zh-CN',
      })
    },
    consentEarlier: (given: boolean, text_version: string, language: 'zh-CN' | 'en') =>
      live.ask({ type: 'case.consent_earlier', case_id, given, text_version, language }),
    promise: (line: string, due_on: string, text_version: string, language: 'zh-CN' | 'en') =>
      live.ask({ type: 'case.promise', case_id, line, due_on, text_version, language }),
    movePromise: (line: string, due_on: string, reason: string) =>
      live.ask({ type: 'case.move_promise', case_id, line, due_on, reason }),
    sendOriginals: (courier: string, tracking: string, lines: OriginalsLine[]) =>
      acting.act((rests) =>
        live.ask<{ handover_id: string }>({
          type: 'case.send_originals',
          case_id,
          ...rests,
          courier,
          tracking,
          lines: lines as CaseSendOriginals['lines'],
        }),
      ),
    receiveOriginals: (handover_id: string, arrived: ReceivedLine[], note: string) =>
      acting.act((rests) =>
        live.ask({
          type: 'case.receive_originals',
          case_id,
          ...rests,
          handover_id,
          arrived: arrived as CaseReceiveOriginals['arrived'],
          note,
        }),
      ),
    takeEarlier: (line: string, material_id: string, slot: number | null) =>
      live.ask<{ material_id: string }>({ type: 'case.take_earlier', case_id, line, material_id, slot }),
    moveMaterial: (material_id: string, line: string, slot: number | null) =>
      live.ask<{ slot: number }>({ type: 'case.move_material', case_id, material_id, line, slot }),
    edit: (field: string, value: string, base_version: number) =>
      live.ask({ type: 'case.edit', case_id, field, value, base_version }),
    draft: (field: string, value: string, base_version: number) =>
      live.ask({ type: 'case.draft', case_id, field, value, base_version }),
    hold: (field: string | null) => live.ask({ type: 'case.hold', case_id, field }),
    propose: (field: string, value: string, reason: string) =>
      live.ask({ type: 'case.propose', case_id, field, value, reason }),
    closeProposal: (proposal_id: string, adopt: boolean) =>
      live.ask({ type: 'case.close_proposal', case_id, proposal_id, adopt }),
    review: (material_id: string, review: MaterialView['review'], reason: string) =>
      live.ask({ type: 'case.review', case_id, material_id, review, reason }),
    grade: (material_id: string, grade: 'A' | 'B' | 'C' | 'D', note = '') =>
      live.ask({ type: 'case.grade', case_id, material_id, grade, note }),
    draw: (material_id: string, page: number, points: [number, number][]) =>
      live.ask({ type: 'case.draw', case_id, material_id, page, points: points as CaseDraw['points'] }),
    clearDrawings: (material_id: string, whose: 'mine' | 'all') =>
      live.ask({ type: 'case.clear_drawings', case_id, material_id, whose }),
    keepDrawing: (only_me: boolean) => live.ask({ type: 'case.keep_drawing', case_id, only_me }),
    refer: (unit_id: string, reason: string, on?: Rests) =>
      acting.act((rests) => live.ask({ type: 'case.refer', case_id, ...rests, unit_id, reason }), on),
    decide: (decision: Decision, reason: string, again = false, on?: Rests) =>
      acting.act(
        (rests) => live.ask({ type: 'case.decide', case_id, ...rests, decision, reason, again }),
        on,
      ),
    say: (lane: 'shared' | 'staff', text: string, call_id: string | null, for_applicant = false) =>
      live.ask({ type: 'case.say', case_id, lane, text, call_id, for_applicant }),
    comment: (on: string, text: string) => live.ask({ type: 'case.comment', case_id, on, text }),
    reply: (comment_id: string, text: string) => live.ask({ type: 'case.reply', case_id, comment_id, text }),
    resolve: (comment_id: string, resolved: boolean) =>
      live.ask({ type: 'case.resolve', case_id, comment_id, resolved }),
    check: (point: string, verdict: 'ok' | 'lacking' | 'none', note = '') =>
      live.ask({ type: 'case.check', case_id, point, verdict, note }),
    /** What is to be signed, as it is shown to the applicant on his screen, or to the clerk on this page. */
    summarise: () =>
      live.ask<SummaryView>({ type: 'case.summarise', case_id, to: as_applicant ? 'applicant' : 'clerk' }),
    sign: (hash: string, shown_at: string, width: number, height: number, strokes: CaseSign['strokes']) =>
      live.ask<{ signature_id: string }>({
        type: 'case.sign',
        case_id,
        hash,
        shown_at,
        width,
        height,
        strokes,
      }),
    rate: (call_id: string, level: CaseRate['level'], reasons: CaseRate['reasons'], text: string) =>
      live.ask<{ number: number }>({
        type: 'case.rate',
        case_id,
        call_id,
        level,
        reasons: reasons ?? [],
        text,
      }),
    invitePhone: (line: string, secret_sha256: string) =>
      live.ask<{ phone_id: string; expires_at: string }>({
        type: 'case.invite_phone',
        case_id,
        line,
        secret_sha256,
      }),
    withdrawPhone: (phone_id: string) => live.ask({ type: 'case.withdraw_phone', case_id, phone_id }),
    stopClock: (why: CaseStopClock['why'], reason: string, on?: Rests) =>
      acting.act((rests) => live.ask({ type: 'case.stop_clock', case_id, ...rests, why, reason }), on),
    resumeClock: () => acting.act((rests) => live.ask({ type: 'case.resume_clock', case_id, ...rests })),
    extendLimit: (days: number, reason: string, on?: Rests) =>
      acting.act((rests) => live.ask({ type: 'case.extend_limit', case_id, ...rests, days, reason }), on),
    unmask: (what: string, reason: string) =>
      live.ask<{ unmasking_id: string; expires_at: string }>({ type: 'case.unmask', case_id, what, reason }),
    printForm: () =>
      acting.act((rests) => live.ask<{ paper_id: string }>({ type: 'case.print_form', case_id, ...rests })),
    submit: (hash: string) =>
      acting.act((rests) => live.ask<{ number: string }>({ type: 'case.submit', case_id, ...rests, hash })),
  }

  for (const [name, send] of Object.entries(commands) as [
    string,
    (...given: never[]) => Promise<unknown>,
  ][]) {
    if (NO_ACTS.has(name)) continue
    Object.assign(commands, {
      [name]: async (...given: never[]) => {
        if (!UNASKED.has(name)) await acting.mean()
        const result = await send(...given)
        acts_done.value += 1
        return result
      },
    })
  }

  /** Whose colour: the window's unit is here, whoever joins from another unit is there. */
  function personOf(by: PersonRef): Person {
    return view.value && atWindow(view.value, by) ? 'here' : 'far'
  }

  const off = [live.onEvent(hear), live.onEphemeral(overhear), live.onConnected(() => void open())]
  const again = setInterval(tellAgain, TOLD_EVERY_MS)
  const sweep = setInterval(forgetTheSilent, 1_000)
  onScopeDispose(() => {
    off.forEach((stop) => stop())
    clearInterval(again)
    clearInterval(sweep)
    point(null)
    look(null, 1, false)
    tellFocus(null)
    if (as_applicant) live.close()
  })

  return {
    case_id,
    me,
    snapshot,
    view,
    audience,
    drafts,
    due,
    counted_on,
    problem,
    outgrown,
    focused,
    pointing,
    pointed,
    looking,
    drawn,
    typed,
    progress,
    my_point,
    referred,
    moved_by,
    readMoved,
    acts_done,
    parted,
    lookTogether,
    connection: live.connection,
    question: acting.question,
    answer: acting.answer,
    rests: acting.rests,
    sits: acting.sits,
    elsewhere: acting.elsewhere,
    mean: acting.mean,
    open,
    tellFocus,
    tellTyping,
    point,
    look,
    pointInto,
    drawInto,
    personOf,
    ...commands,
  }
}
