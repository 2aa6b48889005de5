// @vitest-environment node
import { expect, it } from 'vitest'
import { becameOf } from './useItemForm'

it('tells who asked what became of it, and everybody else that it is gone', () => {
  const mine = (['agreed', 'withdrawn', 'declined', null] as const).map((one) =>
    becameOf({ mine: true }, one),
  )
  expect(mine).toEqual(['published', 'withdrawn', 'declined', 'declined'])
  expect(becameOf({ mine: false }, 'agreed')).toBe('gone')
  expect([becameOf({ mine: true }, 'outdated'), becameOf({ mine: false }, 'outdated')]).toEqual([
    'outdated',
    'outdated',
  ])
})
