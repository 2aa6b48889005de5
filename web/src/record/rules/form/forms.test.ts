// @vitest-environment node
/** The rules of a form, on values that the server's tests write with what its JSON Schema says of them. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { faultOf, scaled, tidied } from './checks'
import { broken, faultsOf, fieldIn, placesOf } from './fields'
import type { FormField, FormRule } from '../../../wire/messages'
import { caseView, field, value } from '../../../../tests/kit/cases'

interface Vectors {
  today: string
  form: FormField[]
  rules: FormRule[]
  attached: string[]
  whole: { name: string; values: Record<string, string>; faults: [string, string][]; places: string[] }[]
  single: { path: string; typed: string; expected: string }[]
}

const file = resolve(import.meta.dirname, '../../../../../tests/vectors/forms.json')
const vectors = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Vectors[]) : []

describe('values of forms', () => {
  it('are there: the server’s tests write them first', () => expect(vectors.length).toBeGreaterThan(0))

  describe.each(vectors)('of $today', ({ today, form, rules, attached, whole, single }) => {
    it.each(whole)('as a whole: $name', ({ values, faults, places }) => {
      const at = (path: string): string => values[path] ?? ''
      expect(placesOf(form, at).map((one) => one.path)).toEqual(places)
      expect(
        faultsOf(form, rules, at, new Set(attached), new Date(today)).map((one) => [one.place.path, one.why]),
      ).toEqual(faults)
    })

    // which codes of regions stand is asked of the server alone
    it.each(single.filter((one) => !(one.path === 'region' && one.expected.startsWith('!'))))(
      '$path: $typed',
      ({ path, typed, expected }) => {
        const [group, , column] = path.split('.')
        const top = form.find((one) => one.name === group)
        const known = column ? top?.columns.find((one) => one.name === column) : top
        if (!known) throw new Error(path)
        const tidy = tidied(known, typed)
        const fault = faultOf(known, tidy, new Date(today))
        expect(fault ? `!${fault}` : tidy).toBe(expected)
      },
    )
  })
})

describe('a sensitive value', () => {
  const identity = field({ name: 'identity', kind: 'identity_number', sensitive: true })
  const faults = (typed: string) => faultsOf([identity], [], () => typed, new Set()).length

  it('is not judged where it came masked', () => {
    expect([faults('110105********002X'), faults('110105')]).toEqual([0, 1])
  })
})

describe('a cell', () => {
  const owners = field({
    name: 'owners',
    label: '股东',
    kind: 'group',
    columns: [
      field({ name: 'name', label: '姓名' }),
      field({ name: 'until', kind: 'date' }),
      field({ name: 'since', kind: 'date' }),
    ],
    rules: [{ kind: 'not_before', field: 'until', other: 'since', total: '' }],
  })
  const view = caseView({ fields: { owners: value('r1,r2', 3), 'owners.r2.since': value('2026-11-20', 4) } })
  view.item.form = [owners]

  it('is named by its path and says in which row it stands', () => {
    expect(fieldIn(view, 'owners.r2.name')).toMatchObject({ name: 'owners.r2.name', label: '股东（2）姓名' })
    expect(fieldIn(view, 'owners.r2.nothing')).toBeUndefined()
    expect(fieldIn(view, 'owners')?.label).toBe('股东')
  })

  it('stands under the rules of its own row', () => {
    const at = (path: string): string => view.fields[path]?.value ?? ''
    expect(broken([owners], [], at, 'owners.r2.until', '2026-11-19')?.other).toBe('owners.r2.since')
    expect(broken([owners], [], at, 'owners.r1.until', '2026-11-19')).toBeNull()
  })
})

it('numbers are added as they are written', () => {
  expect(scaled('0.1') + scaled('0.2')).toBe(scaled('0.3'))
  expect(scaled('-1.5')).toBe(-1500000n)
})
