// What is counted of a door, and what of it must not be.
import type { Reason } from '../../contract/index.ts'
import type { Call } from './calls.ts'
import type { Door } from './doors.ts'
import type { Shot } from './shots.ts'

const FAILURES_SHOWN = 3

/** What came of one door. */
export interface Tally {
  door: string
  calls: number
  accepted: number
  reasons: Partial<Record<Reason, number>>
  /** How calls came out that nothing was wrong with. */
  good: { accepted: number; refused: number }
  /** Whether what is good was mostly refused: then the fuzzing has only knocked. */
  isShut: boolean
  /** Calls that were refused, and after which the state was compared. */
  compared: number
  seconds: number
  slowest: number
  failures: Failure[]
}

/** What must not be: calls, what was wrong with their answer, and the answer. */
export interface Failure {
  door: string
  wrong: string
  calls: Call[]
  answer: string
}

export const tallyOf = ({ name }: Door): Tally => ({
  door: name,
  calls: 0,
  accepted: 0,
  reasons: {},
  good: { accepted: 0, refused: 0 },
  isShut: false,
  compared: 0,
  seconds: 0,
  slowest: 0,
  failures: [],
})

/** Counts how a call came out; returns what is wrong with it, if that is not known yet. */
export function count(tally: Tally, { outcome, milliseconds }: Shot): string | undefined {
  tally.calls += 1
  tally.slowest = Math.max(tally.slowest, milliseconds)
  if ('accepted' in outcome) tally.accepted += 1
  else if ('reason' in outcome)
    tally.reasons[outcome.reason] = (tally.reasons[outcome.reason] ?? 0) + 1
  else if (!tally.failures.some(({ wrong }) => wrong === outcome.wrong)) return outcome.wrong
  return undefined
}

/** Keeps a failure, of the first few. */
export function keep(tally: Tally, failure: Omit<Failure, 'door'>): void {
  if (tally.failures.length < FAILURES_SHOWN) tally.failures.push({ door: tally.door, ...failure })
}
