// @vitest-environment node
import { effectScope, nextTick, ref, shallowRef } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { leg, liveCall, person, snapshot, type CallView } from '../../../tests/kit/calls'
import { track } from '../../../tests/kit/seats'
import type { CallSnapshot } from '../../wire/messages'
import type { Devices } from '../seat/devices'
import type { Arrived } from '../seat/media'
import { useStreams } from './streams'

/** jsdom has none */
class Stream {
  constructor(private readonly tracks: MediaStreamTrack[]) {}
  getTracks(): MediaStreamTrack[] {
    return this.tracks
  }
}
beforeEach(() => vi.stubGlobal('MediaStream', Stream))
afterEach(() => vi.unstubAllGlobals())

function page() {
  const calls = shallowRef<ReadonlyMap<string, CallSnapshot>>(new Map())
  const current = shallowRef<CallView | null>(null)
  const remote = shallowRef<Arrived>(new Map())
  const devices = shallowRef<Devices | null>(null)
  const paper = shallowRef<MediaStreamTrack | null>(null)
  const streams = effectScope().run(() =>
    useStreams({ me: ref('approver'), calls, current, remote, devices, paper }),
  )
  if (!streams) throw new Error('the scope is over')
  const arrive = async (...arrived: [string, MediaStreamTrack][]) => {
    remote.value = new Map(arrived)
    await nextTick()
  }
  return { ...streams, arrive, calls, current, devices, paper }
}

describe('what is seen of the others', () => {
  it('is each seat’s voice and face as one stream, which stays while its tracks do', async () => {
    const { arrive, face, further_faces, second_face } = page()
    const [voice, picture, other, third] = [track('audio'), track('video'), track('audio'), track('video')]
    await arrive(['0', voice], ['1', picture], ['4', other], ['9', third])
    expect(face.value?.getTracks()).toEqual([voice, picture])
    expect(second_face.value?.getTracks()).toEqual([other])
    expect(further_faces.map((one) => one.value?.getTracks())).toEqual([[third], undefined, undefined])
    const before = face.value
    await arrive(['0', voice], ['1', picture])
    expect([face.value === before, second_face.value]).toEqual([true, null])
    await arrive(['0', voice])
    expect(face.value?.getTracks()).toEqual([voice])
  })

  it('is a paper or a screen while it brings packets', async () => {
    const { arrive, document_camera, screen, second_camera, second_screen } = page()
    const shown = [track('video'), track('video'), track('video'), track('video')] as const
    const all = ['2', '3', '6', '7'].map((mid, n) => [mid, shown[n]] as [string, MediaStreamTrack])
    const seen = () =>
      [document_camera, screen, second_camera, second_screen].map((one) => one.value?.getTracks()[0])
    await arrive(...all)
    expect(seen()).toEqual([...shown])
    Object.assign(shown[0], { muted: true })
    await arrive(...all.slice(0, 3))
    expect(seen()).toEqual([undefined, shown[1], shown[2], undefined])
  })
})

describe('what is seen of this place', () => {
  it('is its camera and its paper', async () => {
    const { devices, own_face, own_paper, paper } = page()
    const [camera, shown] = [track('video'), track('video')]
    devices.value = { microphone: track('audio'), camera, trouble: {} }
    paper.value = shown
    await nextTick()
    expect([own_face.value?.getTracks(), own_paper.value?.getTracks()]).toEqual([[camera], [shown]])
    devices.value = { microphone: null, camera: null, trouble: {} }
    paper.value = null
    await nextTick()
    expect([own_face.value, own_paper.value]).toEqual([null, null])
  })
})

describe('a whisper', () => {
  const monitor = { person: person('supervisor'), way: 'whisper' } as CallSnapshot['monitors'][number]

  it('comes on the lines of a place at which nobody is seen, while somebody whispers', async () => {
    const { arrive, calls, current, whisper, whisperers } = page()
    const voice = track('audio')
    const live = liveCall()
    current.value = live
    await arrive(['g', voice])
    expect(whisper.value).toBeNull()
    calls.value = new Map([[live.id, { ...snapshot(live), monitors: [monitor] }]])
    await nextTick()
    expect(whisperers.value.map((one) => one.id)).toEqual(['supervisor'])
    expect(whisper.value?.getTracks()).toEqual([voice])
    calls.value = new Map([[live.id, { ...snapshot(live), monitors: [{ ...monitor, way: 'listen' }] }]])
    await nextTick()
    expect(whisper.value).toBeNull()
  })

  it('is not the voice of a guest who is seen there', async () => {
    const { arrive, calls, current, whisper } = page()
    const seats = ['third', 'fourth', 'fifth', 'sixth'] as const
    const live = liveCall({
      legs: [...liveCall().legs, ...seats.map((seat, n) => leg(`leg1000${n}`, `guest${n}`, { seat }))],
    })
    current.value = live
    calls.value = new Map([[live.id, { ...snapshot(live), monitors: [monitor] }]])
    await arrive(['c', track('audio')], ['g', track('audio')])
    expect(whisper.value).toBeNull()
  })
})
