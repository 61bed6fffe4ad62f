// /health: whether the service can answer, and what that depends on.

import { epochSeconds } from '../clock.ts'
import { directoryObject } from '../edge/objects.ts'
import { ShortCache } from '../edge/short-cache.ts'
import type { Bindings } from '../env.ts'

type Health = Awaited<ReturnType<typeof askHealth>>

/** Kept in this isolate, so that a flood of requests does not reach the Directory one to one. */
const kept = new ShortCache<Health>(1, 5)

/**
 * Says whether the service can answer, as of at most five seconds ago.
 *
 * @returns `healthy` for the status; the rest is the body
 */
export async function describeHealth(bindings: Bindings): Promise<Health> {
  const now = epochSeconds()
  const known = kept.get(bindings.publicUrl, now)
  if (known) return known
  const health = await askHealth(bindings)
  kept.set(bindings.publicUrl, health, now)
  return health
}

/** Asks what the service depends on. The service answers without KV, which only holds copies. */
async function askHealth(bindings: Bindings) {
  const [objects, published] = await Promise.all([
    answers(() => directoryObject(bindings).ping()),
    answers(() => bindings.published.get('health')),
  ])
  const healthy = objects
  return {
    healthy,
    status: healthy ? 'ok' : 'unavailable',
    issuer: bindings.publicUrl,
    dependsOn: {
      durableObjects: word(objects),
      kv: word(published),
      operatorKey: bindings.operatorKey ? 'set' : 'missing or too short',
    },
  }
}

const word = (answered: boolean): string => (answered ? 'ok' : 'no answer')

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask()
    return true
  } catch {
    return false
  }
}
