// Writes src/wire/messages.ts and src/wire/arms.ts from build/schema (made by `yunjian schema`).
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath, URL } from 'node:url'
import { compile } from 'json-schema-to-typescript'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const told = async (name) => JSON.parse(await readFile(at(`../build/schema/${name}.json`), 'utf8'))
const written = await compile(await told('messages'), 'Wire', {
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

const written_as = (members) =>
  `{ ${Object.entries(members)
    .map(([name, member]) => `${name}: ${typeof member === 'string' ? `'${member}'` : written_as(member)}`)
    .join(', ')} }`
const arms = Object.entries(await told('arms')).map(([type, arm]) => `  '${type}': ${written_as(arm)},\n`)
await writeFile(
  at('src/wire/arms.ts'),
  `/* Written by \`npm run messages\` from what the events of a case declare. Never edited. */

/**
 * By the type of the event, what it changes in a case. A member of the case, then the member of the event: of \`puts\`
 * a thing that goes over the one with its id or behind them all, of \`sets\` what it becomes, of \`takes\` ids that go.
 */
export const ARMS = {
${arms.sort().join('')}} as const
`,
)
