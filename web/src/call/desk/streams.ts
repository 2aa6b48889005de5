/** What is seen and heard of the others in a call, and of this place: tracks as streams that stay while their tracks do. */
import { computed, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { CallSnapshot, CallView } from '../../wire/messages'
import { furtherLegs } from '../rules/standing'
import type { Devices } from '../seat/devices'
import { midIn, type Arrived } from '../seat/media'

export interface Streaming {
  me: Readonly<Ref<string>>
  calls: Readonly<Ref<ReadonlyMap<string, CallSnapshot>>>
  current: Readonly<Ref<CallView | null>>
  /** tracks of the other seats, by m-line */
  remote: Readonly<Ref<Arrived>>
  devices: Readonly<Ref<Devices | null>>
  paper: Readonly<Ref<MediaStreamTrack | null>>
}

type Face = ShallowRef<MediaStream | null>

/** These tracks as one stream, which stays the same while they do. */
function fill(into: Face, wanted: readonly MediaStreamTrack[]): void {
  const held = into.value?.getTracks() ?? []
  if (wanted.length === held.length && wanted.every((track) => held.includes(track))) return
  into.value = wanted.length ? new MediaStream([...wanted]) : null
}

/** Voice and face of who sits in this group of m-lines. */
export function faceOf(
  desk: { face: Face; second_face: Face; further_faces: readonly Face[] },
  group: number,
): MediaStream | null {
  return [desk.face, desk.second_face, ...desk.further_faces][group]?.value ?? null
}

export function useStreams({ me, calls, current, remote, devices, paper }: Streaming) {
  const made = (): Face => shallowRef<MediaStream | null>(null)
  const [face, second_face, document_camera, second_camera] = [made(), made(), made(), made()]
  const [screen, second_screen, own_paper, own_face, whisper] = [made(), made(), made(), made(), made()]
  /** of the third, fourth and fifth other seat */
  const further_faces = [2, 3, 4].map(made)

  /** Voice and face of one seat. */
  function show(into: Face, arrived: Arrived, group: number): void {
    const wanted = [arrived.get(midIn(group, '0')), arrived.get(midIn(group, '1'))]
    fill(
      into,
      wanted.filter((track) => track !== undefined),
    )
  }

  /** A document camera or a screen is there while it brings packets. */
  function showPaper(into: Face, track: MediaStreamTrack | undefined): void {
    fill(into, track && !track.muted ? [track] : [])
  }

  watch(remote, (arrived) => {
    show(face, arrived, 0)
    show(second_face, arrived, 1)
    further_faces.forEach((into, more) => show(into, arrived, more + 2))
    showPaper(document_camera, arrived.get(midIn(0, '2')))
    showPaper(second_camera, arrived.get(midIn(1, '2')))
    showPaper(screen, arrived.get(midIn(0, '3')))
    showPaper(second_screen, arrived.get(midIn(1, '3')))
  })

  /** who whispers to this person, whom nobody else hears */
  const whisperers = computed(() => {
    const snapshot = current.value?.state === 'live' ? calls.value.get(current.value.id) : undefined
    return snapshot?.monitors.filter((one) => one.way === 'whisper').map((one) => one.person) ?? []
  })
  // a whisper comes on the lines of a place at which nobody is seen
  watch([remote, whisperers, current], () => {
    const seen = current.value ? furtherLegs(current.value, me.value).map((one) => one.group) : []
    const free = whisperers.value.length ? [3, 4].filter((group) => !seen.includes(group)) : []
    fill(
      whisper,
      free.flatMap((group) => remote.value.get(midIn(group, '0')) ?? []),
    )
  })

  watch(paper, (track) => fill(own_paper, track ? [track] : []))
  watch(devices, (found) => fill(own_face, found?.camera ? [found.camera] : []))

  return {
    face,
    second_face,
    further_faces,
    document_camera,
    second_camera,
    screen,
    second_screen,
    own_face,
    own_paper,
    whisperers,
    whisper,
  }
}
