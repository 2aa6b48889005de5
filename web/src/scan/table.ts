/** The page's hand on the worker that takes, flattens and binds; opened at the first use, ended with `close`. */
import type { Quad } from './corners'
import type { Flat, FromTable, Still, ToTable } from './table.worker'

export type { Flat, Still }

type UnsentOrder = ToTable extends infer One ? (One extends ToTable ? Omit<One, 'id'> : never) : never

export class ScanTable {
  private worker: Worker | null = null
  private last = 0
  private readonly waiting = new Map<
    number,
    { done: (result: never) => void; failed: (reason: Error) => void }
  >()

  /** The picture as a still, and where the paper lies in it. Takes the bitmap away. */
  take(picture: ImageBitmap | Blob): Promise<Still> {
    return this.ask<Still>({ kind: 'take', picture }, picture instanceof ImageBitmap ? [picture] : [])
  }

  /** What lies between the corners, as a flat sheet. */
  flatten(still: Blob, quad: Quad): Promise<Flat> {
    return this.ask<Flat>({ kind: 'flatten', still, quad })
  }

  /** One PDF with these pages in their order. */
  bind(pages: Blob[]): Promise<Blob> {
    return this.ask<Blob>({ kind: 'bind', pages })
  }

  close(): void {
    this.worker?.terminate()
    this.worker = null
    for (const one of this.waiting.values()) one.failed(new DOMException('closed', 'AbortError'))
    this.waiting.clear()
  }

  private ask<R>(what: UnsentOrder, hand: Transferable[] = []): Promise<R> {
    this.worker ??= this.open()
    const id = ++this.last
    const { worker } = this
    return new Promise<R>((done, failed) => {
      this.waiting.set(id, { done, failed })
      worker.postMessage({ id, ...what }, hand)
    })
  }

  private open(): Worker {
    const worker = new Worker(new URL('./table.worker.ts', import.meta.url), { type: 'module' })
    worker.addEventListener('message', ({ data }: MessageEvent<FromTable>) => {
      const one = this.waiting.get(data.id)
      this.waiting.delete(data.id)
      if ('done' in data) one?.done(data.done as never)
      else one?.failed(new Error(data.failed))
    })
    return worker
  }
}
