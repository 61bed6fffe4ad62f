// Counting what happens, without a write on any call: samples gather in the memory of this isolate, and
// at most every ten seconds a call that was answered hands them to one of the environment's shards.
// What an isolate had not handed on when it ended is lost, so all counts are estimates.
import type { Method, PolicyDecision, StatsEvent, StatsRow } from '../contract/index.ts'
import { epochSeconds } from './clock.ts'
import type { Action } from './domain/policy.ts'
import { HOUR_SECONDS } from './domain/throttle.ts'
import type { Bindings } from './env.ts'
import { COUNTS_SHARDS, countsObject } from './state/objects.ts'

export const FLUSH_SECONDS = 10
/** Further kinds of samples are let go until the next flush. */
const SAMPLES_LIMIT = 5000

const gathered = new Map<string, { environment: string; sample: StatsRow }>()
let flushedAt = 0

/**
 * Counts one happening.
 *
 * @param action by its name, as the settings have it: a caller's own words would grow without bound
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

/** Counts a check by its answer. `observed`: whether a rule that only observes would have asked. */
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

/** Counts a step-up that passed or failed, once for each action that it was for. */
export async function countStepUp<T>(
  { id, actions }: { id: string; actions: readonly Action[] },
  method: Method,
  scopes: readonly string[],
  run: () => Promise<T>,
): Promise<T> {
  const names = actions.filter(({ scope }) => scopes.includes(scope)).map(({ action }) => action)
  const tell = (event: StatsEvent) => {
    for (const name of names.length > 0 ? names : [null]) count(id, event, name, method)
  }
  try {
    const answered = await run()
    tell('passed')
    return answered
  } catch (error) {
    tell('failed')
    throw error
  }
}

/** Hands on what was gathered, if that is due; to be called when a call was answered. */
export function flushWhenDue(
  bindings: Bindings,
  waitUntil: (work: Promise<unknown>) => void,
): void {
  const now = epochSeconds()
  if (gathered.size === 0 || now - flushedAt < FLUSH_SECONDS) return
  waitUntil(flush(bindings))
}

/** Hands on what was gathered. */
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
        // An estimate that is lost is less than a call that fails for it.
        .catch(() => {}),
    ),
  )
}
