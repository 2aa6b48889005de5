/**
 * Where pictures of papers are worked on, beside the page so that nothing there waits: corners are found, sheets are
 * laid flat, pages are bound into one PDF. Gets pictures and gives pictures; sends nothing anywhere.
 */
import { findPaper, scaled, type Quad } from './corners'
import { flatten, sizeOf } from './flatten'

export interface Still {
  /** the whole picture, as it was taken */
  still: Blob
  width: number
  height: number
  /** null: nothing stood out as paper */
  quad: Quad | null
}

export interface Flat {
  flat: Blob
  width: number
  height: number
}

export type ToTable =
  | { id: number; kind: 'take'; picture: ImageBitmap | Blob }
  | { id: number; kind: 'flatten'; still: Blob; quad: Quad }
  | { id: number; kind: 'bind'; pages: Blob[] }
export type FromTable = { id: number; done: Still | Flat | Blob } | { id: number; failed: string }

/** Corners are looked for in a picture of this length: enough for half a thousandth of the sheet. */
const LOOKED_AT = 800
const STILL_QUALITY = 0.95
const FLAT_QUALITY = 0.9
/** An A4 sheet at about 300 points an inch. */
const MOST = 3508
const A4 = { short: 595.28, long: 841.89 }

function canvasOf(
  width: number,
  height: number,
): { canvas: OffscreenCanvas; pen: OffscreenCanvasRenderingContext2D } {
  const canvas = new OffscreenCanvas(width, height)
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  if (!pen) throw new Error('no canvas')
  return { canvas, pen }
}

async function take(picture: ImageBitmap | Blob): Promise<Still> {
  const bitmap =
    picture instanceof Blob ? await createImageBitmap(picture, { imageOrientation: 'from-image' }) : picture
  const { width, height } = bitmap
  const by = Math.min(1, LOOKED_AT / Math.max(width, height))
  const [w, h] = [Math.round(width * by), Math.round(height * by)]
  const small = canvasOf(w, h)
  small.pen.imageSmoothingQuality = 'high'
  small.pen.drawImage(bitmap, 0, 0, w, h)
  const found = findPaper(small.pen.getImageData(0, 0, w, h))
  const large = canvasOf(width, height)
  large.pen.drawImage(bitmap, 0, 0)
  bitmap.close()
  const still = await large.canvas.convertToBlob({ type: 'image/jpeg', quality: STILL_QUALITY })
  return { still, width, height, quad: found && scaled(found, width / w) }
}

async function flat(still: Blob, quad: Quad): Promise<Flat> {
  const bitmap = await createImageBitmap(still)
  const { canvas, pen } = canvasOf(bitmap.width, bitmap.height)
  pen.drawImage(bitmap, 0, 0)
  const picture = pen.getImageData(0, 0, canvas.width, canvas.height)
  bitmap.close()
  const { width, height } = sizeOf(quad, MOST)
  const sheet = canvasOf(width, height)
  sheet.pen.putImageData(new ImageData(flatten(picture, quad, width, height), width, height), 0, 0)
  return {
    flat: await sheet.canvas.convertToBlob({ type: 'image/jpeg', quality: FLAT_QUALITY }),
    width,
    height,
  }
}

async function bind(pages: readonly Blob[]): Promise<Blob> {
  const { PDFDocument } = await import('@cantoo/pdf-lib')
  const pdf = await PDFDocument.create()
  pdf.setProducer('Yunjian')
  for (const page of pages) {
    const picture = await pdf.embedJpg(await page.arrayBuffer())
    const by = Math.min(
      A4.long / Math.max(picture.width, picture.height),
      A4.short / Math.min(picture.width, picture.height),
    )
    const size: [number, number] = [picture.width * by, picture.height * by]
    pdf.addPage(size).drawImage(picture, { x: 0, y: 0, width: size[0], height: size[1] })
  }
  return new Blob([(await pdf.save({ useObjectStreams: false })) as Uint8Array<ArrayBuffer>], {
    type: 'application/pdf',
  })
}

function done(asked: ToTable): Promise<Still | Flat | Blob> {
  switch (asked.kind) {
    case 'take':
      return take(asked.picture)
    case 'flatten':
      return flat(asked.still, asked.quad)
    case 'bind':
      return bind(asked.pages)
  }
}

addEventListener('message', ({ data }: MessageEvent<ToTable>) => {
  done(data).then(
    (result) => postMessage({ id: data.id, done: result } satisfies FromTable),
    (reason: unknown) => postMessage({ id: data.id, failed: String(reason) } satisfies FromTable),
  )
})
