/**
 * The window's next step and its doing at the end of a call: the call is ended, and the applicant asked how he was served,
 * once. What the step is says `rules/nextStep.ts`.
 */
import { computed, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Parting } from '../../../record/applicant/turned'
import { windowStep, type WindowStep } from '../../../record/rules/nextStep'
import { recall, remember } from '../../../ui/remembered'
import { textSize, type TextSize } from '../../../ui/textSize'
import type { CaseView } from '../../../wire/messages'
import type { CaseCall } from '../call/useCaseCall'
import type { useLeading } from '../useLeading'

export interface NextStepOf {
  view: Ref<CaseView | null>
  /** how many things stand before handing in */
  missing: () => number
  case_call: Pick<CaseCall, 'in_call' | 'away' | 'call'>
  leading: Pick<
    ReturnType<typeof useLeading>,
    'lately' | 'apart' | 'rating' | 'asked' | 'turned' | 'second' | 'turn'
  >
  /** the step lies elsewhere for now: files wait for their lines, or papers are being taken */
  busy: () => boolean
  /** ends the call; false where it does not end by itself */
  hangUp: () => boolean
}

const ASKED = 'rate.asked'
/** the steps that are a button more beside handing in */
const BESIDE: ReadonlySet<WindowStep['kind']> = new Set(['finish', 'answer', 'correct'])

/**
 * Whether what is seldom needed leaves its room in the foot to what tells of the rating, or to the next step,
 * so that all of it stands in one row.
 */
export function foldsActs(
  step: WindowStep | null,
  now: { rating: boolean; in_call: boolean; english: boolean; letters: TextSize },
): boolean {
  if (now.rating || step?.kind === 'course') return true
  if (step && BESIDE.has(step.kind)) return now.english || now.letters !== 'standard'
  return now.in_call && now.letters === 'largest'
}

export function useNextStep({ view, missing, case_call, leading, busy, hangUp }: NextStepOf) {
  const { locale } = useI18n()
  const { in_call, away, call } = case_call
  const { lately, apart, rating, asked, turned, second, turn } = leading

  /** the call whose rating the applicant was asked for, or the clerk passed over */
  const rated = ref(recall(ASKED))
  const unrated = computed(() => (away.value || lately.value === rated.value ? null : lately.value))
  const step = computed(() =>
    busy() || !view.value
      ? null
      : windowStep(view.value, {
          in_call: in_call.value,
          unrated: unrated.value,
          asking: apart.value,
          missing: missing(),
        }),
  )

  /** the rating is still to be asked for */
  const offers = computed(
    () => unrated.value !== null && !apart.value && !in_call.value && step.value?.kind !== 'consent',
  )
  const folds = computed(() =>
    foldsActs(step.value, {
      rating: offers.value || (rating.value && !in_call.value),
      in_call: Boolean(in_call.value),
      english: locale.value === 'en',
      letters: textSize.value,
    }),
  )
  // he has said it on his own screen, or does not want to
  watch(rating, (on) => !on && apart.value && !in_call.value && noteRated())

  function noteRated(): void {
    rated.value = lately.value
    remember(ASKED, lately.value)
  }

  /** The applicant's screen asks by itself: this one is turned to him, unless he has one of his own. */
  function askRating(): void {
    if (!second()) void turn()
    noteRated()
  }

  /** the call is being ended in order to ask for the rating */
  const finishing = ref(false)
  watch(in_call, (on) => on && (finishing.value = false))
  watch(step, (now) => {
    if (!finishing.value || now?.kind !== 'rate') return
    finishing.value = false
    askRating()
  })

  function finish(): void {
    finishing.value = hangUp() && !apart.value
  }

  /** What is still asked of the applicant when the clerk signs out of the call. */
  const parting = computed<Parting>(() => ({
    owed: in_call.value && call.current.value?.state === 'live',
    apart: apart.value,
    rating: rating.value && !in_call.value,
    turned: turned.value,
    begin: () => (asked.value = 'follow'),
    turn: async () => {
      await turn()
      if (turned.value) noteRated()
      return turned.value
    },
  }))

  return { step, offers, folds, noteRated, askRating, finish, parting }
}
