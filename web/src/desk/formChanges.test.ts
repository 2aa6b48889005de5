// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { changesOf } from '../catalogue/formChanges'
import { field } from '../../tests/kit/cases'

const phone = field({ name: 'phone', label: '联系电话', kind: 'phone', sensitive: true })
const name = field({ name: 'name', label: '姓名' })
const note = field({ name: 'note', label: '备注' })
const born = field({ name: 'born', label: '出生日期', kind: 'date', max_length: 12 })

describe('what differs between two forms', () => {
  it('is nothing between a form and itself', () => {
    expect(changesOf([name, phone], [name, phone])).toEqual([])
  })

  it('names each field with what was and what would be, in the order of the form, what goes last', () => {
    // a length is of texts alone: of the others it says nothing
    const after = [
      field({ name: 'mail', label: '邮箱' }),
      { ...phone, sensitive: false, max_length: 20 },
      { ...born, max_length: 200 },
      { ...note, max_length: 20 },
    ]
    expect(changesOf([name, phone, born, note], after)).toEqual([
      { path: 'mail', label: '邮箱', what: 'added', parts: [] },
      {
        path: 'phone',
        label: '联系电话',
        what: 'changed',
        parts: [{ part: 'sensitive', before: true, after: false }],
      },
      {
        path: 'note',
        label: '备注',
        what: 'changed',
        parts: [{ part: 'max_length', before: 200, after: 20 }],
      },
      { path: 'name', label: '姓名', what: 'removed', parts: [] },
    ])
  })

  it('looks into the columns of a group', () => {
    const group = (open: boolean) =>
      field({
        name: 'people',
        label: '股东',
        kind: 'group',
        columns: [{ ...field({ name: 'number', label: '证件号' }), sensitive: !open }] as never,
      })
    expect(changesOf([group(false)], [group(true)])).toEqual([
      {
        path: 'people.number',
        label: '股东 / 证件号',
        what: 'changed',
        parts: [{ part: 'sensitive', before: true, after: false }],
      },
    ])
  })

  it('tells of a condition only that it is another', () => {
    expect(changesOf([name], [{ ...name, level: 1 }])).toEqual([
      { path: 'name', label: '姓名', what: 'changed', parts: [{ part: 'more', before: null, after: null }] },
    ])
  })
})
