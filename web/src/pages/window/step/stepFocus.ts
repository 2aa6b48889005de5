/** Where the focus goes on the window's page of a case. */
import { nextTick } from 'vue'
import { focusOn } from '../../../ui/focus'

/** where the one filled button stands */
const NEXT = ['.foot [data-filled]', '.call-pane .dial[data-filled]']

/** To it, if the page has one. */
export async function toNextStep(): Promise<void> {
  await nextTick()
  focusOn(...NEXT)
}

const MISSING = '.foot .missing li:not(.unseen) .place'

/** In a call that began: what is missing first. */
export const toMissing = (): void => focusOn(MISSING, '[data-missing-more]', '[data-review]')

/** What comes after a call is the next step, of a decided case the applicant's rating. */
export const afterCall = (): void => focusOn(...NEXT, '[data-step=rate]', MISSING, '[data-turn]')
