/**
 * Looking at a document together: who looks at it, whose page the others follow (请对方跟随), and pointing into it in the
 * document's own coordinates. All of it is ephemeral; nothing here changes the record.
 */
import { computed, onScopeDispose, ref, watch } from 'vue'
import type { PersonRef } from '../../../wire/messages'
import type { CaseBook } from '../../book/useCase'
import type { PagePoint } from '../../rules/turning'

/** At most 20 a second leave the page. */
const POINT_EVERY_MS = 50
/** A pointer that rests is told again before the others forget it. */
const REST_EVERY_MS = 4_000

export interface Spot {
  material_id: string
  page: number
  place: PagePoint
}

export function useLooks(
  book: CaseBook,
  material_id: () => string | null,
  page: () => number,
  go: (material_id: string, page: number) => void,
) {
  /** whether the others' pages shall turn along with mine */
  const leading = ref(false)
  /** a leader whom this person does not follow */
  const refused = ref<string | null>(null)
  /** where this person points now */
  const mine = ref<Spot | null>(null)

  const leader = computed<PersonRef | null>(() => {
    const leaders = [...book.looking.values()].filter((one) => one.follow)
    return leaders.sort((a, b) => b.seen_at - a.seen_at)[0]?.by ?? null
  })
  const following = computed(
    () => leader.value !== null && !leading.value && refused.value !== leader.value.id,
  )
  const viewers = computed(() =>
    [...book.looking.values()].filter((one) => one.material_id === material_id()).map((one) => one.by),
  )
  /** who points into the document that lies here, or elsewhere */
  const pointers = computed(() => [...book.pointed.values()])

  watch([material_id, page, leading], ([material, at, follow]) => book.look(material, at, follow), {
    immediate: true,
  })

  watch(
    () => {
      const look = following.value && leader.value ? book.looking.get(leader.value.id) : undefined
      return look?.material_id ? `${look.material_id} ${look.page}` : null
    },
    (where) => {
      if (!where) return
      const [material, at] = where.split(' ')
      if (material && (material !== material_id() || Number(at) !== page())) go(material, Number(at))
    },
    { immediate: true },
  )
  // after a call nobody follows anybody any more
  watch(book.parted, () => (leading.value = false), { flush: 'sync' })
  watch(leader, (now, before) => {
    // who begins later leads
    if (now && now.id !== before?.id) leading.value = false
    if (!now) refused.value = null
  })

  // ---------------------------------------------------------------- pointing

  let told_at = 0
  let later: ReturnType<typeof setTimeout> | undefined

  function tell(): void {
    clearTimeout(later)
    later = undefined
    told_at = performance.now()
    const spot = mine.value
    if (!spot) return
    book.pointInto(spot.material_id, spot.page, spot.place)
    later = setTimeout(tell, REST_EVERY_MS)
  }

  /** Points at a spot, as often as it moves; null: stops. */
  function point(spot: Spot | null): void {
    const before = mine.value
    mine.value = spot
    if (!spot) {
      clearTimeout(later)
      later = undefined
      if (before) book.pointInto(before.material_id, before.page, null)
      return
    }
    const wait = POINT_EVERY_MS - (performance.now() - told_at)
    if (wait <= 0) tell()
    else {
      clearTimeout(later)
      later = setTimeout(tell, wait)
    }
  }

  onScopeDispose(() => {
    point(null)
    book.look(null, 1, false)
  })

  return {
    leading,
    leader,
    following,
    viewers,
    pointers,
    mine,
    point,
    lead: (on: boolean) => (leading.value = on),
    /** Follows the leader, or does not. */
    follow: (on: boolean) => {
      refused.value = on ? null : (leader.value?.id ?? null)
    },
  }
}
