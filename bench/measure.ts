// Measures contenders in rounds: each sends fresh requests for about the same time, and every second round goes in
// reverse order.
import type { BenchRequest, Loaded } from './job.ts'
import type { Loader } from './loader.ts'
import { busyBetween, readCpu, secondsOf } from './machine.ts'

export const CONNECTIONS = 16
/** The requests of the first warm-up, which also estimates how many a round needs. */
const FIRST_REQUESTS = 10 * CONNECTIONS

/** Something that answers requests. */
export interface Contender {
  name: string
  url: string
  pid(): number
  /** The text that every right answer contains. */
  expected: string
  /** The greatest number of requests that can be prepared for a round. */
  most?: number
  /** Prepares requests that were never sent. */
  prepare(count: number): Promise<BenchRequest[]>
}

/** One contender in one round. */
export interface Sample extends Pick<Loaded, 'p50' | 'p99'> {
  /** Answers in a second. */
  rate: number
  /** The processor time of the service for each request, in microseconds. */
  cpu: number
  /** The share of the processor that other processes took. */
  busy: number
}

export interface Size {
  rounds: number
  seconds: number
}

/**
 * Measures contenders.
 *
 * @returns the samples of each contender, round by round
 * @throws Complaint if an answer is wrong
 */
export async function measure(
  loader: Loader,
  contenders: readonly Contender[],
  { rounds, seconds }: Size,
  going: (what: string) => void,
): Promise<Map<Contender, Sample[]>> {
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]))
  const counts = new Map<Contender, number>()
  for (const contender of contenders) {
    going(`${contender.name}: warm-up`)
    const first = await run(loader, contender, FIRST_REQUESTS)
    const warm = await run(loader, contender, countFor(contender, first.rate, seconds))
    counts.set(contender, countFor(contender, warm.rate, seconds))
  }
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? contenders : contenders.toReversed()
    for (const contender of order) {
      going(`${contender.name}: round ${round + 1} of ${rounds}`)
      const sample = await run(loader, contender, counts.get(contender) ?? FIRST_REQUESTS)
      samples.get(contender)?.push(sample)
    }
  }
  return samples
}

function countFor({ most = Number.MAX_SAFE_INTEGER }: Contender, rate: number, seconds: number) {
  const count = Math.min(rate * seconds, most)
  return Math.max(CONNECTIONS, Math.floor(count / CONNECTIONS) * CONNECTIONS)
}

async function run(loader: Loader, contender: Contender, count: number): Promise<Sample> {
  const { url, expected } = contender
  const requests = await contender.prepare(count)
  const before = readCpu()
  const used = secondsOf(contender.pid())
  const { seconds, p50, p99 } = await loader.load({
    ...{ url, expected, requests },
    connections: CONNECTIONS,
  })
  const cpu = ((secondsOf(contender.pid()) - used) * 1_000_000) / count
  return { rate: count / seconds, p50, p99, cpu, busy: busyBetween(before, readCpu()) }
}
