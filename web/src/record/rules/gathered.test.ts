// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { picked, sorted } from './gathered'
import { OTHER, type Line } from './lines'
import { pace, remaining } from './words'

const lines = ['申请书', '任职文件', '身份证', '身份证复印件'].map(
  (name, index) => ({ line: { key: `k${index}`, name }, number: index + 1 }) as unknown as Line,
)
const file = (path: string): { file: File; path: string } => ({
  file: new File(['x'], path.split('/').at(-1) ?? path),
  path,
})
const placed = (paths: string[], on: string | null = null): string[] =>
  sorted(paths.map(file), lines, on).map((one) => one.line)

describe('several files find their lines', () => {
  it('by the name of the file or of its folder', () => {
    expect(placed(['扫描件/20261125_申请书.pdf', '任职文件/1.pdf', 'IMG_1.jpg'])).toEqual(['k0', 'k1', OTHER])
  })
  it('and each tells whether its name did it, or the line that it was dropped on', () => {
    const told = sorted(['申请书.pdf', 'IMG_1.jpg'].map(file), lines, 'k0').map((one) => one.by_name)
    expect(told).toEqual([true, false])
  })
  it('by the longest name', () => {
    expect(placed(['身份证复印件.pdf', '身份证.pdf'])).toEqual(['k3', 'k2'])
  })
  it('whatever stands between the characters', () => {
    expect(placed(['申 请-书（盖章）.pdf'])).toEqual(['k0'])
  })
  it('several beside one line', () => {
    expect(placed(['申请书1.pdf', '申请书2.pdf'])).toEqual(['k0', 'k0'])
  })
  it('the line they were dropped on takes those that speak of none', () => {
    expect(placed(['a.pdf', 'b.pdf', '申请书.pdf'], 'k1')).toEqual(['k1', 'k1', 'k0'])
  })
  it('by what their names have in common, where one line alone has it', () => {
    const real = [
      '变更登记申请书',
      '原负责人免职文件与新负责人任职文件',
      '新负责人身份证件',
      '营业执照正、副本',
      '身份证复印件',
    ].map((name, index) => ({ line: { key: `k${index}`, name }, number: index + 1 }) as unknown as Line)
    const near = (...paths: string[]): string[] => sorted(paths.map(file), real, null).map((one) => one.line)
    expect(near('营业执照1.jpg', '申请书.pdf', '扫描/任职文件-盖章.pdf')).toEqual(['k3', 'k0', 'k1'])
    // two lines have as much, or what they have says nothing
    expect(near('身份证.jpg', '户口本复印件.jpg', '新负责人.pdf')).toEqual([OTHER, OTHER, OTHER])
    // a whole name first, and a near one only where no whole one is
    expect(near('营业执照2.jpg', '营业执照正副本.pdf')).toEqual([OTHER, 'k3'])
    expect(near('IMG_20261125.jpg')).toEqual([OTHER])
  })
  it('without what systems leave in folders', () => {
    const files = [
      new File(['x'], 'Thumbs.db'),
      new File(['x'], '.DS_Store'),
      new File(['x'], 'a.pdf'),
    ] as unknown as FileList
    expect(picked(files).map((one) => one.path)).toEqual(['a.pdf'])
  })
})

describe('what is left', () => {
  const t = ((key: string, named?: { n: number }) =>
    `${key.split('.').at(-1)}${named ? ` ${named.n}` : ''}`) as never
  it.each([
    [0, 100, ''],
    [100, 0, ''],
    [500, 100, 'moment'],
    [3_100, 100, 'seconds 35'],
    [9_000, 100, 'minutes 2'],
  ])('%i bytes at %i a second: %s', (left, speed, words) => {
    expect(remaining(t, left, speed)).toBe(words)
  })
  it('with the speed', () => {
    expect(pace(t, 10 * 1024 * 1024, 1024 * 1024)).toBe('1 MB/s · seconds 10')
    expect(pace(t, 10, 0)).toBe('')
  })
})
