/** What the page and the frame of the early view say to each other. The frame has an origin of its own and no rights. */

/** From the page: what comes, its pieces in order, and that it was all (or that no more will come). */
export type ToFrame =
  | { kind: 'begin'; media_type: string; size_bytes: number; label: string }
  | { kind: 'piece'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'end' }

/** From the frame: that it listens; how much of it is seen; that this file cannot be shown before it is whole. */
export type FromFrame =
  { kind: 'ready' } | { kind: 'seen'; pages: number; of: number | null } | { kind: 'cannot' }
