/** Draws pages and pictures on a canvas, sharp on this screen, never mirrored. */
import type { PDFPageProxy, RenderTask } from 'pdfjs-dist'

/** No canvas larger than this: browsers give up silently beyond their limits. */
const AT_MOST_PIXELS = 16_000_000

function ratio(width: number, height: number): number {
  return Math.min(window.devicePixelRatio || 1, Math.sqrt(AT_MOST_PIXELS / Math.max(1, width * height)))
}

/** Draws a page `width` CSS pixels wide, turned by `turn` degrees; the canvas takes the page's form. */
export function drawPage(
  canvas: HTMLCanvasElement,
  page: PDFPageProxy,
  width: number,
  turn: number,
): RenderTask {
  const rotation = (page.rotate + turn) % 360
  const natural = page.getViewport({ scale: 1, rotation })
  const scale = width / natural.width
  const sharp = ratio(width, natural.height * scale)
  const viewport = page.getViewport({ scale: scale * sharp, rotation })
  canvas.width = Math.floor(viewport.width)
  canvas.height = Math.floor(viewport.height)
  canvas.style.width = `${width}px`
  canvas.style.height = `${Math.round(natural.height * scale)}px`
  return page.render({ canvas, viewport })
}

/** Draws a picture whole into a box of CSS pixels. */
export async function drawPicture(
  canvas: HTMLCanvasElement,
  picture: { url: string; width: number; height: number },
  width: number,
  height: number,
): Promise<void> {
  const image = new Image()
  image.src = picture.url
  await image.decode()
  const scale = Math.min(width / picture.width, height / picture.height)
  const sharp = ratio(width, height)
  canvas.width = Math.max(1, Math.round(picture.width * scale * sharp))
  canvas.height = Math.max(1, Math.round(picture.height * scale * sharp))
  canvas.style.width = `${Math.round(picture.width * scale)}px`
  canvas.style.height = `${Math.round(picture.height * scale)}px`
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
}
