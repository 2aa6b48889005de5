/**
 * The next act of a case on its course, as one desk does it: what is filled in for it, what lacks, the question before
 * what cannot be undone, and what became of it. The parts of the panel fill it in, the foot does it.
 */
import { computed, nextTick, reactive, ref, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useToday } from '../../rules/clock'
import { announce } from '../../ui/announce'
import { focusOn } from '../../ui/focus'
import { Problem } from '../../wire/http'
import type { CaseCheckReceiver, CaseFinish, DeliveryView, NewResult } from '../../wire/messages'
import type { Rests } from '../book/acting'
import type { CaseBook } from '../book/useCase'
import { courseStep, endsOf, type EndKind, type DeskSeat, type StageKey } from '../rules/course/courseStep'
import { mayBegin } from '../rules/course/modes'
import { leadOn } from './ending/leadOn'
import { useRuling } from './useRuling'

export type Way = DeliveryView['way']
export type Course = ReturnType<typeof useCourse>
/** What is done; the first six as their steps are called. */
export type Act =
  | 'granted'
  | 'denied'
  | 'issue'
  | 'begin'
  | 'check'
  | 'delivered'
  | 'came_back'
  | 'archive'
  | 'agree'
  | 'noted'
  | EndKind

export interface ResultDraft {
  id: number
  kind: NewResult['kind']
  name: string
  number: string
  originals: number
  copies: number
  valid_from: string
  valid_until: string
}

/** What cannot be taken back is asked about once; to lay ready, to look at a card and to note an address can be done anew. */
const ASKED: ReadonlySet<Act> = new Set<Act>([
  'granted',
  'denied',
  'issue',
  'delivered',
  'came_back',
  'archive',
  'returned',
  'withdrawn',
  'terminated',
])
const TRACKING = /^[A-Za-z0-9-]{4,40}$/

/** The page of the desk. */
export interface CourseAround {
  /** whether this person does anything here, or only reads */
  acts?: () => boolean
  /** whether the course is what the page shows, and how it comes to */
  shown?: () => boolean
  show?: () => void
}

export function useCourse(book: CaseBook, seat: DeskSeat, around: CourseAround = {}) {
  const { acts = () => true, shown = () => true, show = () => undefined } = around
  const { t } = useI18n()
  const { view } = book
  const today = useToday()
  const step = computed(() => (view.value && acts() ? courseStep(view.value, seat) : null))
  const ends = computed(() => (view.value && acts() ? endsOf(view.value, seat, today.value) : []))

  const { system, reporting, ruling, unreported, bases, reported, clear: unprove } = useRuling(view, today)
  /** whether this desk may keep the archive package: the unit that decides */
  const packs = computed(() => seat === 'approver' && acts())
  let rows = 0
  const row = (): ResultDraft => ({
    id: (rows += 1),
    kind: 'licence',
    name: '',
    number: '',
    originals: 1,
    copies: 0,
    valid_from: today.value,
    valid_until: '',
  })
  const results = ref<ResultDraft[]>([row()])
  const delivery = reactive({
    way: (seat === 'window' ? 'collected' : 'electronic') as Way,
    courier: '',
    tracking: '',
    note: '',
    address: '',
  })
  const leading = leadOn(step, () => delivery.way)
  const receiver = reactive({
    name: '',
    agent: false,
    document: 'identity_card' as CaseCheckReceiver['document'],
    number: '',
    how: 'reader' as CaseCheckReceiver['how'],
  })
  const ended = reactive({ on: today.value, note: '' })
  const ending = reactive({ reason: '', cause: '' as NonNullable<CaseFinish['cause']> | '' })

  /** the stage whose part stands in the right column; without one that of the next act */
  const looked = ref<StageKey | null>(null)
  /** a paper that is read there instead */
  const paper_id = ref<string | null>(null)
  /** the act that was tried though something lacks */
  const tried = ref<Act | null>(null)
  /** the act that is asked about, and what stood on the page then */
  const asks = shallowRef<{ act: Act; rests: Rests } | null>(null)
  const busy = ref<Act | null>(null)
  const problem = ref<Problem | null>(null)
  /** the try whose end is entered */
  const trial = computed(
    () =>
      view.value?.course.deliveries.find(
        (one) => step.value !== null && 'delivery' in step.value && one.id === step.value.delivery,
      ) ?? null,
  )
  // where nothing is handed over at the window it is posted, or sent to who agreed to that
  watch(
    () => view.value?.mode,
    () => {
      const now = view.value
      if (now && !mayBegin(now, 'collected', 'window'))
        delivery.way = now.course.agreement ? 'electronic' : 'posted'
    },
    { immediate: true },
  )
  watch(
    () => [view.value?.state, step.value?.kind] as const,
    ([state], [before]) => {
      looked.value = null
      tried.value = null
      // what the other desk did is told too
      if (!leading.changed() && state && before && state !== before && !busy.value)
        announce(t(`desk.states.${state}`))
    },
  )
  watch(trial, (now, before) => now?.id !== before?.id && (ended.on = today.value))

  const right = (one: ResultDraft): boolean =>
    one.name.trim() !== '' &&
    one.number.trim() !== '' &&
    one.valid_from !== '' &&
    (one.valid_until === '' || one.valid_until >= one.valid_from)

  /** What lacks for this act, each by the name of its entry. */
  function lacks(act: Act): string[] {
    switch (act) {
      case 'granted':
      case 'noted':
        return unreported()
      case 'denied':
        return [...unreported(), ...(ruling.reason.trim() ? [] : ['reason'])]
      case 'issue':
        return [
          ...unreported(),
          ...results.value.filter((one) => !right(one)).map((one) => `result-${one.id}`),
        ]
      case 'begin':
        if (delivery.way === 'posted')
          return [
            ...(delivery.courier.trim() ? [] : ['courier']),
            ...(TRACKING.test(delivery.tracking.trim()) ? [] : ['tracking']),
          ]
        if (delivery.way === 'electronic') return view.value?.course.agreement ? [] : ['agreement']
        return delivery.way === 'left' && !delivery.note.trim() ? ['note'] : []
      case 'agree':
        return delivery.address.trim() ? [] : ['address']
      case 'check':
        return [...(receiver.name.trim() ? [] : ['name']), ...(receiver.number.trim() ? [] : ['number'])]
      case 'came_back':
        return ended.note.trim() ? [] : ['ended-note']
      case 'delivered':
        return ended.on && ended.on <= today.value ? [] : ['ended-on']
      case 'terminated':
        return [...(ending.cause ? [] : ['cause']), ...(ending.reason.trim() ? [] : ['ending'])]
      case 'returned':
      case 'withdrawn':
        return ending.reason.trim() ? [] : ['ending']
      default:
        return []
    }
  }
  const missing = (entry: string): boolean => tried.value !== null && lacks(tried.value).includes(entry)

  function send(act: Act, rests: Rests): Promise<unknown> {
    const delivery_id = trial.value?.id ?? ''
    switch (act) {
      case 'granted':
      case 'denied': {
        const told = { reason: ruling.reason.trim(), bases: bases(act) }
        if (system.value)
          return book.report({ step: act, ...reported(), ...told, bases: told.bases as [] }, rests)
        return book.rule(act, told.reason, told.bases, rests)
      }
      case 'noted':
        return book.report({ step: 'accepted', ...reported() }, rests)
      case 'issue': {
        const made = results.value.map(issued)
        return system.value
          ? book.report({ step: 'issued', ...reported(), results: made as [] }, rests)
          : book.issue(made, rests)
      }
      case 'begin': {
        const posted = delivery.way === 'posted'
        return book.beginDelivery(
          {
            way: delivery.way,
            courier: posted ? delivery.courier.trim() : '',
            tracking: posted ? delivery.tracking.trim() : '',
            note: delivery.note.trim(),
          },
          rests,
        )
      }
      case 'agree':
        return book.agreeElectronic(delivery.address.trim(), rests)
      case 'check':
        return book.checkReceiver(
          { delivery_id, ...receiver, name: receiver.name.trim(), number: receiver.number.trim() },
          rests,
        )
      case 'delivered':
      case 'came_back':
        return book.endDelivery(
          {
            delivery_id,
            outcome: act === 'delivered' ? 'delivered' : 'returned',
            on: ended.on,
            note: ended.note.trim(),
          },
          rests,
        )
      case 'archive':
        return book.archiveCase(rests)
      default:
        return book.finishCase(
          act,
          ending.reason.trim(),
          act === 'terminated' && ending.cause ? ending.cause : null,
          rests,
        )
    }
  }

  /** Empties what was filled in for an act that is done. */
  function clear(act: Act): void {
    if (act === 'check') Object.assign(receiver, { name: '', number: '', agent: false })
    if (act === 'begin') Object.assign(delivery, { courier: '', tracking: '', note: '' })
    if (act === 'delivered' || act === 'came_back') ended.note = ''
    if (act === 'agree') delivery.address = ''
    unprove()
  }

  async function go(act: Act, rests: Rests): Promise<void> {
    busy.value = act
    problem.value = null
    leading.begin(act)
    try {
      await send(act, rests)
      clear(act)
      tried.value = null
      asks.value = null
      await leading.taken(act)
    } catch (reason) {
      leading.refused()
      problem.value = Problem.of(reason)
      // what was written in the question stays in it; else it is told beside the part
      if (act !== 'withdrawn' && act !== 'returned' && act !== 'terminated') asks.value = null
    } finally {
      busy.value = null
    }
  }

  /** Does the act: leads to what lacks, else asks once where nothing takes it back, else does it. */
  async function take(act: Act): Promise<void> {
    if (busy.value) return
    problem.value = null
    // what is filled in for it is seen before it is done
    if (!shown()) {
      show()
      await nextTick()
      focusOn('[data-course] h2')
      return
    }
    const [first] = lacks(act)
    if (first) {
      tried.value = act
      looked.value = null
      paper_id.value = null
      await nextTick()
      focusOn(`[data-course-entry="${first}"]`)
      return
    }
    const rests = book.rests()
    if (ASKED.has(act)) asks.value = { act, rests }
    else await go(act, rests)
  }

  async function confirm(): Promise<void> {
    const asked = asks.value
    if (!asked || busy.value) return
    if (lacks(asked.act).length) {
      tried.value = asked.act
      focusOn(`[data-course-entry="${lacks(asked.act)[0]}"]`)
      return
    }
    await go(asked.act, asked.rests)
  }

  /** An end without a ruling: its reason is written in the question itself. */
  function end(kind: EndKind): void {
    Object.assign(ending, { reason: '', cause: '' })
    tried.value = null
    problem.value = null
    asks.value = { act: kind, rests: book.rests() }
  }

  return {
    book,
    seat,
    acts,
    step,
    ends,
    today,
    system,
    reporting,
    ruling,
    results,
    delivery,
    receiver,
    ended,
    ending,
    looked,
    paper_id,
    tried,
    asks,
    busy,
    packs,
    problem,
    trial,
    missing,
    add: (): void => void results.value.push(row()),
    remove: (id: number): void => void (results.value = results.value.filter((one) => one.id !== id)),
    take,
    confirm,
    end,
    leave: (): void => {
      if (!busy.value) asks.value = null
    },
  }
}

function issued(one: ResultDraft): NewResult {
  return {
    kind: one.kind,
    name: one.name.trim(),
    number: one.number.trim(),
    originals: one.originals,
    copies: one.copies,
    valid_from: one.valid_from,
    valid_until: one.valid_until || null,
  }
}
