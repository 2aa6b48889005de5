/// <reference types="vite/client" />

// PDF.js gives its reading half no types; it is handed on as it is
declare module 'pdfjs-dist/legacy/build/pdf.worker.mjs' {
  export const WorkerMessageHandler: unknown
}
