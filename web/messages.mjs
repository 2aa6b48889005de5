// Writes src/wire/messages.ts from build/schema/messages.json (made by `yunjian schema`).
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath, URL } from 'node:url'
import { compile } from 'json-schema-to-typescript'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const schema = JSON.parse(await readFile(process.argv[2] ?? at('../build/schema/messages.json'), 'utf8'))
const written = await compile(schema, 'Wire', {
  additionalProperties: false,
  unreachableDefinitions: true,
  bannerComment: '/* Written by `npm run messages` from the schema of `yunjian schema`. Never edited. */',
  style: { semi: false, singleQuote: true, printWidth: 120 },
})
// the compiler's own remarks say nothing about the wire
const quiet = written
  .replace(/\n \*\n \* This \w+ was referenced by `\w+`'s JSON-Schema\n \* via the `definition` "\w+"\./g, '')
  .replace(
    /\/\*\*\n \* This \w+ was referenced by `\w+`'s JSON-Schema\n \* via the `definition` "\w+"\.\n \*\/\n/g,
    '',
  )
await writeFile(at('src/wire/messages.ts'), quiet)
