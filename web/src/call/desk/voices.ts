/** Who speaks now: this person and the others in the call, by how loud their tracks are. */
import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { Talking, Voices } from '../rules/speaking'
import { furtherLegs, holdOf, otherLeg, secondLeg } from '../rules/standing'
import type { Devices } from '../seat/devices'
import { midIn, type Arrived } from '../seat/media'
import { browserMeans, type Ticking } from '../seat/means'
import type { CallView } from '../../wire/messages'

export interface Hearing {
  me: Readonly<Ref<string>>
  current: Readonly<Ref<CallView | null>>
  remote: Readonly<Ref<Arrived>>
  devices: Readonly<Ref<Devices | null>>
  muted: Readonly<Record<'0' | '1', boolean>>
  time?: Pick<Ticking, 'now'>
  listen?: (hear: ConstructorParameters<typeof Voices>[0]) => Pick<Voices, 'listen' | 'close'>
}

export function useVoices({
  me,
  current,
  remote,
  devices,
  muted,
  time = browserMeans.time,
  listen = (hear) => new Voices(hear),
}: Hearing) {
  /** by leg; this person is `me` */
  const speaking = shallowRef<ReadonlySet<string>>(new Set())
  const talking = new Talking()
  const voices = listen((peaks) => {
    const now = talking.take(peaks, time.now())
    if (now !== speaking.value) speaking.value = now
  })

  /** Whose tracks may be heard now. */
  function audible(): Map<string, MediaStreamTrack> {
    const tracks = new Map<string, MediaStreamTrack>()
    const call = current.value
    if (call?.state !== 'live' || holdOf(call)) return tracks
    const others = [
      { leg: otherLeg(call, me.value), group: 0 },
      { leg: secondLeg(call, me.value), group: 1 },
      ...furtherLegs(call, me.value),
    ]
    for (const { leg, group } of others) {
      const track = remote.value.get(midIn(group, '0'))
      if (leg && leg.state !== 'left' && track && !leg.muted.includes('0')) tracks.set(leg.id, track)
    }
    const own = devices.value?.microphone
    if (own && !muted['0']) tracks.set('me', own)
    return tracks
  }

  watch([remote, current, devices, () => muted['0']], () => {
    const tracks = audible()
    voices.listen(tracks)
    if (!tracks.size && speaking.value.size) speaking.value = new Set()
  })
  onScopeDispose(() => voices.close())

  return { speaking }
}
