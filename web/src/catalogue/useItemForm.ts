/**
 * The form of an item as it is read, changed, checked and published here. What makes a field less sensitive waits for a
 * second administrator of the unit; what becomes of it is told, also while this page is open. Text that is not published
 * stays in this browser.
 */
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { announce } from '../ui/announce'
import { http, Problem } from '../wire/http'
import type { FormCheck, ItemForm, ItemVersion, ItemView, LoweringView } from '../wire/messages'
import { draftOf, keepDraft } from './drafts'
import { placeOf, read, type Slip } from './formText'
import { published_here, useLowerings } from './useLowerings'

const PAUSE_MS = 350

/** What became of what waited. */
export type ProposalEnd = 'here' | 'published' | 'declined' | 'withdrawn' | 'outdated' | 'gone'

/** What became of what `was` there, by how the item says that it was closed. */
export function becameOf(was: Pick<LoweringView, 'mine'>, closed: ItemForm['closed']): ProposalEnd {
  if (closed === 'outdated') return 'outdated'
  if (!was.mine) return 'gone'
  return closed === 'agreed' ? 'published' : closed === 'withdrawn' ? 'withdrawn' : 'declined'
}

/** `published`: the page goes over to this version. */
export function useItemForm(item_id: string, published: (version_id: string) => void) {
  const { t } = useI18n()
  const told = shallowRef<ItemForm | null>(null)
  const text = ref('')
  const first = ref('')
  const item = shallowRef<ItemView | null>(null)
  const faults = shallowRef<{ slip: Slip; text: string }[]>([])
  const lowers = shallowRef<FormCheck['lowers']>([])
  const checked = ref('')
  const note = ref('')
  /** the version that the text was written on */
  const written_on = ref(0)
  /** the text was left here before, without being published */
  const restored = ref(false)
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)

  const { waiting, known, refresh } = useLowerings()
  /** the form as it would be, of what waits */
  const asked_form = shallowRef<ItemView['form'] | null>(null)
  /** what became of what waited */
  const came = ref<ProposalEnd | null>(null)

  const changed = computed(() => text.value !== first.value)
  const checking = computed(() => checked.value !== text.value)
  /** why it cannot be published */
  const unavailable = computed(() => {
    if (!changed.value) return t('desk.form.unchanged')
    if (faults.value.length) return t('desk.form.mend', { n: faults.value.length })
    if (checking.value) return t('desk.form.checking')
    if (lowers.value.length && told.value?.lowering) return t('desk.form.one_waits')
    return note.value.trim() ? undefined : t('desk.form.note_missing')
  })

  async function load(): Promise<void> {
    try {
      const found = await http.get<ItemForm>(`/catalogue/${item_id}/form`)
      told.value = found
      item.value = found.item
      first.value = checked.value = JSON.stringify(found.document, null, 2)
      const draft = draftOf(found.item.code)
      restored.value = draft !== null && draft.text !== first.value
      written_on.value = (restored.value && draft?.version) || found.item.version
      text.value = draft?.text ?? first.value
      if (restored.value && draft?.note) note.value = draft.note
      problem.value = null
      if (published_here.value !== item_id) return
      published_here.value = null
      came.value = 'here'
      announce(t('desk.form.came.here', { n: found.newest }))
    } catch (reason) {
      problem.value = Problem.of(reason)
    }
  }

  /** Looks what waits now; what somebody is typing stays. */
  async function lookAgain(): Promise<void> {
    if (!changed.value) return load()
    try {
      const found = await http.get<ItemForm>(`/catalogue/${item_id}/form`)
      if (told.value)
        told.value = { ...told.value, newest: found.newest, lowering: found.lowering, closed: found.closed }
    } catch (reason) {
      problem.value = Problem.of(reason)
    }
  }

  watch(
    () => told.value?.lowering?.id,
    async (id) => {
      asked_form.value = null
      const waits = told.value?.lowering
      if (!waits) return
      const said = await http
        .post<FormCheck>(`/catalogue/${item_id}/form/check`, { document: waits.document })
        .catch(() => null)
      if (told.value?.lowering?.id === id) asked_form.value = said?.item?.form ?? null
    },
  )

  // another administrator asks, agrees or declines while this page is open
  watch(
    () =>
      known.value && told.value
        ? (waiting.value.find((one) => one.code === told.value?.item.code)?.id ?? null)
        : undefined,
    async (now) => {
      const was = told.value?.lowering ?? null
      if (now === undefined || busy.value || now === (was?.id ?? null)) return
      await lookAgain()
      if (was && !told.value?.lowering) came.value = becameOf(was, told.value?.closed ?? null)
    },
  )

  async function check(): Promise<void> {
    const asked = text.value
    const found = read(asked)
    if (!('document' in found)) {
      faults.value = [{ slip: found.slip, text: t('desk.form.not_json') }]
      checked.value = asked
      return
    }
    try {
      const said = await http.post<FormCheck>(`/catalogue/${item_id}/form/check`, {
        document: found.document,
      })
      if (asked !== text.value) return
      if (said.item) item.value = said.item
      lowers.value = said.lowers
      faults.value = said.faults
        .map((one) => ({
          slip: placeOf(asked, one.pointer),
          text: t(`desk.form.faults.${one.why}`, { name: one.name || one.pointer }),
        }))
        .sort((a, b) => a.slip.line - b.slip.line)
      checked.value = asked
      problem.value = null
    } catch (reason) {
      if (asked === text.value) problem.value = Problem.of(reason)
    }
  }

  // what only shows the document that waits is nobody's own text
  watch([text, note], () => {
    const of = told.value
    if (!of || (of.lowering && text.value === JSON.stringify(of.lowering.document, null, 2))) return
    keepDraft(
      of.item.code,
      changed.value ? { version: written_on.value, text: text.value, note: note.value } : null,
    )
  })

  /** Lets go of what is not published; `write` puts the text where it can be undone. */
  function discard(write: (text: string) => void): void {
    if (!told.value) return
    write(first.value)
    note.value = ''
    restored.value = false
    written_on.value = told.value.item.version
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  watch(text, (now) => {
    clearTimeout(timer)
    if (now !== checked.value) timer = setTimeout(() => void check(), PAUSE_MS)
  })

  async function publish(): Promise<void> {
    const found = read(text.value)
    if (!('document' in found) || !told.value) return
    busy.value = true
    try {
      const body = { document: found.document, version: told.value.newest, note: note.value.trim() }
      if (lowers.value.length) {
        await http.post<LoweringView>(`/catalogue/${item_id}/lowerings`, body)
        keepDraft(told.value.item.code, null)
        came.value = null
        await Promise.all([load(), refresh()])
      } else {
        const version = await http.put<ItemVersion>(`/catalogue/${item_id}/form`, body)
        keepDraft(told.value.item.code, null)
        made(version.id)
      }
    } catch (reason) {
      const refused = Problem.of(reason)
      // another one asked first: it stands above the form
      if (refused.code === 'lowering_waits') await Promise.all([lookAgain(), refresh()])
      problem.value = refused
    } finally {
      busy.value = false
    }
  }

  /** The page goes over to what was published, and says it there. */
  function made(version_id: string): void {
    published_here.value = version_id
    published(version_id)
  }

  async function answer(agree: boolean): Promise<void> {
    const waits = told.value?.lowering
    if (!waits) return
    busy.value = true
    try {
      const now = await http.put<LoweringView>(`/lowerings/${waits.id}`, { agree })
      if (now.made_id) made(now.made_id)
      else {
        await Promise.all([load(), refresh()])
        came.value = waits.mine ? 'withdrawn' : null
      }
    } catch (reason) {
      const refused = Problem.of(reason)
      // somebody else was faster
      if (refused.code === 'proposal_closed') {
        await Promise.all([lookAgain(), refresh()])
        came.value = becameOf(waits, told.value?.closed ?? null)
      } else problem.value = refused
    } finally {
      busy.value = false
    }
  }
  onScopeDispose(() => clearTimeout(timer))

  return {
    told,
    text,
    item,
    faults,
    lowers,
    note,
    written_on,
    restored,
    busy,
    problem,
    asked_form,
    came,
    changed,
    checking,
    unavailable,
    load,
    publish,
    discard,
    answer,
  }
}
