/**
 * Which cards stand above the page now: a question before an act, and above that a ring. While one stands, the one filled
 * button is its own: those below it look plain.
 */
import { computed, inject, provide, shallowReactive, type ComputedRef, type InjectionKey } from 'vue'

export type Layer = 'question' | 'ring'
const HEIGHT: Record<Layer, number> = { question: 1, ring: 2 }
const OWN: InjectionKey<Layer> = Symbol('layer')

const cards = shallowReactive(new Map<object, Layer>())
const top = computed(() => Math.max(0, ...[...cards.values()].map((one) => HEIGHT[one])))

/** Makes the calling component a card of this layer; what is returned says whether it stands. */
export function useLayer(layer: Layer): (stands: boolean) => void {
  const card = {}
  provide(OWN, layer)
  return (stands) => void (stands ? cards.set(card, layer) : cards.delete(card))
}

/** Whether a card stands above the part of the page in which the caller is. */
export function useCovered(): ComputedRef<boolean> {
  const layer = inject(OWN, null)
  const own = layer ? HEIGHT[layer] : 0
  return computed(() => top.value > own)
}
