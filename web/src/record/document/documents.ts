/**
 * The copy of a material that people look at, fetched once and kept while the page lives, ready to be drawn:
 * pages of a PDF on a canvas, or a picture. Material never becomes part of the page: it arrives as an
 * attachment and is drawn here.
 */
import type { PDFDocumentProxy } from 'pdfjs-dist'
import { localProblem, Problem, problemOf } from '../../wire/http'
import type { MaterialView } from '../../wire/messages'

export type Sheet =
  { kind: 'pdf'; pdf: PDFDocumentProxy } | { kind: 'picture'; url: string; width: number; height: number }

/** Where a document comes from: the materials of a case, or its official papers. */
export type Shelf = 'materials' | 'papers'

/** Whether the copy that people look at is still being made. */
export function making(material: MaterialView): boolean {
  return material.state === 'stored' && material.viewed?.state === 'making'
}

/** What the copy of a material is called: it changes with each that is made. */
export function copyOf(material: MaterialView): string {
  return `${material.id} ${material.viewed?.state === 'ready' ? (material.viewed.sha256 ?? '') : ''}`
}

/** The whole content of the copy of a stored material, or of a ready paper. Refused like the request (`Problem`). */
export async function bytesOf(shelf: Shelf, id: string): Promise<Blob> {
  let response: Response
  try {
    response = await fetch(`/api/v1/${shelf}/${encodeURIComponent(id)}/content`, {
      credentials: 'same-origin',
      cache: 'no-store',
    })
  } catch {
    throw localProblem('unreachable')
  }
  if (!response.ok) throw await problemOf(response)
  return response.blob()
}

async function pdfOf(blob: Blob): Promise<Sheet> {
  const [pdfjs, worker] = await Promise.all([
    import('pdfjs-dist/legacy/build/pdf.mjs'),
    import('pdfjs-dist/legacy/build/pdf.worker.min.mjs?url'),
  ])
  pdfjs.GlobalWorkerOptions.workerSrc = worker.default
  const pdf = await pdfjs.getDocument({
    data: new Uint8Array(await blob.arrayBuffer()),
    cMapUrl: '/pdfjs/cmaps/',
    cMapPacked: true,
    standardFontDataUrl: '/pdfjs/standard_fonts/',
    wasmUrl: '/pdfjs/wasm/',
    // the content security policy allows neither eval nor WebAssembly
    isEvalSupported: false,
    useWasm: false,
    enableXfa: false,
  }).promise
  return { kind: 'pdf', pdf }
}

async function pictureOf(blob: Blob): Promise<Sheet> {
  const url = URL.createObjectURL(blob)
  const picture = new Image()
  picture.src = url
  try {
    await picture.decode()
  } catch {
    URL.revokeObjectURL(url)
    throw localProblem('unreadable')
  }
  return { kind: 'picture', url, width: picture.naturalWidth, height: picture.naturalHeight }
}

export class Documents {
  private readonly kept = new Map<string, Promise<Sheet>>()

  /** The drawable copy of a stored material. Refused like the request (`Problem`). */
  open(material: MaterialView): Promise<Sheet> {
    return this.keep(copyOf(material), 'materials', material.id)
  }

  /** A ready paper. Refused like the request (`Problem`). */
  paper(id: string): Promise<Sheet> {
    return this.keep(id, 'papers', id)
  }

  private keep(key: string, shelf: Shelf, id: string): Promise<Sheet> {
    const held = this.kept.get(key)
    if (held) return held
    const opening = bytesOf(shelf, id)
      .then((blob) => (blob.type === 'application/pdf' ? pdfOf(blob) : pictureOf(blob)))
      .catch((reason: unknown) => {
        this.kept.delete(key)
        throw Problem.of(reason)
      })
    this.kept.set(key, opening)
    return opening
  }

  close(): void {
    for (const opening of this.kept.values()) {
      opening.then(
        (sheet) => (sheet.kind === 'pdf' ? void sheet.pdf.destroy() : URL.revokeObjectURL(sheet.url)),
        () => undefined,
      )
    }
    this.kept.clear()
  }
}
