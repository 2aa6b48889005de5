// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { Growing, linearized, rooted } from './growing'

const bytes = (...values: number[]) => new Uint8Array(values)

describe('a file that still arrives', () => {
  it('gives any part of what is there, over the borders of its pieces', async () => {
    const file = new Growing()
    file.add(bytes(0, 1, 2))
    file.add(bytes(3))
    file.add(bytes(4, 5, 6, 7))
    expect([...file.copy()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect([...file.copy(2, 5)]).toEqual([2, 3, 4])
    expect([...file.copy(6, 20)]).toEqual([6, 7])
    expect([...file.copy(9, 20)]).toEqual([])
    expect(file.blob('image/png').size).toBe(8)
  })

  it('wakes those who wait when so much is there, and all of them at the end', async () => {
    const file = new Growing()
    const woken: string[] = []
    const waits = [file.reach(2).then(() => woken.push('two')), file.reach(9).then(() => woken.push('nine'))]
    file.add(bytes(1))
    await Promise.resolve()
    expect(woken).toEqual([])
    file.add(bytes(2))
    await waits[0]
    expect(woken).toEqual(['two'])
    file.end()
    await waits[1]
    expect(woken).toEqual(['two', 'nine'])
  })
})

it('tells a PDF that can be read from its beginning', () => {
  const head = (text: string) => new TextEncoder().encode(text)
  expect(linearized(head('%PDF-1.7\n1 0 obj\n<< /Linearized 1 /L 1234 >>'))).toBe(true)
  expect(linearized(head('%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>'))).toBe(false)
})

it('gives a PDF that is not whole a way in, when its catalogue is there', () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  const part = (words: string) => new TextEncoder().encode(words)
  expect(
    text(rooted(part('%PDF-1.4\n3 0 obj<</Type /Catalog /Pages 1 0 R>>endobj\n4 0 obj<</Le'))),
  ).toContain('<< /Root 3 0 R >>')
  // the word of another object is not its catalogue
  expect(text(rooted(part('1 0 obj<</A 1>>endobj 2 0 obj<</Pages 9 0 R/Type/Catalog>>endobj')))).toContain(
    '/Root 2 0 R',
  )
  const without = part('%PDF-1.4\n1 0 obj<</Type /Page>>endobj')
  expect(rooted(without)).toBe(without)
})
