/**
 * The call about one case as this page has it: who is there beside this person, on which seats, and what they show.
 * All parts of the pane derive what they say from it; it says nothing itself and changes nothing.
 */
import { computed, type Ref } from 'vue'
import type { CallView, LegView } from '../../wire/messages'
import { faceOf } from '../desk/streams'
import type { CallDesk } from '../desk/useCall'
import {
  actsFor,
  GUESTS_AT_MOST,
  holdOf,
  isGuest,
  leavesAlone,
  legOf,
  otherLeg,
  partiesOf,
  seatedLegs,
  secondLeg,
  shown,
  sitsElsewhere,
  spell,
  standing,
  type SpeaksFor,
  type Standing,
} from '../rules/standing'

export interface CallPlace {
  case_id: string
  seat: 'window' | 'approver'
  here: string
  there: string
  /** the unit that decides the case by now */
  deciding?: string | undefined
}

type Streams = Pick<CallDesk, 'face' | 'second_face' | 'further_faces'> &
  Pick<CallDesk, 'document_camera' | 'second_camera' | 'screen' | 'second_screen'>
export interface Sitting extends Streams {
  current: Readonly<Ref<CallView | null>>
  state: Readonly<Ref<Standing>>
  me: Readonly<Ref<string>>
}
export type CallHere = ReturnType<typeof useCallHere>

/** `place` is followed, as the props of the pane are; `now` in milliseconds. */
export function useCallHere(place: Readonly<CallPlace>, desk: Sitting, now: Readonly<Ref<number>>) {
  const call = computed(() => (desk.current.value?.case_id === place.case_id ? desk.current.value : null))
  /** the call that runs about another case */
  const elsewhere = computed(() => {
    const other = desk.current.value
    return other && other.case_id !== place.case_id && other.state !== 'ended' ? other : null
  })
  const state = computed(() =>
    call.value
      ? desk.state.value
      : standing(null, '', { connection: 'connected', media: 'none', replaced: false, was_up: false }),
  )
  const live = computed(() => call.value?.state === 'live' && !sitsElsewhere(state.value))
  const mine = computed(() => call.value && legOf(call.value, desk.me.value))
  /** which seat this person has in the call: an approver's page may be that of a third party */
  const seated = computed(() => mine.value?.seat ?? place.seat)
  const guest = computed(() => isGuest(seated.value))

  /** who else is there, each with his face, by the group of m-lines that brings him: first whom one speaks with */
  const others = computed(() =>
    (call.value ? partiesOf(call.value, desk.me.value, place.deciding) : []).map((one) => ({
      ...one,
      face: faceOf(desk, one.group),
    })),
  )
  /** who sits on the first other seat, and on the second */
  const first_seat = computed(() => call.value && otherLeg(call.value, desk.me.value))
  const second_seat = computed(() => call.value && secondLeg(call.value, desk.me.value))
  const other = computed(() => others.value[0]?.leg ?? first_seat.value)
  const face = computed(() => faceOf(desk, others.value[0]?.group ?? 0))
  const beside = computed(() => others.value.slice(1))
  const second = computed(() => beside.value[0]?.leg ?? null)
  /** more than three: everything is told in less room */
  const crowded = computed(() => live.value && beside.value.length > 1)
  const full = computed(
    () => !!call.value && seatedLegs(call.value).filter((leg) => isGuest(leg.seat)).length >= GUESTS_AT_MOST,
  )
  /** whether the call goes on when this person hangs up */
  const alone = computed(() => call.value !== null && leavesAlone(call.value, desk.me.value, place.deciding))
  /** for whom somebody speaks, where the case may have gone to another unit during the call */
  const part = (leg: LegView): SpeaksFor =>
    call.value ? actsFor(call.value, leg, place.deciding ?? call.value.target_unit_id) : 'other'
  const places = computed(() =>
    guest.value
      ? { here: mine.value?.person.place ?? place.here, there: other.value?.person.place ?? place.there }
      : place,
  )

  const hold = computed(() => holdOf(call.value))
  const held_for = computed(() =>
    hold.value ? spell((now.value - Date.parse(hold.value.since)) / 1000) : '',
  )
  const held_by_me = computed(() => hold.value?.by.id === desk.me.value)

  /** what the others show now; a line that its seat has closed shows nothing, though its last picture stands */
  const papers = computed(
    () =>
      [
        shown(first_seat.value, '2') ? desk.document_camera.value : null,
        shown(second_seat.value, '2') ? desk.second_camera.value : null,
      ] as const,
  )
  const screens = computed(
    () =>
      [
        shown(first_seat.value, '3') ? desk.screen.value : null,
        shown(second_seat.value, '3') ? desk.second_screen.value : null,
      ] as const,
  )

  return {
    call,
    elsewhere,
    state,
    live,
    mine,
    seated,
    guest,
    others,
    first_seat,
    other,
    face,
    beside,
    second,
    crowded,
    full,
    alone,
    part,
    places,
    hold,
    held_for,
    held_by_me,
    papers,
    screens,
  }
}
