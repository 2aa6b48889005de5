/**
 * Drawing on a document together, in its own coordinates: what is kept in the record, what others draw this moment, and
 * the stroke of this person, which is told as it grows and kept once the pen is lifted.
 */
import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import type { Problem } from '../../../wire/http'
import { Problem as Refused } from '../../../wire/http'
import type { Person } from '../../../ui/states'
import type { CaseBook } from '../../book/useCase'
import { meant, seen, type PagePoint } from '../../rules/turning'

/** At most 20 a second leave the page. */
const TELL_EVERY_MS = 50
/** of one stroke; a longer one is kept and goes on as another */
const POINTS_AT_MOST = 300
/** nearer places are one */
const LEAST = 0.0015

export interface DrawnLine {
  id: string
  name: string
  person: Person
  points: PagePoint[]
}

const short = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000

export function useDrawing(book: CaseBook, material_id: () => string | null, turn: () => number) {
  const drawing = ref(false)
  const problem = shallowRef<Problem | null>(null)
  /** strokes of mine that the server has not told of yet */
  const mine = shallowRef<{ material_id: string; page: number; points: PagePoint[]; done: boolean }[]>([])

  const only = computed(() => book.view.value?.drawing_only ?? null)
  const may = computed(
    () =>
      (book.audience.value === 'window' || book.audience.value === 'approver') &&
      (only.value === null || only.value.id === book.me),
  )
  const there = computed(() =>
    (book.view.value?.drawings ?? []).filter((one) => one.material_id === material_id()),
  )
  const of_mine = computed(() => there.value.some((one) => one.by.id === book.me))

  /** The strokes on a page, as it is shown now. */
  function linesOn(page: number): DrawnLine[] {
    const turned = (points: readonly (readonly [unknown, unknown])[]): PagePoint[] =>
      points.map(([x, y]) => seen({ x: Number(x), y: Number(y) }, turn()))
    const kept = there.value
      .filter((one) => one.page === page)
      .map((one): DrawnLine => ({
        id: one.id,
        name: one.by.name,
        person: book.personOf(one.by),
        points: turned(one.points),
      }))
    const growing = [...book.drawn.values()]
      .filter((one) => one.material_id === material_id() && one.page === page && one.points)
      .map((one): DrawnLine => ({
        id: `of ${one.by.id}`,
        name: one.by.name,
        person: book.personOf(one.by),
        points: turned(one.points ?? []),
      }))
    const own = mine.value
      .filter((one) => one.material_id === material_id() && one.page === page)
      .map((one, index): DrawnLine => ({
        id: `mine ${index}`,
        name: '',
        person: book.audience.value === 'window' ? 'here' : 'far',
        points: one.points.map((place) => seen(place, turn())),
      }))
    return [...kept, ...growing, ...own]
  }

  let told_at = 0
  let later: ReturnType<typeof setTimeout> | undefined

  function tell(): void {
    clearTimeout(later)
    later = undefined
    told_at = performance.now()
    const stroke = mine.value.at(-1)
    if (stroke && !stroke.done)
      book.drawInto(
        stroke.material_id,
        stroke.page,
        stroke.points.map(({ x, y }) => [x, y]),
      )
  }

  /** The pen comes down. */
  function begin(page: number, place: PagePoint): void {
    const id = material_id()
    if (!id || !may.value) return
    const at = meant(place, turn())
    mine.value = [
      ...mine.value,
      { material_id: id, page, points: [{ x: short(at.x), y: short(at.y) }], done: false },
    ]
    tell()
  }

  /** The pen moves; places of another page end the stroke. */
  function move(page: number | null, place: PagePoint): void {
    const stroke = mine.value.at(-1)
    if (!stroke || stroke.done) return
    if (page !== stroke.page) return end()
    const at = meant(place, turn())
    const next = { x: short(at.x), y: short(at.y) }
    const last = stroke.points.at(-1)
    if (last && Math.hypot(last.x - next.x, last.y - next.y) < LEAST) return
    mine.value = [...mine.value.slice(0, -1), { ...stroke, points: [...stroke.points, next] }]
    if (stroke.points.length >= POINTS_AT_MOST) {
      end()
      begin(page, place)
      return
    }
    const wait = TELL_EVERY_MS - (performance.now() - told_at)
    if (wait <= 0) tell()
    else later ??= setTimeout(tell, wait)
  }

  /** The pen is lifted: the stroke is kept. */
  function end(): void {
    const stroke = mine.value.at(-1)
    if (!stroke || stroke.done) return
    clearTimeout(later)
    later = undefined
    const done = { ...stroke, done: true }
    mine.value = [...mine.value.slice(0, -1), done]
    book.drawInto(
      done.material_id,
      done.page,
      done.points.map(({ x, y }) => [x, y]),
    )
    void book
      .draw(
        done.material_id,
        done.page,
        done.points.map(({ x, y }): [number, number] => [x, y]),
      )
      .catch((reason: unknown) => {
        problem.value = Refused.of(reason)
        book.drawInto(done.material_id, done.page, null)
      })
      .finally(() => (mine.value = mine.value.filter((one) => one !== done)))
  }

  async function clear(whose: 'mine' | 'all'): Promise<void> {
    const id = material_id()
    if (!id) return
    await book.clearDrawings(id, whose).catch((reason: unknown) => (problem.value = Refused.of(reason)))
  }

  async function keep(only_me: boolean): Promise<void> {
    await book.keepDrawing(only_me).catch((reason: unknown) => (problem.value = Refused.of(reason)))
  }

  onScopeDispose(() => clearTimeout(later))

  return { drawing, problem, only, may, there, of_mine, linesOn, begin, move, end, clear, keep }
}
