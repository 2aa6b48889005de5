// @vitest-environment node
/** That the law of rooms (house.js) bites, and that the graph of all modules keeps it: no circle, no loan that nobody needs. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { ESLint } from 'eslint'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { BELOW, FEATURES, FLOORS, LENT } from '../house.js'

const src = resolve(import.meta.dirname, '../src')
const paths = (readdirSync(src, { recursive: true }) as string[]).filter(
  (path) => /\.(ts|vue)$/.test(path) && !path.endsWith('.test.ts') && !path.endsWith('.d.ts'),
)
const modules = new Set(paths)

/** Which modules each imports, at run time or for its types, at once or later. */
function graph(): Map<string, string[]> {
  return new Map(
    paths.map((path) => {
      const text = readFileSync(join(src, path), 'utf8')
      const script = path.endsWith('.vue')
        ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((one) => one[1]).join('\n')
        : text
      const found = ts.preProcessFile(script).importedFiles.flatMap(({ fileName }) => {
        const at = relative(src, resolve(src, dirname(path), fileName))
        return [at, `${at}.ts`, `${at}/index.ts`].find((one) => modules.has(one)) ?? []
      })
      return [path, found]
    }),
  )
}

/** A way that ends where it began, if there is one. */
function circle(edges: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>()
  function walk(at: string, way: string[]): string[] | null {
    if (way.includes(at)) return [...way.slice(way.indexOf(at)), at]
    if (done.has(at)) return null
    for (const next of edges.get(at) ?? []) {
      const found = walk(next, [...way, at])
      if (found) return found
    }
    done.add(at)
    return null
  }
  for (const one of edges.keys()) {
    const found = walk(one, [])
    if (found) return found
  }
  return null
}

describe('the house', () => {
  const edges = graph()

  it('has no module that leads back to itself', () => {
    expect(
      circle(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toEqual(['b', 'c', 'b'])
    expect([...edges.values()].flat().length).toBeGreaterThan(modules.size)
    expect(circle(edges)).toBeNull()
  })

  it('names each of its rooms and folders', () => {
    const folders = (at: string) =>
      readdirSync(join(src, at), { withFileTypes: true }).flatMap((one) =>
        one.isDirectory() ? one.name : [],
      )
    expect(folders('.').sort()).toEqual([...FEATURES, ...Object.keys(BELOW), 'pages'].sort())
    for (const [room, floors] of Object.entries(FLOORS))
      expect(folders(room).sort()).toEqual(floors.flat().sort())
    for (const room of FEATURES.filter((one) => !(one in FLOORS)))
      expect([room, folders(room)]).toEqual([room, []])
  })

  it('lends no more than it did, and nothing that nobody borrows', () => {
    expect(Object.values(LENT).flat().length).toBeLessThanOrEqual(10)
    const borrowed = (room: string) =>
      new Set([...edges].filter(([path]) => path.startsWith(`${room}/`)).flatMap(([, found]) => found))
    for (const [room, lent] of Object.entries(LENT))
      expect(lent.filter((one) => !borrowed(room).has(one))).toEqual([])
  })

  it('refuses what one room may not know of another', { timeout: 60_000 }, async () => {
    const law = new ESLint({ cwd: resolve(src, '..') })
    const told = async (path: string, from: string) => {
      expect(modules, path).toContain(path)
      const text = `<script setup lang="ts">\nimport * as other from '${from}'\nvoid other\n</script>\n\n<template>\n  <p />\n</template>\n`
      const [result] = await law.lintText(text, { filePath: join(src, path) })
      return result?.messages.map((one) => one.ruleId)
    }
    const refused = ['import-x/no-restricted-paths']
    expect(await told('call/pane/Stage.vue', '../../record/rules/lines')).toEqual(refused)
    expect(await told('audit/replay/FormThen.vue', '../../record/rules/points')).toEqual(refused)
    expect(await told('audit/replay/FormThen.vue', '../../record/rules/lines')).toEqual([])
    expect(await told('record/form/field/FieldRow.vue', '../../review/CaseHead.vue')).toEqual(refused)
    expect(await told('record/talk/CommentThread.vue', '../form/useForm')).toEqual(refused)
    expect(await told('record/form/field/FieldRow.vue', '../../talk/thread')).toEqual([])
    expect(await told('desk/lists/CaseTable.vue', '../../pages/NotFound.vue')).toEqual(refused)
    expect(await told('ui/Icon.vue', '../wire/http')).toEqual(refused)
    expect(await told('ui/Icon.vue', './sprite')).toEqual([])
  })
})
