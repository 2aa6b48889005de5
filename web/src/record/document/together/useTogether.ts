/**
 * A document that is looked at together: following who leads through it, pointing into it and drawing on it, of which
 * one goes on at a time. Places travel in the document's own coordinates. While this person speaks with somebody about
 * another case all of it is held.
 */
import { computed, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { MaterialView } from '../../../wire/messages'
import type { CaseBook } from '../../book/useCase'
import { meant, seen, type PagePoint } from '../../rules/turning'
import { useDrawing } from './useDrawing'
import { useLooks } from './useLooks'

/** What lies here, and how it is shown. */
export interface Lying {
  material: () => MaterialView | null
  page: Ref<number>
  turn: Ref<number>
  /** its pages are there */
  lies: () => boolean
  toPage: (page: number) => void
  /** another document of the case is wanted */
  goto: (material_id: string) => void
}

/** Where somebody points, on the page as it is shown. */
export interface PageMark extends PagePoint {
  id: string
  name: string
  person: 'here' | 'far' | 'guest'
}

export type Together = ReturnType<typeof useTogether>

const STEP = 0.02
const ARROWS: Readonly<Record<string, [number, number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
}
const share = (value: number): number => Math.min(1, Math.max(0, value))

/** the page under a pointer, and where in it */
function under(event: PointerEvent): { page: number; place: PagePoint } | null {
  const paper = (event.target as HTMLElement).closest<HTMLElement>('[data-page]')
  const box = paper?.getBoundingClientRect()
  if (!paper || !box?.width || !box.height) return null
  return {
    page: Number(paper.dataset['page']),
    place: { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height },
  }
}

export function useTogether(book: CaseBook, { material, page, turn, lies, toPage, goto }: Lying) {
  const { t } = useI18n()
  const id = (): string | null => material()?.id ?? null
  const pointing = ref(false)
  /** a page that somebody leads to, until its document is there */
  let wanted: { material_id: string; page: number } | null = null

  const looks = useLooks(book, id, () => page.value, follow)
  const ink = useDrawing(book, id, () => turn.value)

  function follow(material_id: string, to: number): void {
    if (material_id === id() && lies()) {
      toPage(to)
      return
    }
    wanted = { material_id, page: to }
    if (material_id !== id()) goto(material_id)
  }

  /** The document lies here now: at the page to which somebody led. */
  function laid(material_id: string): void {
    if (wanted?.material_id === material_id) toPage(wanted.page)
    wanted = null
  }

  /** what is shown here would reach none of those he sees */
  const held = computed(() => (book.elsewhere() ? t('record.document.other_call') : undefined))
  watch(held, (now) => {
    if (!now) return
    if (pointing.value) togglePointing()
    ink.drawing.value = false
    looks.lead(false)
  })
  watch(id, () => looks.point(null))
  watch(ink.may, (may) => {
    if (!may) ink.drawing.value = false
  })

  function toggleDrawing(): void {
    ink.drawing.value = !ink.drawing.value && ink.may.value
    if (ink.drawing.value && pointing.value) togglePointing()
  }

  function togglePointing(): void {
    pointing.value = !pointing.value
    if (pointing.value) ink.drawing.value = false
    else looks.point(null)
  }

  // ---------------------------------------------------------------- the pointer of this person

  function pointAt(event: PointerEvent): void {
    const material_id = id()
    if (!pointing.value || !material_id) return
    const at = under(event)
    if (!at) return looks.point(null)
    const place = meant({ x: share(at.place.x), y: share(at.place.y) }, turn.value)
    looks.point({ material_id, page: at.page, place })
  }

  function penDown(event: PointerEvent): void {
    pointAt(event)
    const at = ink.drawing.value && event.button === 0 ? under(event) : null
    if (!at) return
    event.preventDefault()
    ink.begin(at.page, at.place)
  }

  function penMoves(event: PointerEvent): void {
    pointAt(event)
    if (!ink.drawing.value || !event.buttons) return
    const at = under(event)
    ink.move(at?.page ?? null, at?.place ?? { x: 0, y: 0 })
  }

  function penLeaves(): void {
    looks.point(null)
    ink.end()
  }

  function pointBy([x, y]: [number, number]): void {
    const material_id = id()
    if (!material_id) return
    const mine = looks.mine.value
    const at = mine?.page === page.value ? seen(mine.place, turn.value) : { x: 0.5, y: 0.5 }
    looks.point({
      material_id,
      page: page.value,
      place: meant({ x: share(at.x + x), y: share(at.y + y) }, turn.value),
    })
  }

  /** Points where an arrow leads, and ends what Escape ends; whether a key does either. */
  function byKey(key: string): boolean {
    const arrow = ARROWS[key]
    if (arrow && pointing.value) pointBy(arrow)
    else if (key === 'Escape' && pointing.value) togglePointing()
    else if (key === 'Escape' && ink.drawing.value) ink.drawing.value = false
    else return false
    return true
  }

  // ---------------------------------------------------------------- where people point

  function marksOn(number: number): PageMark[] {
    const here = id()
    if (!here) return []
    const others = looks.pointers.value.flatMap((one): PageMark[] =>
      one.material_id === here && one.page === number && one.x !== null && one.y !== null
        ? [
            {
              id: one.by.id,
              name: one.by.name,
              person: book.personOf(one.by),
              ...seen({ x: one.x, y: one.y }, turn.value),
            },
          ]
        : [],
    )
    const mine = looks.mine.value
    if (mine?.material_id !== here || mine.page !== number) return others
    return [
      ...others,
      {
        id: book.me,
        name: '',
        person: book.audience.value === 'window' ? 'here' : 'far',
        ...seen(mine.place, turn.value),
      },
    ]
  }

  /** who points somewhere that is not in sight here */
  const elsewhere = computed(
    () => looks.pointers.value.find((one) => one.material_id !== id() || one.page !== page.value) ?? null,
  )

  return {
    ...{ looks, ink, held, pointing, elsewhere },
    ...{ follow, laid, toggleDrawing, togglePointing, penDown, penMoves, penLeaves, byKey, marksOn },
  }
}
