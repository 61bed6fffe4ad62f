// The proof that once is once: a build of the Worker is served, things that are good for one use are
// made, and each is presented many times at once. It prints nothing: once.ts does.

import type { Weakened, WeakenedBy } from '../weakened.ts'
import { KINDS, type Kind } from './kinds.ts'
import { ACCEPTED, add, createRacer, type Outcomes, type Racer } from './race.ts'
import { serve } from './serve.ts'
import { type Setup, setUp } from './setup.ts'

/** How many things are in a race at the same time; each has its share of connections. */
const AT_ONCE = 3

/** How much is proved. */
export interface Size {
  tokens: number
  /** Of every other kind. */
  others: number
  presentations: number
}

/** What was counted of one kind. */
export interface Tally {
  kind: string
  subjects: number
  presentations: number
  /** How many subjects had exactly one presentation accepted, none, more than one. */
  once: number
  never: number
  more: number
  /** The most that were accepted of one subject. */
  most: number
  /** Every other answer, by reason. */
  others: Outcomes
  /** How many of these are not refusals of the kind: lost, late, or a fault. */
  odd: number
  seconds: number
}

/** Which build is proved, at which size. */
export interface ProofOptions {
  /** A build that is weakened; without one the Worker as it is. */
  build?: Weakened | undefined
  size: Size
  signal: AbortSignal
  /** Called before each subject. */
  going?: (kind: string, index: number) => void
  /** Called as soon as a kind is counted. */
  counted?: (tally: Tally) => void
}

/** Whether every single thing was accepted exactly once, and everything else refused for that. */
export const allOnce = (tallies: Pick<Tally, 'subjects' | 'once' | 'odd'>[]): boolean =>
  tallies.length > 0 &&
  tallies.every(({ subjects, once, odd }) => subjects > 0 && once === subjects && odd === 0)

/** Whether something of every kind was accepted more than once. */
export const hasDoubles = (tallies: Tally[]): boolean =>
  tallies.length > 0 && tallies.every(({ more }) => more > 0)

/** What a weakened build can show: how many tokens, or how many of every other kind. */
export const weakenedPartOf = ({ caughtBy }: WeakenedBy<'races'>, size: Size): Size =>
  caughtBy.races === 'others' ? { ...size, tokens: 0 } : { ...size, others: 0 }

/**
 * Serves a build and counts, for each kind of which there are to be any, how many of the simultaneous
 * presentations were accepted.
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

/** Counts how the presentations of one subject came out. */
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
