// The arithmetic of the tables: medians, spreads and verdicts.

/** A median with the smallest and the greatest value. */
export interface Spread {
  median: number
  least: number
  most: number
}

/** Returns the median of numbers, and their spread. */
export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.slice(
    Math.floor((sorted.length - 1) / 2),
    Math.floor(sorted.length / 2) + 1,
  )
  return {
    median: middle.reduce((sum, number) => sum + number, 0) / middle.length,
    least: sorted[0] ?? Number.NaN,
    most: sorted.at(-1) ?? Number.NaN,
  }
}

/** Returns the spread of the ratios of two series, round by round. */
export const ratioOf = (ours: readonly number[], other: readonly number[]): Spread =>
  spreadOf(ours.map((number, round) => number / (other[round] ?? Number.NaN)))

/** A goal for a value: it must be at least, or at most, a number. */
export type Goal = { atLeast: number } | { atMost: number }

/** What is said about a goal: a machine that did other work meanwhile gives no verdict. */
export type Verdict = 'met' | 'missed' | 'no verdict'

/** The share of the processor that other processes may take. */
export const BUSY_SHARE = 0.05

/**
 * Returns the verdict on a goal.
 *
 * @param busy the share of the processor that other processes took, from 0 to 1
 */
export function verdictOn(value: number, goal: Goal, busy: number): Verdict {
  if (busy > BUSY_SHARE) return 'no verdict'
  const isMet = 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost
  return isMet ? 'met' : 'missed'
}
