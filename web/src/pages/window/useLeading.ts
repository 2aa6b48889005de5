/**
 * How the window's page leads the applicant's screen: what it tells of the call and of the clerk's table, in the same
 * page (turned round) or in a second window, and what that screen says back.
 */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { useNow } from '../../rules/clock'
import { callElsewhere } from '../../call/rules/standing'
import { useCall } from '../../call/desk/useCall'
import { closed } from '../../record/rules/lines'
import type { Leader, Turned } from '../../record/applicant/turned'
import { recall, remember } from '../../ui/remembered'
import type { CaseView, MaterialView, SummaryView } from '../../wire/messages'
import { useCallTold } from './useCallTold'

/** What the page has before it. */
export interface Desk {
  view: Ref<CaseView | null>
  /** the field that is filled, and what stands in it unsaved */
  field: () => { name: string; value: string | null } | null
  material: () => MaterialView | null
  /** before this case is shown to who is there: that it is meant, and not that of a call which runs; else it is refused */
  mean: () => Promise<void>
  /** the screen came back from a request to sign */
  signed_back: () => void
  /** the browser did not open the second window */
  blocked: () => void
}

const WINDOW = 'yunjian-applicant'
const ENDED = 'turned.ended'
const LATELY_MS = 2 * 3_600_000

export function useLeading(case_id: string, desk: Desk) {
  const { t } = useI18n()
  const router = useRouter()
  const call = useCall()
  const now = useNow()
  const callTold = useCallTold()

  const turned = ref(false)
  const asked = ref<Turned['asked']>('follow')
  /** the summary that the applicant read last, or the clerk before him */
  const summary = shallowRef<SummaryView | null>(null)

  /** the last answered call about this case that has ended, over a reload too */
  const ended = ref<string | null>(null)
  const ended_at = ref(0)
  const [of_case, of_call, at] = (recall(ENDED) ?? '').split(' ')
  if (of_case === case_id && of_call) {
    ended.value = of_call
    ended_at.value = Number(at ?? 0)
  }
  watch(call.current, (now, before) => {
    const over = now?.state === 'ended' ? now : now ? null : before
    if (!over?.answered_at || over.case_id !== case_id) return
    ended.value = over.id
    ended_at.value = Date.now()
    remember(ENDED, `${case_id} ${over.id} ${ended_at.value}`)
  })
  /** that call, while the applicant may still be there */
  const lately = computed(() => (now.value - ended_at.value < LATELY_MS ? ended.value : null))

  const telling = computed<Turned>(() => {
    const running = call.current.value?.case_id === case_id ? call.current.value : null
    const away = callElsewhere(call.current.value, case_id) !== null
    const field = desk.field()
    const material = desk.material()
    return {
      asked: asked.value,
      ...callTold(running, {
        deciding: desk.view.value?.item.unit_id,
        here: desk.view.value?.window_place ?? '',
        there: desk.view.value?.item.place ?? '',
        idle: t(away ? 'turned.elsewhere' : ended.value ? 'turned.ended' : 'turned.no_call'),
      }),
      referred_to:
        running?.state === 'live' &&
        desk.view.value?.referrals.length &&
        running.target_unit_id !== desk.view.value.item.unit_id
          ? desk.view.value.item.unit_name
          : null,
      elsewhere: away,
      ended_call_id: ended.value,
      field: field?.name ?? null,
      value: field?.value ?? null,
      material_id: material?.state === 'stored' ? material.id : null,
    }
  })

  const hearing = new Set<(told: Turned) => void>()
  /** the applicant has a screen of his own, which this page leads, and is asked there how he was served */
  const apart = ref(false)
  const rating = ref(false)
  /** how many screens of an applicant were opened for another case, and show nothing of this one */
  const strayed = ref(0)
  const leads: Leader = {
    case_id,
    now: () => telling.value,
    listen: (hear) => {
      hearing.add(hear)
      apart.value = true
      return () => {
        hearing.delete(hear)
        apart.value = hearing.size > 0
        if (!apart.value) rating.value = false
      }
    },
    shown: (made) => (summary.value = made),
    rates: (on) => (rating.value = on),
    strays: () => {
      strayed.value += 1
      let stands = true
      return () => {
        if (stands) strayed.value -= 1
        stands = false
      }
    },
  }
  window.yunjian_leader = leads
  watch(telling, (told) => hearing.forEach((hear) => hear(told)))
  watch(
    () => desk.view.value?.submission,
    (handed_in) => handed_in && (asked.value = 'follow'),
  )
  // of a decided case nothing is to be signed
  watch(
    () => desk.view.value !== null && closed(desk.view.value),
    (over) => over && (asked.value = 'follow'),
  )
  onScopeDispose(() => {
    if (window.yunjian_leader === leads) delete window.yunjian_leader
  })

  let opened: Window | null = null

  /** The address of a window of ours; null of one that was led to a place that may not be looked into. */
  function placeOf(there: Window): string | null {
    try {
      return there.location.pathname
    } catch {
      return null
    }
  }

  const means = (): Promise<boolean> =>
    desk.mean().then(
      () => true,
      () => false,
    )

  async function openSecond(): Promise<void> {
    if (!(await means())) return
    const { href } = router.resolve({ name: 'applicant', params: { id: case_id } })
    // one that is open already is only brought to the front: loaded again, it would lose what he writes there
    opened = window.open('', WINDOW, 'popup,width=1280,height=720')
    if (!opened) return desk.blocked()
    if (placeOf(opened) !== href) opened.location.replace(href)
    opened.focus()
  }

  /** Whether the applicant's own screen is there, opened by this page or, before it was loaded again, by the one before. */
  const second = (): boolean => hearing.size > 0 || (opened !== null && !opened.closed)

  /** Turns this screen to the applicant. */
  async function turn(): Promise<void> {
    if (await means()) turned.value = true
  }

  /** Asks the applicant to read the summary and sign, on this screen or on the second one. */
  async function ask(where: 'turn' | 'second'): Promise<void> {
    if (!(await means())) return
    asked.value = 'sign'
    await (where === 'turn' ? turn() : openSecond())
  }

  /** The clerk has his screen again. */
  function back(): void {
    turned.value = false
    if (asked.value === 'sign') desk.signed_back()
    asked.value = 'follow'
  }

  return {
    telling,
    turned,
    asked,
    summary,
    lately,
    apart,
    rating,
    strayed,
    openSecond,
    second,
    turn,
    ask,
    back,
  }
}
