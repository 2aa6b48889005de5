// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { changedIn, KINDS, placeOf, read, withField } from '../catalogue/formText'

const document = {
  schema: {
    title: '表',
    type: 'object',
    properties: { name: { title: '姓名', type: 'string' } },
    required: ['name'],
    additionalProperties: false,
  },
  presentation: { sections: [{ title: '甲', fields: ['name'] }] },
}
const text = JSON.stringify(document, null, 2)
const line = (word: string): number => text.split('\n').findIndex((one) => one.includes(word)) + 1

describe('the text of a form', () => {
  it('says where it is no JSON', () => {
    expect(read(text)).toEqual({ document })
    expect(read(`${text.slice(0, -1)},}`)).toMatchObject({ slip: { line: text.split('\n').length } })
    expect(read('[]')).toMatchObject({ slip: { line: 1 } })
  })

  it('finds the line of a pointer, and of what is not there that of its parent', () => {
    expect(placeOf(text, '/schema/properties/name').line).toBe(line('"name": {'))
    expect(placeOf(text, '/schema/required/0').line).toBe(
      line('"name"\n') || text.split('\n').findIndex((one) => one.trim() === '"name"') + 1,
    )
    expect(placeOf(text, '/schema/properties/name/colour').line).toBe(line('"name": {'))
    expect(placeOf(text, '/presentation/sections/0/fields/3').line).toBe(line('"fields"'))
    expect(placeOf(text, '').line).toBe(1)
  })

  it.each(KINDS)('takes one more field: %s', (kind) => {
    const made = withField(text, kind, '新', 'application')
    const found = read(made?.text ?? '')
    if (!made || !('document' in found)) throw new Error(kind)
    const { schema, presentation } = found.document as unknown as typeof document
    expect(Object.keys(schema.properties)).toEqual(['name', made.name])
    expect(presentation.sections[0]?.fields).toEqual(['name', made.name])
  })

  it('knows where it differs from what it was: what is another or new down to its last line, what lost a member by its name', () => {
    const before = structuredClone(document) as {
      schema: { properties: Record<string, unknown> }
      presentation: Record<string, unknown>
    }
    before.presentation['fields'] = { name: { sensitive: true, hint: '旧' }, gone: {} }
    before.schema.properties['kind'] = { type: 'string', enum: ['甲', '乙'] }
    const after = structuredClone(before)
    expect(changedIn(JSON.stringify(after), before)).toEqual([])
    after.presentation['fields'] = { name: { hint: '新' } }
    after.schema.properties = {
      kind: { enum: ['甲', '乙', '丙'], type: 'string' },
      name: { title: '姓名', type: 'string' },
      phone: { title: '电话', type: 'string' },
    }
    const now = JSON.stringify(after, null, 2)
    const lines = now.split('\n')
    const told = changedIn(now, before).map((one) => [
      lines[one.line - 1]?.trim(),
      lines[one.to_line - 1]?.trim(),
      now.slice(one.offset, one.offset + one.length),
    ])
    expect(told).toEqual([
      ['"enum": [', '],', '"enum"'],
      ['"phone": {', '}', '"phone"'],
      // `gone` left it, `sensitive` left its member
      ['"fields": {', '"fields": {', '"fields"'],
      ['"name": {', '"name": {', '"name"'],
      ['"hint": "新"', '"hint": "新"', '"hint"'],
    ])
    expect(changedIn('{', before)).toEqual([])
  })

  it('takes none while it cannot be read', () => expect(withField('{', 'text', '新', '')).toBeNull())
})
