/**
 * tus-js-client in node, as a stranger's program uses it: `node tus_client.mjs '{"endpoint": …}'`.
 * Prints the address of the upload; anything else on the way ends it with 1.
 */
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'

const { Upload } = createRequire(new URL('../../web/package.json', import.meta.url))('tus-js-client')

const { endpoint, token, file, metadata, chunkSize, parallel, deferred } = JSON.parse(process.argv[2])

// a stream whose length nobody can know, unlike a file's
const source = deferred ? createReadStream(file).pipe(new PassThrough()) : createReadStream(file)
const upload = new Upload(source, {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata,
  chunkSize,
  ...(parallel ? { parallelUploads: parallel } : {}),
  ...(deferred ? { uploadLengthDeferred: true } : {}),
  onError: (error) => {
    console.error(String(error))
    process.exit(1)
  },
  onSuccess: () => {
    console.log(upload.url)
  },
})
upload.start()
