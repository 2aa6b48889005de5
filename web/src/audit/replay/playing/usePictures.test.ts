// @vitest-environment node
import { ref } from 'vue'
import { describe, expect, it } from 'vitest'
import { playback, ZERO } from '../../../../tests/kit/recorded'
import { PlaybackClock } from '../../rules/playbackClock'
import { usePictures } from './usePictures'

function picture(more: object = {}) {
  return {
    currentTime: 0,
    readyState: 4,
    paused: true,
    seeking: false,
    ended: false,
    error: null,
    playbackRate: 1,
    play() {
      this.paused = false
      return Promise.resolve()
    },
    pause() {
      this.paused = true
    },
    ...more,
  }
}

function player(...pictures: ReturnType<typeof picture>[]) {
  let now_ms = 0
  const silenced: string[] = []
  const clock = new PlaybackClock(() => now_ms, 1000)
  const all = usePictures({
    clock,
    zero_ms: ref(ZERO),
    now: () => now_ms,
    silenced: () => void silenced.push('silenced'),
  })
  pictures.forEach((one, n) =>
    all.attach(
      playback(`playback-${n}`, n ? 'window' : 'approver', 10 * n),
      one as unknown as HTMLVideoElement,
    ),
  )
  const pass = (ms: number) => {
    now_ms += ms
    all.keepInStep()
  }
  return { ...all, clock, pass, silenced }
}

describe('the pictures of a replay', () => {
  it('play from where the clock stands; what begins later has nothing yet', () => {
    const [first, later] = [picture(), picture()]
    const { clock, pass, states } = player(first, later)
    clock.seek(4)
    clock.play()
    pass(0)
    expect([first.currentTime, states.get('playback-0'), states.get('playback-1')]).toEqual([
      4,
      'there',
      'nothing',
    ])
    pass(0)
    expect([first.paused, later.paused]).toEqual([false, true])
  })

  it('wait for one that is not ready, though not for ever', () => {
    const [ready, late] = [picture(), picture({ readyState: 2 })]
    const { clock, pass, states } = player(ready, late)
    clock.seek(10)
    clock.play()
    ready.currentTime = 10
    pass(0)
    expect([clock.held, ready.paused]).toEqual([true, true])
    pass(6_001)
    expect([clock.held, states.get('playback-1')]).toEqual([false, 'stuck'])
  })

  it('go on without one that cannot be played, or is taken away', () => {
    const broken = picture({ error: {} })
    const { clock, detach, pass, states } = player(broken, picture({ readyState: 0 }))
    clock.seek(10)
    clock.play()
    pass(0)
    expect([states.get('playback-0'), clock.held]).toEqual(['failed', true])
    detach('playback-1')
    expect([clock.held, states.has('playback-1')]).toEqual([false, false])
  })

  it('say so where a browser lets no sound begin', async () => {
    const mute = picture({ play: () => Promise.reject(new DOMException('no', 'NotAllowedError')) })
    const { clock, pass, silenced } = player(mute)
    clock.play()
    pass(0)
    await Promise.resolve()
    await Promise.resolve()
    expect(silenced).toEqual(['silenced'])
  })
})
