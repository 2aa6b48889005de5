/**
 * What is typed of a new case and what is wrong with it. What was typed stays in this tab's session until it is registered;
 * what the server refuses is said in its own words.
 */
import { computed, nextTick, onMounted, reactive, ref, watch, type ComputedRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useToday } from '../../rules/clock'
import {
  creditCodeFault,
  documentFault,
  phoneFault,
  type Fault,
  type IdentityDocument,
} from '../../rules/identifiers'
import { Problem } from '../../wire/http'
import type { CaseCreate, CaseView } from '../../wire/messages'
import { useItemChoice, type ItemChoice } from './useItemChoice'
import { usePrincipal, type EnteredPrincipal } from './usePrincipal'

export type Registration = Omit<CaseCreate, 'type' | 'id'>
export const ENTRIES = ['applicant_name', 'identity_number', 'phone', 'credit_code'] as const
type Name = 'item' | (typeof ENTRIES)[number]

interface EnteredCase {
  mode: CaseView['mode']
  applicant_name: string
  document: IdentityDocument
  identity_number: string
  phone: string
  credit_code: string
}

export interface NewCaseForm extends ItemChoice {
  entered: EnteredCase
  /** what is said under a field: nothing before it was left or the form was sent */
  said: (name: Name) => string
  leave: (name: Name) => void
  busy: Ref<boolean>
  problem: Ref<Problem | null>
  /** whether nothing is wrong with what was typed */
  whole: ComputedRef<boolean>
  /** for whom he comes */
  principal: EnteredPrincipal
  /** whether it was sent once: from then on all that lacks is said */
  tried: Ref<boolean>
  /** the fields that are asked for: a company's code is the principal's where he comes for one */
  asked: ComputedRef<(typeof ENTRIES)[number][]>
  register: () => Promise<void>
}

/** `consulted` is the consultation that becomes a case: the unit that was asked, and the item, if any. */
export function useNewCase(
  form: Readonly<Ref<HTMLFormElement | null>>,
  item_box: Readonly<Ref<{ again: () => void } | null>>,
  send: (of: Registration) => Promise<unknown>,
  consulted?: { id: string; unit_id: string; item_id: string },
): NewCaseForm {
  const { t } = useI18n()
  const KEPT = consulted ? `yunjian.new_case.${consulted.id}` : 'yunjian.new_case'
  const entered = reactive<EnteredCase>({
    mode: 'proxy',
    applicant_name: '',
    document: 'identity_card',
    identity_number: '',
    phone: '',
    credit_code: '',
  })
  const today = useToday()
  const principal = usePrincipal(() => today.value)
  const own = computed(() => principal.entered.capacity === 'self')
  const asked = computed(() => ENTRIES.filter((one) => one !== 'credit_code' || own.value))
  const tried = ref(false)
  const busy = ref(false)
  const problem = ref<Problem | null>(null)
  const left = reactive(new Set<Name>())
  const choice = useItemChoice(problem, item_box, consulted?.unit_id)
  const { item, unsearched } = choice
  // at once: it is sent as soon as the item is there
  watch(
    item,
    (now) => {
      if (now && !now.modes.includes(entered.mode)) entered.mode = now.modes[0] ?? 'proxy'
    },
    { flush: 'sync' },
  )

  const faults = computed<Record<Name, Fault | 'missing' | 'choose' | null>>(() => ({
    item: item.value ? null : 'choose',
    applicant_name: entered.applicant_name.trim() ? null : 'missing',
    identity_number: entered.identity_number.trim()
      ? documentFault(entered.document, entered.identity_number)
      : 'missing',
    phone: entered.phone.trim() ? phoneFault(entered.phone) : 'missing',
    credit_code: own.value && entered.credit_code.trim() ? creditCodeFault(entered.credit_code) : null,
  }))
  const whole = computed(
    () => ![faults, principal.faults].some((one) => Object.values(one.value).some(Boolean)),
  )

  function said(name: Name): string {
    const fault = faults.value[name]
    if (!fault) return ''
    if (name === 'item' && (unsearched.value || !choice.tried.value))
      return tried.value && unsearched.value ? t(`desk.new.item_${unsearched.value}`) : ''
    if (!tried.value && (fault === 'missing' || fault === 'choose' || !left.has(name))) return ''
    return t(`desk.faults.${fault}`)
  }

  async function register(): Promise<void> {
    tried.value = choice.tried.value = true
    problem.value = null
    await choice.settled()
    if (!whole.value) {
      await nextTick()
      form.value?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
      return
    }
    if (!item.value || busy.value) return
    busy.value = true
    try {
      await send({
        item_id: item.value.id,
        mode: entered.mode,
        applicant_name: entered.applicant_name.trim(),
        document: entered.document,
        identity_number: entered.identity_number.trim().toUpperCase(),
        phone: entered.phone.trim(),
        credit_code:
          own.value && entered.credit_code.trim() ? entered.credit_code.trim().toUpperCase() : null,
        principal: principal.made(),
      })
      sessionStorage.removeItem(KEPT)
    } catch (reason) {
      problem.value = Problem.of(reason)
    } finally {
      busy.value = false
    }
  }

  // kept for a reload of this tab only: an identity number does not outlive the tab
  watch([entered, principal.entered, item], () => {
    try {
      const kept = { ...entered, of: principal.entered, item_id: item.value?.id ?? null }
      sessionStorage.setItem(KEPT, JSON.stringify(kept))
    } catch {
      // without storage a reload loses what was typed, nothing else
    }
  })

  onMounted(async () => {
    let kept: (EnteredCase & { of?: typeof principal.entered; item_id: string | null }) | null
    try {
      kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null')
    } catch {
      kept = null
    }
    if (!kept) return void (consulted?.item_id && choice.choose(consulted.item_id))
    const { item_id, of, ...rest } = kept
    Object.assign(entered, rest)
    Object.assign(principal.entered, of)
    if (item_id) await choice.choose(item_id)
  })

  return {
    ...choice,
    tried,
    asked,
    principal,
    entered,
    said,
    leave: (name) => void left.add(name),
    busy,
    problem,
    whole,
    register,
  }
}
