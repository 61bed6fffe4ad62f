// Measures two things in turns.
import { numbers } from './at-once.ts'
import { busyBetween, readCpu } from './machine.ts'
import { spreadOf } from './stats.ts'

/** The results of two things, round by round, and the share of the processor that other processes took. */
export interface Turns {
  own: number[]
  others: number[]
  busy: number
}

/**
 * Measures two things in each round, in reverse order in every second one.
 *
 * @param going receives the number of each round, from 1 on
 */
export async function inTurns(
  rounds: number,
  going: (round: number) => void,
  measureOwn: () => Promise<number>,
  measureOther: () => Promise<number>,
): Promise<Turns> {
  const busy: number[] = []
  const watched = async (measure: () => Promise<number>) => {
    const before = readCpu()
    const result = await measure()
    busy.push(busyBetween(before, readCpu()))
    return result
  }
  const own: number[] = []
  const others: number[] = []
  for (const round of numbers(rounds)) {
    going(round + 1)
    if (round % 2 === 0) own.push(await watched(measureOwn))
    others.push(await watched(measureOther))
    if (round % 2 === 1) own.push(await watched(measureOwn))
  }
  return { own, others, busy: spreadOf(busy).median }
}
