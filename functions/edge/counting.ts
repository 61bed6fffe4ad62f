// Counts events without a write for each call. Samples are collected in the memory of this isolate. At most
// every ten seconds, after a response, they are sent to one of the environment's counting objects. An isolate
// that ends loses its unsent samples, so all counts are estimates.
import type { Method, PolicyDecision, StatsEvent, StatsRow } from '../../contract/index.ts'
import { epochSeconds } from '../clock.ts'
import { HOUR_SECONDS } from '../domain/factors/throttle.ts'
import type { Action } from '../domain/policy/policy.ts'
import type { Bindings } from '../env.ts'
import { COUNTS_SHARDS, countsObject } from './objects.ts'

export const FLUSH_SECONDS = 10
/** Above this limit, new kinds of samples are dropped until the next flush. */
const SAMPLES_LIMIT = 5000

const gathered = new Map<string, { environment: string; sample: StatsRow }>()
let flushedAt = 0

/**
 * Counts one event.
 *
 * @param action its name in the settings; names that callers invent would grow without limit
 * @example count('live', 'passed', 'wallet.waas.sign', 'totp')
 */
export function count(
  environment: string,
  event: StatsEvent,
  action: string | null,
  method: Method | null,
): void {
  const at = Math.floor(epochSeconds() / HOUR_SECONDS) * HOUR_SECONDS
  const key = JSON.stringify([environment, at, event, action, method])
  const known = gathered.get(key)
  if (known) known.sample.count += 1
  else if (gathered.size < SAMPLES_LIMIT)
    gathered.set(key, { environment, sample: { at, event, action, method, count: 1 } })
}

/**
 * Counts a policy check by its decision.
 *
 * @param observed true if a rule in `observe` mode would have asked for a step-up
 */
export function countCheck(
  environment: string,
  { action, decision, required }: PolicyDecision,
  observed: boolean,
): void {
  count(environment, 'check', action, null)
  if (decision === 'deny') count(environment, 'denied', action, null)
  else if (required) count(environment, 'asked', action, null)
  else if (observed) count(environment, 'observed', action, null)
}

/** Runs a step-up, and counts it as passed or failed for each of its actions. */
export async function countStepUp<T>(
  { id, actions }: { id: string; actions: readonly Action[] },
  method: Method,
  scopes: readonly string[],
  run: () => Promise<T>,
): Promise<T> {
  const names = actions.filter(({ scope }) => scopes.includes(scope)).map(({ action }) => action)
  const countEvent = (event: StatsEvent) => {
    for (const name of names.length > 0 ? names : [null]) count(id, event, name, method)
  }
  try {
    const answered = await run()
    countEvent('passed')
    return answered
  } catch (error) {
    countEvent('failed')
    throw error
  }
}

/** Sends the collected samples if they are due. Call it after the response was created. */
export function flushWhenDue(
  bindings: Bindings,
  waitUntil: (work: Promise<unknown>) => void,
): void {
  const now = epochSeconds()
  if (gathered.size === 0 || now - flushedAt < FLUSH_SECONDS) return
  waitUntil(flush(bindings))
}

/** Sends the collected samples. */
export async function flush(bindings: Bindings): Promise<void> {
  flushedAt = epochSeconds()
  const all = [...gathered.values()]
  gathered.clear()
  const byEnvironment = Map.groupBy(all, ({ environment }) => environment)
  const shard = Math.floor(Math.random() * COUNTS_SHARDS)
  await Promise.all(
    [...byEnvironment].map(([environment, entries]) =>
      countsObject(bindings, environment, shard)
        .add(entries.map(({ sample }) => sample))
        // Losing an estimate is better than failing a call.
        .catch(() => {}),
    ),
  )
}
