/** The document of a form as text: which line a place of it stands in, and a field put into it. Pure. */
import {
  findNodeAtLocation,
  parse,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser'

export interface Slip {
  line: number
  /** of the text, for selecting the place */
  offset: number
  length: number
}

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

/** The document, or the first place where the text is no JSON. */
export function read(text: string): { document: Record<string, unknown> } | { slip: Slip; code: string } {
  const errors: ParseError[] = []
  const value: unknown = parse(text, errors, { disallowComments: true, allowTrailingComma: false })
  const [first] = errors
  if (first)
    return {
      slip: { line: lineAt(text, first.offset), offset: first.offset, length: Math.max(1, first.length) },
      code: printParseErrorCode(first.error),
    }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { slip: { line: 1, offset: 0, length: text.length }, code: 'ObjectExpected' }
  return { document: value as Record<string, unknown> }
}

/** The value that a JSON pointer names; of a place that is not there that of its parent. */
function nodeOf(tree: Node, pointer: string): Node {
  const path = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  for (let depth = path.length; depth > 0; depth -= 1) {
    const steps: (string | number)[] = []
    for (const part of path.slice(0, depth)) {
      const above = findNodeAtLocation(tree, steps)
      steps.push(above?.type === 'array' ? Number(part) : part)
    }
    const found = findNodeAtLocation(tree, steps)
    if (found) return found
  }
  return tree
}

function slipOf(text: string, found: Node): Slip {
  // of a member, its name: that is where one looks
  const node = found.parent?.type === 'property' ? (found.parent.children?.[0] ?? found) : found
  return {
    line: lineAt(text, node.offset),
    offset: node.offset,
    length: node.type === 'object' || node.type === 'array' ? 1 : node.length,
  }
}

/** Where a JSON pointer stands in the text; a place that is not there stands where its parent does. */
export function placeOf(text: string, pointer: string): Slip {
  const tree = parseTree(text)
  return tree ? slipOf(text, nodeOf(tree, pointer)) : { line: 1, offset: 0, length: 0 }
}

/** A place that is another than it was, down to its last line. */
export interface Changed extends Slip {
  to_line: number
}

interface Difference {
  pointer: string
  /** it is another, or new, as a whole; else it only lost a member */
  whole: boolean
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What differs, each as deep as it can be named. */
function differences(before: unknown, after: unknown, pointer = ''): Difference[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (isObject(before) && isObject(after)) {
    const lost = Object.keys(before).some((name) => !(name in after))
    const inside = Object.entries(after).flatMap(([name, value]) => {
      const place = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
      return name in before ? differences(before[name], value, place) : [{ pointer: place, whole: true }]
    })
    return lost ? [{ pointer, whole: false }, ...inside] : inside
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return after.flatMap((one, n) => differences(before[n], one, `${pointer}/${n}`))
  return [{ pointer, whole: true }]
}

/** Where the document that stands in `text` differs from the one before, in the order of the text. */
export function changedIn(text: string, before: Record<string, unknown>): Changed[] {
  const [found, tree] = [read(text), parseTree(text)]
  if (!('document' in found) || !tree) return []
  return differences(before, found.document)
    .map(({ pointer, whole }) => {
      const node = nodeOf(tree, pointer)
      const slip = slipOf(text, node)
      return { ...slip, to_line: whole ? lineAt(text, node.offset + node.length) : slip.line }
    })
    .sort((one, other) => one.offset - other.offset)
}

export const KINDS = [
  'text',
  'long_text',
  'number',
  'money',
  'date',
  'region',
  'identity_number',
  'credit_code',
  'phone',
  'choice',
  'group',
  'attachment',
] as const
export type Kind = (typeof KINDS)[number]

/** A property as the schema writes that kind, to be filled in. */
export function propertyOf(kind: Kind, title: string, line: string): Record<string, unknown> {
  switch (kind) {
    case 'text':
    case 'long_text':
      return { title, type: 'string', maxLength: kind === 'text' ? 100 : 500 }
    case 'number':
      return { title, type: 'integer', minimum: 0 }
    case 'money':
      return { title, type: 'number', format: 'money', minimum: 0 }
    case 'choice':
      return { title, type: 'string', enum: ['1', '2'] }
    case 'group':
      return {
        title,
        type: 'array',
        items: {
          type: 'object',
          properties: { name: { title, type: 'string', maxLength: 100 } },
          additionalProperties: false,
          required: ['name'],
        },
        maxItems: 20,
      }
    case 'attachment':
      return { title, type: 'array', format: 'attachment', 'x-line': line }
    default:
      return { title, type: 'string', format: kind.replace('_', '-') }
  }
}

interface Document {
  schema: { properties: Record<string, unknown> }
  presentation: { sections: { title: string; fields: string[] }[]; fields?: Record<string, unknown> }
}

/**
 * The text with one more field at the end of its last section, and the name that it got; null while the text
 * cannot be read.
 */
export function withField(
  text: string,
  kind: Kind,
  title: string,
  line: string,
): { text: string; name: string } | null {
  const found = read(text)
  if (!('document' in found)) return null
  const document = structuredClone(found.document) as unknown as Partial<Document>
  const properties = document.schema?.properties
  const sections = document.presentation?.sections
  if (!properties || !Array.isArray(sections)) return null
  let n = Object.keys(properties).length + 1
  while (`field_${n}` in properties) n += 1
  const name = `field_${n}`
  properties[name] = propertyOf(kind, title, line)
  if (!sections.length) sections.push({ title: '', fields: [] })
  sections.at(-1)?.fields.push(name)
  if (kind === 'long_text' && document.presentation)
    document.presentation.fields = { ...document.presentation.fields, [name]: { widget: 'textarea' } }
  return { text: JSON.stringify(document, null, 2), name }
}
