// The arithmetic of `npm run bench`, and the builds that it changes.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { WITHOUT_RECEIPTS } from '../../bench/builds.ts'
import { BUSY_SHARE, ratioOf, spreadOf, verdictOn } from '../../bench/stats.ts'

describe('the tables of the benchmark', () => {
  it.each([
    [[3, 1, 2], { median: 2, least: 1, most: 3 }],
    [[4, 1, 2, 3], { median: 2.5, least: 1, most: 4 }],
    [[7], { median: 7, least: 7, most: 7 }],
  ])('report the median of %j and its spread', (numbers, spread) => {
    expect(spreadOf(numbers)).toEqual(spread)
  })

  it('compare two series round by round', () => {
    // The medians of the series are 20 and 30.
    expect(ratioOf([10, 20, 300], [10, 40, 30])).toEqual({ median: 1, least: 0.5, most: 10 })
  })

  it.each([
    [0.9, { atLeast: 0.85 }, 0, 'met'],
    [0.8, { atLeast: 0.85 }, BUSY_SHARE, 'missed'],
    [1.1, { atMost: 1.1 }, 0, 'met'],
    [1.2, { atMost: 1.1 }, 0, 'missed'],
    [0.9, { atLeast: 0.85 }, BUSY_SHARE + 0.001, 'no verdict'],
  ] as const)(
    'say of %f for the goal %j, with %f of the machine taken: %s',
    (value, goal, busy, verdict) => {
      expect(verdictOn(value, goal, busy)).toBe(verdict)
    },
  )

  it.each(WITHOUT_RECEIPTS.replacements)('leave out a text that %s contains once', (file, text) => {
    expect(readFileSync(file, 'utf8').split(text)).toHaveLength(2)
  })
})
