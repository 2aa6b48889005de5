/**
 * The templates of a unit's papers as they are read, changed, tried and published here. Every fault is told with its line;
 * what has one is not published, here nor by the server. Text that is not published stays in this browser.
 */
import { computed, nextTick, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { recall, remember } from '../ui/remembered'
import { http, Problem } from '../wire/http'
import type {
  TemplateCheck,
  TemplateFault,
  TemplateRow,
  Templates,
  TemplateSource,
  TemplateVersion,
  TemplateWhole,
} from '../wire/messages'
import { signedIn } from '../wire/session'

const PAUSE_MS = 700
/** a template is drawn behind others that wait, and is killed when it takes too long */
const DRAWN_WITHIN_MS = 120_000

/** `show`: what is to be seen beside the text now. */
export function useTemplates(show: (what: 'preview' | 'versions') => void) {
  const { t } = useI18n()
  const told = shallowRef<Templates | null>(null)
  const whole = shallowRef<TemplateWhole | null>(null)
  const text = ref('')
  /** the built-in layout is chosen: what is published is no text of one's own */
  const back = ref(false)
  const note = ref('')
  const restored = ref(false)
  const faults = shallowRef<TemplateFault[]>([])
  const pictures = shallowRef<string[]>([])
  const pages = ref(0)
  const checked = ref<string | null>(null)
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)

  const may_edit = computed(() => told.value?.may_edit ?? false)
  const newest = computed(() => whole.value?.versions[0]?.version ?? 0)
  const changed = computed(
    () =>
      whole.value !== null && (text.value !== whole.value.source || (back.value && !whole.value.built_in)),
  )
  const checking = computed(() => checked.value !== text.value)
  /** why it cannot be published */
  const unavailable = computed(() => {
    if (!changed.value) return t('desk.form.unchanged')
    if (faults.value.length) return t('desk.form.mend', { n: faults.value.length })
    if (checking.value) return t('desk.form.checking')
    return note.value.trim() ? undefined : t('desk.form.note_missing')
  })
  const key = (kind: string): string => `template.${signedIn.value?.unit.id ?? ''}.${kind}`
  const place = (): string => `/templates/${whole.value?.kind ?? ''}`

  async function load(): Promise<void> {
    try {
      told.value = await http.get<Templates>('/templates')
      problem.value = null
      const first = told.value.templates[0]
      if (!chosen && first) await choose(first.kind)
    } catch (reason) {
      problem.value = Problem.of(reason)
    }
  }

  /** how often a paper was chosen: what was asked for before the last time is shown no more */
  let chosen = 0
  async function choose(kind: TemplateRow['kind']): Promise<void> {
    const mine = ++chosen
    try {
      const found = await http.get<TemplateWhole>(`/templates/${kind}`)
      if (mine !== chosen) return
      const kept = told.value?.may_edit ? recall(key(kind)) : null
      whole.value = found
      restored.value = kept !== null && kept !== found.source
      back.value = false
      note.value = ''
      faults.value = []
      pictures.value = []
      checked.value = null
      text.value = kept ?? found.source
      problem.value = null
      if (told.value?.may_edit) await check()
    } catch (reason) {
      problem.value = Problem.of(reason)
    }
  }

  let asking = false
  async function check(): Promise<void> {
    clearTimeout(timer)
    if (asking || !whole.value) return
    asking = true
    const asked = text.value
    const of = whole.value.kind
    try {
      if (!asked.trim()) {
        faults.value = [{ line: 1, why: 'other', name: t('desk.template.nothing') }]
        checked.value = asked
        return
      }
      const said = await http.post<TemplateCheck>(
        `/templates/${of}/check`,
        { source: asked },
        { patience_ms: DRAWN_WITHIN_MS },
      )
      if (of !== whole.value.kind) return
      faults.value = said.faults
      if (!said.faults.length) {
        pictures.value = said.pictures
        pages.value = said.pages
      }
      checked.value = asked
      problem.value = null
    } catch (reason) {
      problem.value = Problem.of(reason)
    } finally {
      asking = false
      if (checked.value !== text.value && !problem.value) timer = setTimeout(() => void check(), PAUSE_MS)
    }
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  watch(text, (now) => {
    const of = whole.value
    if (!of || !may_edit.value) return
    remember(key(of.kind), now === of.source ? null : now)
    if (now !== of.source) back.value = false
    clearTimeout(timer)
    if (now !== checked.value) timer = setTimeout(() => void check(), PAUSE_MS)
  })
  onScopeDispose(() => clearTimeout(timer))

  async function publish(): Promise<void> {
    const of = whole.value
    if (!of) return
    busy.value = true
    try {
      await http.put<TemplateVersion>(
        place(),
        { source: back.value ? null : text.value, version: newest.value, note: note.value.trim() },
        { patience_ms: DRAWN_WITHIN_MS },
      )
      remember(key(of.kind), null)
      await load()
      await choose(of.kind)
      show('versions')
    } catch (reason) {
      const failed = Problem.of(reason)
      if (failed.code === 'stale') await again(of.kind)
      problem.value = failed
    } finally {
      busy.value = false
    }
  }

  /** Somebody else published meanwhile: his versions are shown, and what stands in the editor stays. */
  async function again(kind: TemplateRow['kind']): Promise<void> {
    whole.value = await http.get<TemplateWhole>(`/templates/${kind}`)
    show('versions')
  }

  async function take(version: number, built_in: boolean): Promise<void> {
    try {
      const found = await http.get<TemplateSource>(`${place()}/versions/${version}`)
      text.value = found.source
      await nextTick()
      back.value = built_in
      note.value = built_in ? t('desk.template.note_built_in') : t('desk.template.note_back', { n: version })
      show('preview')
    } catch (reason) {
      problem.value = Problem.of(reason)
    }
  }

  function discard(): void {
    if (!whole.value) return
    text.value = whole.value.source
    back.value = false
    restored.value = false
    note.value = ''
  }

  return {
    told,
    whole,
    text,
    note,
    restored,
    faults,
    pictures,
    pages,
    busy,
    problem,
    may_edit,
    newest,
    changed,
    checking,
    unavailable,
    load,
    choose,
    publish,
    take,
    discard,
  }
}
