/**
 * Prints a document without leaving the page: its pages are drawn sharp for paper, stand alone while the browser's
 * own dialog is open, and go afterwards. Works the same wherever canvas does; needs no PDF plug-in.
 */
import type { Sheet } from './documents'

/** 200 dots an inch: what an office printer makes of black on white */
const SCALE = 200 / 72
const MOST_PAGES = 200

function blobOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((give, fail) =>
    canvas.toBlob((blob) => (blob ? give(blob) : fail(new Error('no picture of the page'))), 'image/png'),
  )
}

async function addressesOf(sheet: Sheet): Promise<string[]> {
  if (sheet.kind === 'picture') return [sheet.url]
  const found: string[] = []
  for (let number = 1; number <= Math.min(sheet.pdf.numPages, MOST_PAGES); number += 1) {
    const page = await sheet.pdf.getPage(number)
    const viewport = page.getViewport({ scale: SCALE })
    const canvas = document.createElement('canvas')
    canvas.width = Math.floor(viewport.width)
    canvas.height = Math.floor(viewport.height)
    await page.render({ canvas, viewport, intent: 'print' }).promise
    found.push(URL.createObjectURL(await blobOf(canvas)))
    canvas.width = 0
  }
  return found
}

/** Opens the browser's print dialog with this document; ends when the dialog was answered. */
export async function print(sheet: Sheet, name: string): Promise<void> {
  const addresses = await addressesOf(sheet)
  const paper = document.createElement('div')
  paper.className = 'to-print'
  const pictures = addresses.map((address) => {
    const picture = new Image()
    picture.src = address
    picture.alt = name
    paper.append(picture)
    return picture
  })
  const title = document.title
  document.body.append(paper)
  try {
    await Promise.all(pictures.map((picture) => picture.decode()))
    document.body.classList.add('printing')
    // the title is what the dialog proposes as the name of a file
    document.title = name
    const answered = new Promise((done) => window.addEventListener('afterprint', done, { once: true }))
    window.print()
    await answered
  } finally {
    document.title = title
    document.body.classList.remove('printing')
    paper.remove()
    if (sheet.kind === 'pdf') addresses.forEach((address) => URL.revokeObjectURL(address))
  }
}
