// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { PlaybackClock, inFile, steer, type Rate } from './playbackClock'

class Time {
  ms = 1_000
  now = (): number => this.ms
}

describe('the clock of a call', () => {
  it('runs, stands, and goes on where it stood, at its rate', () => {
    const time = new Time()
    const clock = new PlaybackClock(time.now, 100)
    time.ms += 5_000
    expect(clock.position_s).toBe(0)
    clock.play()
    time.ms += 5_000
    expect(clock.position_s).toBe(5)
    clock.setRate(2)
    time.ms += 5_000
    expect(clock.position_s).toBe(15)
    clock.pause()
    time.ms += 60_000
    expect(clock.position_s).toBe(15)
    clock.play()
    time.ms += 1_000
    expect(clock.position_s).toBe(17)
  })

  it('stands for as long as any picture is not ready', () => {
    const time = new Time()
    const clock = new PlaybackClock(time.now, 100)
    clock.play()
    time.ms += 2_000
    clock.hold('a', true)
    clock.hold('b', true)
    time.ms += 9_000
    clock.hold('a', false)
    time.ms += 9_000
    expect(clock.position_s).toBe(2)
    expect(clock.playing).toBe(true)
    clock.hold('b', false)
    time.ms += 1_000
    expect(clock.position_s).toBe(3)
  })

  it('ends at the last second, and plays from the start again', () => {
    const time = new Time()
    const clock = new PlaybackClock(time.now, 10)
    clock.seek(9)
    clock.play()
    time.ms += 4_000
    expect(clock.position_s).toBe(10)
    expect(clock.stopAtEnd()).toBe(true)
    expect(clock.stopAtEnd()).toBe(false)
    clock.play()
    time.ms += 1_000
    expect(clock.position_s).toBe(1)
  })

  it('can stand before the call and after it, but plays only the call', () => {
    const time = new Time()
    const clock = new PlaybackClock(time.now, 10)
    clock.seek(-30)
    expect(clock.position_s).toBe(-30)
    clock.play()
    time.ms += 500
    expect(clock.position_s).toBe(0.5)
    clock.seek(25)
    expect(clock.playing).toBe(false)
    time.ms += 500
    expect(clock.position_s).toBe(25)
  })
})

/** A player as browsers have them: its own clock is a little off, it starts late, and jumps take time. */
class Picture {
  at = 0
  rate = 1
  private free_at_ms = 0

  constructor(private readonly skew: number) {}

  jump(to: number, now_ms: number): void {
    this.at = to
    this.free_at_ms = now_ms + 180
  }

  ready(now_ms: number): boolean {
    return now_ms >= this.free_at_ms
  }

  run(step_ms: number, now_ms: number): void {
    if (this.ready(now_ms)) this.at += (step_ms / 1000) * this.rate * this.skew
  }
}

describe('pictures in step', () => {
  it.each([0.5, 1, 1.5, 2] as Rate[])(
    'stay within 80 ms of the clock at %s×, though each runs at its own pace',
    (rate) => {
      const time = new Time()
      const clock = new PlaybackClock(time.now, 600)
      const pictures = [new Picture(1.004), new Picture(0.995)]
      clock.setRate(rate)
      clock.play()
      const worst = [0, 0]
      for (let step = 0; step < 6_000; step += 1) {
        time.ms += 10
        for (const [index, picture] of pictures.entries()) {
          // pictures stand while the clock waits for one of them
          if (!clock.held) picture.run(10, time.ms)
          const drift = picture.at - clock.position_s
          // a hiccup of half a second in the middle, as when a page is busy
          if (step === 3_000) picture.at -= 0.5
          if (step % 10 === 0) {
            clock.hold(String(index), !picture.ready(time.ms))
            if (!picture.ready(time.ms)) continue
            const now = steer(picture.at - clock.position_s, rate)
            if (now.jump) {
              picture.jump(clock.position_s, time.ms)
              clock.hold(String(index), true)
            } else picture.rate = now.rate
          }
          const settled = step < 3_000 ? step > 100 : step > 3_300
          if (settled) worst[index] = Math.max(worst[index] ?? 0, Math.abs(drift))
        }
      }
      expect(Math.max(...worst)).toBeLessThan(0.08)
    },
  )

  it('jump when far off, and never run faster than a fifth over the rate', () => {
    expect(steer(-2, 1)).toEqual({ jump: true })
    expect(steer(0.001, 1.5)).toEqual({ jump: false, rate: 1.5 })
    for (const drift of [-0.29, -0.1, 0.1, 0.29]) {
      const now = steer(drift, 1)
      if (now.jump) throw new Error('jumped')
      expect(Math.sign(now.rate - 1)).toBe(-Math.sign(drift))
      expect(Math.abs(now.rate - 1)).toBeLessThanOrEqual(0.2)
    }
  })

  it('stand at their own second: a file starts when its party came', () => {
    expect(inFile(12, 3, 20)).toBe(9)
    expect(inFile(2, 3, 20)).toBeNull()
    expect(inFile(23.1, 3, 20)).toBeNull()
  })
})
