// The proof of single use: serves a build of the Worker, prepares things that can be used once, and presents each
// many times at the same time. once.ts prints the results.

import type { Weakened, WeakenedBy } from '../weakened.ts'
import { KINDS, type Kind } from './kinds.ts'
import { ACCEPTED, add, createRacer, type Outcomes, type Racer } from './race.ts'
import { serve } from './serve.ts'
import { type Setup, setUp } from './setup.ts'

/** The number of races at the same time. They share the connections. */
const AT_ONCE = 3

/** The size of a proof. */
export interface Size {
  tokens: number
  /** The number of every other kind. */
  others: number
  presentations: number
}

/** The counts of one kind. */
export interface Tally {
  kind: string
  subjects: number
  presentations: number
  /** The number of subjects with exactly one accepted presentation, with none, and with more than one. */
  once: number
  never: number
  more: number
  /** The greatest number of accepted presentations of one subject. */
  most: number
  /** The number of other answers by reason. */
  others: Outcomes
  /** The number of these that are not expected refusals: lost or late answers, or faults. */
  odd: number
  seconds: number
}

/** The options of a proof. */
export interface ProofOptions {
  /** A weakened build. Default: the unchanged Worker. */
  build?: Weakened | undefined
  size: Size
  signal: AbortSignal
  /** Called before each subject. */
  going?: (kind: string, index: number) => void
  /** Called as soon as a kind is counted. */
  counted?: (tally: Tally) => void
}

/** Returns whether everything was accepted exactly once, and every other answer was an expected refusal. */
export const allOnce = (tallies: Pick<Tally, 'subjects' | 'once' | 'odd'>[]): boolean =>
  tallies.length > 0 &&
  tallies.every(({ subjects, once, odd }) => subjects > 0 && once === subjects && odd === 0)

/** Returns whether something of every kind was accepted more than once. */
export const hasDoubles = (tallies: Tally[]): boolean =>
  tallies.length > 0 && tallies.every(({ more }) => more > 0)

/** Returns the part of a size that a weakened build can fail: only tokens, or only the other kinds. */
export const weakenedPartOf = ({ caughtBy }: WeakenedBy<'races'>, size: Size): Size =>
  caughtBy.races === 'others' ? { ...size, tokens: 0 } : { ...size, others: 0 }

/**
 * Serves a build and counts for each kind how many simultaneous presentations were accepted.
 *
 * @example const tallies = await prove({ size: { tokens: 40, others: 10, presentations: 25 }, signal })
 */
export async function prove(options: ProofOptions): Promise<Tally[]> {
  const { build, size, signal } = options
  const subjects = size.tokens + size.others * (KINDS.length - 1)
  const served = await serve({ build, room: subjects, signal })
  const share = Math.ceil(size.presentations / served.fronts.length)
  const racer = createRacer(served.fronts, share * AT_ONCE)
  try {
    const setup = await setUp(served)
    const tallies: Tally[] = []
    for (const kind of KINDS) {
      const number = kind === KINDS[0] ? size.tokens : size.others
      if (number === 0) continue
      const tally = await count(kind, number, { ...options, setup, racer })
      options.counted?.(tally)
      tallies.push(tally)
    }
    return tallies
  } catch (error) {
    signal.throwIfAborted()
    throw served.fault() ?? error
  } finally {
    racer.close()
    await served.stop()
  }
}

interface Race extends ProofOptions {
  setup: Setup
  racer: Racer
}

async function count(kind: Kind, subjects: number, race: Race): Promise<Tally> {
  const { setup, racer, size, signal, going } = race
  const { presentations } = size
  const tally = { once: 0, never: 0, more: 0, most: 0, others: new Map<string, number>() }
  const startedAt = Date.now()
  let next = 0
  const run = async () => {
    while (next < subjects) {
      signal.throwIfAborted()
      const index = next++
      going?.(kind.name, index)
      note(tally, await racer.race(await kind.prepare(setup, index), presentations))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, run))
  const seconds = (Date.now() - startedAt) / 1000
  const odd = [...tally.others]
    .filter(([reason]) => !kind.refusals.includes(reason))
    .reduce((sum, [, times]) => sum + times, 0)
  const numbers = { subjects, presentations: subjects * presentations, odd, seconds }
  return { kind: kind.name, ...tally, ...numbers }
}

/** Counts the outcomes of the presentations of one subject. */
function note(
  tally: Pick<Tally, 'once' | 'never' | 'more' | 'most' | 'others'>,
  outcomes: Outcomes,
): void {
  const accepted = outcomes.get(ACCEPTED) ?? 0
  if (accepted === 1) tally.once += 1
  else if (accepted === 0) tally.never += 1
  else tally.more += 1
  tally.most = Math.max(tally.most, accepted)
  for (const [outcome, times] of outcomes) {
    if (outcome !== ACCEPTED) add(tally.others, outcome, times)
  }
}
