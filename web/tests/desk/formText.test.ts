import { describe, expect, it } from 'vitest'
import { KINDS, placeOf, read, withField } from '../../src/desk/formText'

const document = {
  schema: { title: '表', type: 'object', properties: { name: { title: '姓名', type: 'string' } }, required: ['name'], additionalProperties: false },
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
    expect(placeOf(text, '/schema/required/0').line).toBe(line('"name"\n') || text.split('\n').findIndex((one) => one.trim() === '"name"') + 1)
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

  it('takes none while it cannot be read', () => expect(withField('{', 'text', '新', '')).toBeNull())
})
