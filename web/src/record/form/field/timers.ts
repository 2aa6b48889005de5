/** Timers by name, of which each waits for one thing at most: nothing runs twice, and nothing once they are cleared. */
export class Timers<Name extends string> {
  private waiting = new Map<Name, ReturnType<typeof setTimeout>>()
  private last_at = new Map<Name, number>()
  private over = false

  constructor(private readonly now: () => number = () => performance.now()) {}

  has(name: Name): boolean {
    return this.waiting.has(name)
  }

  /** Runs this after so long, instead of what waited under the name. */
  at(name: Name, wait_ms: number, run: () => void): void {
    this.stop(name)
    if (this.over) return
    this.waiting.set(
      name,
      setTimeout(() => {
        this.waiting.delete(name)
        run()
      }, wait_ms),
    )
  }

  /** Runs this at once, or as soon as so long has passed since the last time; what comes meanwhile is that one run. */
  throttle(name: Name, every_ms: number, run: () => void): void {
    if (this.has(name)) return
    const wait = (this.last_at.get(name) ?? -Infinity) + every_ms - this.now()
    const go = (): void => {
      this.last_at.set(name, this.now())
      run()
    }
    if (wait <= 0) go()
    else this.at(name, wait, go)
  }

  stop(name: Name): void {
    clearTimeout(this.waiting.get(name))
    this.waiting.delete(name)
  }

  /** For good. */
  clear(): void {
    this.over = true
    for (const name of [...this.waiting.keys()]) this.stop(name)
  }
}
