/**
 * What calls a person to a ring: sound, the flashing title, one desktop notification a ring.
 *
 * Browsers keep a page silent until someone has touched it, so `unlock` belongs into the click on 上岗接听 (and runs
 * at the first touch of the page). The sound is laid out ahead to the deadline, not by a timer that a hidden
 * page would slow down, and it ends at once when the ring is closed anywhere.
 */

let context: AudioContext | null = null

/** Lets the page sound and notify; to be called from a click or a key press. */
export function unlock(): void {
  context ??= new AudioContext()
  if (context.state === 'suspended') void context.resume()
  if ('Notification' in window && Notification.permission === 'default') void Notification.requestPermission()
}

export interface Alarm {
  stop(): void
}

/** Two soft tones every two seconds, at most `for_s` seconds. */
function sound(for_s: number): () => void {
  if (!context || context.state !== 'running') return () => undefined
  const gain = context.createGain()
  gain.connect(context.destination)
  gain.gain.value = 0
  const tone = context.createOscillator()
  tone.type = 'sine'
  tone.connect(gain)
  const from = context.currentTime
  for (let at = 0; at < Math.min(for_s, 120); at += 2) {
    for (const [offset, frequency] of [
      [0, 660],
      [0.32, 880],
    ] as const) {
      const start = from + at + offset
      tone.frequency.setValueAtTime(frequency, start)
      gain.gain.setValueAtTime(0, start)
      gain.gain.linearRampToValueAtTime(0.25, start + 0.02)
      gain.gain.setTargetAtTime(0, start + 0.2, 0.05)
    }
  }
  tone.start(from)
  tone.stop(from + for_s)
  return () => {
    tone.stop()
    gain.disconnect()
  }
}

export function ring(words: { id: string; title: string; body: string; for_s: number }): Alarm {
  const silence = sound(words.for_s)
  const title = document.title
  const flash = setInterval(() => {
    document.title = document.title === words.title ? title : words.title
  }, 1000)
  document.title = words.title
  let notice: Notification | null = null
  if ('Notification' in window && Notification.permission === 'granted') {
    notice = new Notification(words.title, { body: words.body, tag: words.id, requireInteraction: true })
    notice.onclick = () => {
      window.focus()
      notice?.close()
    }
  }
  return {
    stop() {
      silence()
      clearInterval(flash)
      if (document.title === words.title) document.title = title
      notice?.close()
    },
  }
}
