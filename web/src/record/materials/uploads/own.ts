/** Takes an upload for this page alone; null when another page of this browser has it. */
export function own(id: string): Promise<(() => void) | null> {
  // only where pages are safe from eavesdropping; elsewhere the server's lock decides
  if (!('locks' in navigator)) return Promise.resolve(() => undefined)
  return new Promise((told) => {
    void navigator.locks.request(`yunjian.upload.${id}`, { ifAvailable: true }, (lock) => {
      if (!lock) return told(null)
      return new Promise<void>((release) => told(() => release()))
    })
  })
}
