/** For whom somebody comes to the window: himself, a company (法定代表人, 经办人), or another person (代理人). */
import { computed, reactive } from 'vue'
import { creditCodeFault, documentFault, type Fault, type IdentityDocument } from '../../rules/identifiers'
import type { PrincipalEntry } from '../../wire/messages'

export type Capacity = PrincipalEntry['capacity']
export const CAPACITIES: readonly ('self' | Capacity)[] = ['self', 'representative', 'handler', 'agent']
export type PrincipalField = 'name' | 'number' | 'representative' | 'mandate_until'
/** What is wrong in a field, by the word that tells it. */
export type PrincipalFaults = Record<PrincipalField, Fault | 'missing' | 'mandate_over' | null>
export type EnteredPrincipal = ReturnType<typeof usePrincipal>

export function usePrincipal(today: () => string) {
  const entered = reactive({
    capacity: 'self' as 'self' | Capacity,
    name: '',
    number: '',
    document: 'identity_card' as IdentityDocument,
    representative: '',
    mandate_until: '',
  })
  const company = computed(() => entered.capacity === 'representative' || entered.capacity === 'handler')
  const mandated = computed(() => entered.capacity === 'handler' || entered.capacity === 'agent')
  const fields = computed<PrincipalField[]>(() => [
    ...(entered.capacity === 'self' ? [] : (['name', 'number'] as const)),
    ...(entered.capacity === 'handler' ? (['representative'] as const) : []),
    ...(mandated.value ? (['mandate_until'] as const) : []),
  ])
  const faults = computed<PrincipalFaults>(() => {
    const asked = (field: PrincipalField): boolean => fields.value.includes(field)
    const number = entered.number.trim()
    const wrong = company.value ? creditCodeFault(number) : documentFault(entered.document, number)
    const over = entered.mandate_until !== '' && entered.mandate_until < today()
    return {
      name: asked('name') && !entered.name.trim() ? 'missing' : null,
      number: asked('number') ? (number ? wrong : 'missing') : null,
      representative: asked('representative') && !entered.representative.trim() ? 'missing' : null,
      mandate_until: asked('mandate_until') && over ? 'mandate_over' : null,
    }
  })
  /** as it is sent; null: he comes for himself */
  function made(): PrincipalEntry | null {
    if (entered.capacity === 'self') return null
    return {
      capacity: entered.capacity,
      name: entered.name.trim(),
      number: entered.number.trim().toUpperCase(),
      document: entered.document,
      representative: entered.capacity === 'handler' ? entered.representative.trim() : '',
      mandate_until: mandated.value && entered.mandate_until ? entered.mandate_until : null,
    }
  }
  return { entered, company, mandated, fields, faults, made }
}
