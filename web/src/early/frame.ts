/**
 * The inside of the early view: draws what is there of a file that still arrives. It runs in a sandboxed frame with an
 * opaque origin, gets bytes by message and asks for nothing: a hostile file finds no session, no network, no page.
 *
 * A picture is shown as far as it goes. A PDF that is written for it (linearized) shows each page as it comes; any
 * other one is tried again as it grows, which succeeds as soon as its pages can be found.
 */
import { getDocument, PDFDataRangeTransport, type PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'
import * as reading from 'pdfjs-dist/legacy/build/pdf.worker.mjs'
import { Growing, linearized, rooted } from './growing'
import type { FromFrame, ToFrame } from '../wire/early'

const HEAD_BYTES = 64 * 1024
const GROWTH = 1.6
const PICTURE_GROWTH = 1.15
const PAGES_AT_MOST = 30
const REST_MS = 250

const ground = document.getElementById('pages') as HTMLElement
const file = new Growing()
let label = ''

const tell = (message: FromFrame): void => window.parent.postMessage(message, '*')
const rest = (): Promise<void> => new Promise((go) => setTimeout(go, REST_MS))

// ---------------------------------------------------------------- pictures

async function picture(media_type: string): Promise<void> {
  let shown: HTMLImageElement | null = null
  let seen = 0
  while (seen < file.length || !file.over) {
    await file.reach(Math.max(seen + 16 * 1024, Math.ceil(seen * PICTURE_GROWTH)))
    seen = file.length
    const over = file.over
    const url = URL.createObjectURL(file.blob(media_type))
    const next = new Image()
    next.alt = label
    const drawn = await new Promise<boolean>((told) => {
      next.onload = () => told(next.naturalWidth > 0)
      next.onerror = () => told(false)
      next.src = url
    })
    URL.revokeObjectURL(url)
    if (drawn) {
      if (shown) shown.replaceWith(next)
      else ground.append(next)
      shown = next
      tell({ kind: 'seen', pages: 1, of: over ? 1 : null })
    }
    if (over) break
    await rest()
  }
  if (!shown) tell({ kind: 'cannot' })
}

// ---------------------------------------------------------------- PDF

const canvases: HTMLCanvasElement[] = []

/**
 * Draws the pages from `first` on that can be drawn; says how many are there. `certain`: the file knows how
 * many it has.
 */
async function draw(pdf: PDFDocumentProxy, first: number, certain: boolean): Promise<number> {
  const most = Math.min(pdf.numPages, PAGES_AT_MOST)
  for (let number = first; number <= most; number++) {
    try {
      const page = await pdf.getPage(number)
      const natural = page.getViewport({ scale: 1 })
      const width = Math.max(200, Math.min(window.innerWidth - 32, 1400))
      const sharp = Math.min(window.devicePixelRatio || 1, 2)
      const viewport = page.getViewport({ scale: (width / natural.width) * sharp })
      const canvas = document.createElement('canvas')
      canvas.width = Math.floor(viewport.width)
      canvas.height = Math.floor(viewport.height)
      canvas.style.width = `${width}px`
      canvas.setAttribute('role', 'img')
      canvas.setAttribute('aria-label', `${label} ${number}`)
      // browsers give frames that are not in sight no animation frames, on which a display would wait
      await page.render({ canvas, viewport, intent: 'print' }).promise
      const before = canvases[number - 1]
      if (before) before.replaceWith(canvas)
      else ground.append(canvas)
      canvases[number - 1] = canvas
      tell({ kind: 'seen', pages: number, of: certain ? pdf.numPages : null })
    } catch {
      // this page is not there yet, or what is there of it cannot be drawn
      return number - 1
    }
  }
  return most
}

function open(source: Parameters<typeof getDocument>[0] & object): ReturnType<typeof getDocument> {
  return getDocument({
    ...source,
    verbosity: 0,
    isEvalSupported: false,
    useWasm: false,
    useWorkerFetch: false,
    enableXfa: false,
    stopAtErrors: false,
  })
}

class Arriving extends PDFDataRangeTransport {
  constructor(size_bytes: number, head: Uint8Array<ArrayBuffer>) {
    super(size_bytes, head)
  }

  override requestDataRange(begin: number, end: number): void {
    void file.reach(end).then(() => this.onDataRange(begin, file.copy(begin, end)))
  }
}

async function linear(size_bytes: number): Promise<void> {
  const pdf = await open({
    range: new Arriving(size_bytes, file.copy(0, HEAD_BYTES)),
    disableAutoFetch: true,
    disableStream: true,
    rangeChunkSize: HEAD_BYTES,
  }).promise
  await draw(pdf, 1, true)
}

async function growing(): Promise<void> {
  let tried = 0
  let drawn = 0
  for (;;) {
    await file.reach(Math.max(HEAD_BYTES, Math.ceil(tried * GROWTH)))
    tried = file.length
    const over = file.over
    const loading = open({ data: over ? file.copy() : rooted(file.copy()) })
    try {
      // the last page may have been drawn without its end
      drawn = Math.max(drawn, await draw(await loading.promise, Math.max(1, drawn), over))
    } catch {
      // its pages cannot be found yet
    }
    await loading.destroy()
    if (over) break
    await rest()
  }
  if (!drawn) tell({ kind: 'cannot' })
}

async function pdf(size_bytes: number): Promise<void> {
  // a frame with an opaque origin may start no module worker: PDF.js reads in this frame's own thread
  Object.assign(globalThis, { pdfjsWorker: reading })
  await file.reach(HEAD_BYTES)
  if (linearized(file.copy(0, 1024)) && file.length < size_bytes) {
    try {
      await linear(size_bytes)
      return
    } catch {
      // not what it says of itself: then as it grows
    }
  }
  await growing()
}

// ---------------------------------------------------------------- from the page

window.addEventListener('message', (event: MessageEvent<ToFrame>) => {
  if (event.source !== window.parent) return
  const told = event.data
  if (told.kind === 'piece') file.add(told.bytes)
  else if (told.kind === 'end') file.end()
  else {
    label = told.label
    const shown = told.media_type === 'application/pdf' ? pdf(told.size_bytes) : picture(told.media_type)
    shown.catch(() => tell({ kind: 'cannot' }))
  }
})
tell({ kind: 'ready' })
