/**
 * As what an approver is at this case: he decides it, was asked into its call, or decided it until it was referred; and
 * whether he sits in its call now.
 */
import { computed, ref, watch } from 'vue'
import { callElsewhere, without } from '../../../call/rules/standing'
import type { CallDesk } from '../../../call/desk/useCall'
import type { CaseBook } from '../../../record/book/useCase'
import type { CaseView } from '../../../wire/messages'
import { signedIn } from '../../../wire/session'

export type OwnPart = 'approver' | 'former' | 'third'

export interface SeatStanding {
  /** the server shows him the case by the call that he sits in */
  third: boolean
  /** he sat in the call in the seat of the unit that decided */
  sat: boolean
  /** the case was referred while this page lay open */
  went: boolean
  unit_id: string
}

export function partOf(
  { third, sat, went, unit_id }: SeatStanding,
  view: Pick<CaseView, 'referrals'> | null,
): OwnPart {
  if (!third) return went ? 'former' : 'approver'
  const decided = view?.referrals.some((one) => one.by.unit_id === unit_id) ?? false
  return sat || decided ? 'former' : 'third'
}

export function useSeat(book: CaseBook, call: Pick<CallDesk, 'current'>) {
  const { view } = book
  const third = computed(() => book.audience.value === 'third')
  const in_call = computed(() => {
    const now = call.current.value
    return now?.case_id === book.case_id && now.state !== 'ended' ? now : null
  })
  // who hung up looks at nothing together with the other side
  watch(() => Boolean(in_call.value), book.lookTogether)
  book.sits(() => callElsewhere(call.current.value, book.case_id))

  /** what one may no longer see must not stay on the table */
  const gone = computed(() => view.value !== null && book.problem.value?.code === 'not_found')
  /** his unit decided when the call was answered, and may not now; the call may be over for him since */
  const sat = ref(false)
  watch(
    () => in_call.value?.legs.some((leg) => leg.seat === 'approver' && leg.person.id === book.me) ?? false,
    (mine) => (sat.value ||= mine),
    { immediate: true },
  )
  const part = computed(() =>
    partOf(
      {
        third: third.value,
        sat: sat.value,
        went: book.referred.value !== null,
        unit_id: signedIn.value?.unit.id ?? '',
      },
      view.value,
    ),
  )
  /** nobody of the unit that decides now sits in the call */
  const elsewhere = computed(() =>
    Boolean(in_call.value && view.value && without(in_call.value, view.value.item.unit_id)),
  )
  // the right to see ends with the seat: the server says whether it has
  watch(
    () => in_call.value?.legs.some((leg) => leg.person.id === book.me && leg.state !== 'left') ?? false,
    (here, before) => {
      if (third.value && before && !here) void book.open()
    },
  )
  /** his own place: the case may have gone to a unit elsewhere, he has not */
  const place = computed(
    () =>
      (book.referred.value || third.value ? signedIn.value?.unit.place : null) ??
      in_call.value?.target_place ??
      view.value?.item.place ??
      '',
  )
  return { third, in_call, gone, part, elsewhere, place }
}
