/** The pane of a call without a page: what one person at his desk has of it, for the tests of its parts. */
import { computed, effectScope, nextTick, reactive, ref, shallowRef } from 'vue'
import { useCallHere } from '../../src/call/pane/useCallHere'
import { standing, type MediaState } from '../../src/call/rules/standing'
import { spoken } from '../../src/ui/announce'
import type { ConnectionState } from '../../src/wire/socket'
import type { CallView } from './calls'

/** A sentence as its key and its values. */
export const say = (key: string, values: Record<string, unknown> = {}): string =>
  [key, ...Object.values(values)].join(' ')

export const NOW_MS = Date.parse('2026-11-24T06:02:00Z')

export function paneOf(first: CallView | null, me = 'clerk') {
  const current = shallowRef(first)
  const now = ref(NOW_MS)
  const connection = ref<ConnectionState>('connected')
  const media = ref<MediaState>('up')
  const stream = () => shallowRef<MediaStream | null>(null)
  const desk = {
    current,
    connection,
    media,
    me: ref(me),
    busy: ref(false),
    state: computed(() =>
      standing(current.value, me, {
        connection: connection.value,
        media: media.value,
        replaced: false,
        was_up: true,
      }),
    ),
    speaking: shallowRef<ReadonlySet<string>>(new Set()),
    muted: reactive({ '0': false, '1': false }),
    face: stream(),
    second_face: stream(),
    further_faces: [stream(), stream(), stream()],
    document_camera: stream(),
    second_camera: stream(),
    screen: stream(),
    second_screen: stream(),
  }
  const place = reactive({
    case_id: 'case0001',
    seat: me === 'clerk' ? ('window' as const) : ('approver' as const),
    here: '济南市中',
    there: '青岛西海岸',
    deciding: undefined as string | undefined,
  })
  const scope = effectScope()
  const within = <T>(make: () => T): T => {
    const made = scope.run(make)
    if (made === undefined) throw new Error('the scope is over')
    return made
  }
  return {
    desk,
    now,
    place,
    scope,
    /** Runs what needs a scope, such as the composables of the pane. */
    within,
    here: within(() => useCallHere(place, desk, now)),
    /** The call as it stands now. */
    be: async (call: CallView | null): Promise<void> => {
      current.value = call
      await nextTick()
    },
  }
}

/** What is said aloud now. */
export async function aloud(): Promise<string> {
  await nextTick()
  await nextTick()
  return spoken.value
}
