/**
 * One whole picture of a track, in the size in which it comes here; the track goes on for whoever else shows it.
 * Knows no device and no call.
 */

const PATIENCE_MS = 5_000
const QUALITY = 0.92

export async function grab(track: MediaStreamTrack): Promise<ImageBitmap> {
  const video = document.createElement('video')
  video.muted = true
  video.srcObject = new MediaStream([track])
  try {
    await video.play()
    // playing may begin before there is anything to draw
    await new Promise<void>((drawn, failed) => {
      const late = window.setTimeout(
        () => failed(new DOMException('no picture came', 'TimeoutError')),
        PATIENCE_MS,
      )
      video.requestVideoFrameCallback(() => {
        window.clearTimeout(late)
        drawn()
      })
    })
    return await createImageBitmap(video)
  } finally {
    video.srcObject = null
  }
}

/** The same as a JPEG file. */
export async function snapshot(track: MediaStreamTrack, name: string): Promise<File> {
  const picture = await grab(track)
  const canvas = document.createElement('canvas')
  canvas.width = picture.width
  canvas.height = picture.height
  canvas.getContext('2d')?.drawImage(picture, 0, 0)
  picture.close()
  const blob = await new Promise<Blob | null>((made) => canvas.toBlob(made, 'image/jpeg', QUALITY))
  if (!blob) throw new DOMException('no picture came', 'EncodingError')
  return new File([blob], `${name}.jpg`, { type: 'image/jpeg' })
}
