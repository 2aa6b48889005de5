/**
 * A case that is none: the form of an item under one person's hands, with nothing sent and nothing kept. For the
 * preview of a form, which asks a case for no more than this.
 */
import { computed, ref, shallowReactive, shallowRef, type ShallowRef } from 'vue'
import { signedIn } from '../../wire/session'
import type { CaseSnapshot, CaseView, FieldState, ItemView, PersonRef } from '../../wire/messages'
import type { CaseBook } from '../book/useCase'

/** `fields` outlives the book: what was typed stays when the form changes. */
export function trial(item: ItemView, fields: ShallowRef<Record<string, FieldState>>): CaseBook {
  const by: PersonRef = {
    id: signedIn.value?.id ?? 'me',
    name: signedIn.value?.name ?? '',
    staff_number: '',
    unit_id: '',
    unit_name: '',
    place: '',
    window_name: null,
  }
  const whole = (): CaseView =>
    ({
      id: 'trial',
      number: null,
      state: 'registered',
      mode: 'online',
      item,
      clerk: by,
      window_name: '',
      window_unit_id: '',
      window_unit_name: '',
      window_place: '',
      applicant: { name: '', identity_number: '', phone: '', credit_code: null },
      consent: null,
      fields: fields.value,
      proposals: [],
      materials: [],
      decision: null,
      call_id: null,
      created_at: new Date().toISOString(),
      sayings: [],
      comments: [],
      checks: [],
      signature: null,
      submission: null,
      corrections: 0,
      papers: [],
      ratings: [],
      phones: [],
      unmaskings: [],
      drawings: [],
      promises: [],
      unit_tasks: [],
    }) as unknown as CaseView
  let version = Math.max(1, ...Object.values(fields.value).map((one) => one.version))
  const snapshot = shallowRef<CaseSnapshot | null>({ audience: 'window', version, case: whole() })
  const nothing = (): void => undefined
  const done = async (): Promise<Record<string, unknown>> => ({})
  const never = async <T>(): Promise<T> => new Promise<T>(nothing)

  async function edit(field: string, value: string): Promise<Record<string, unknown>> {
    version += 1
    fields.value = {
      ...fields.value,
      [field]: { value, version, by, at: new Date().toISOString(), on_behalf_of: null },
    }
    snapshot.value = { audience: 'window', version, case: whole() }
    return {}
  }

  return {
    case_id: 'trial',
    me: by.id,
    snapshot,
    view: computed(() => snapshot.value?.case ?? null),
    audience: computed(() => 'window' as const),
    drafts: shallowRef({}),
    due: shallowRef(null),
    problem: shallowRef(null),
    outgrown: ref(false),
    focused: shallowReactive(new Map()),
    pointing: shallowReactive(new Map()),
    pointed: shallowReactive(new Map()),
    looking: shallowReactive(new Map()),
    typed: shallowReactive(new Map()),
    progress: shallowReactive(new Map()),
    my_point: ref(null),
    acts_done: ref(0),
    parted: ref(0),
    lookTogether: nothing,
    connection: shallowRef('connected' as const),
    open: async () => nothing(),
    tellFocus: nothing,
    tellTyping: nothing,
    point: nothing,
    look: nothing,
    pointInto: nothing,
    personOf: () => 'here',
    edit,
    consent: done,
    withdrawConsent: done,
    draft: done,
    hold: done,
    elsewhere: () => false,
    propose: done,
    answerProposal: never,
    closeProposal: done,
    review: done,
    decide: done,
    say: done,
    comment: done,
    reply: done,
    resolve: done,
    check: done,
    withdrawPhone: done,
    takePage: done,
    grade: done,
    stopClock: done,
    resumeClock: done,
    extendLimit: done,
    unmask: never,
    summarise: never,
    sign: never,
    rate: never,
    invitePhone: never,
    submit: never,
  } as unknown as CaseBook
}
