// /health: whether the service is available, and the state of its dependencies.
import { epochSeconds } from '../clock.ts'
import { directoryObject } from '../edge/objects.ts'
import { ShortCache } from '../edge/short-cache.ts'
import type { Bindings } from '../env.ts'

type Health = Awaited<ReturnType<typeof askHealth>>

/** Caches the result in this isolate, so that a flood of requests does not reach the Directory. */
const kept = new ShortCache<Health>(1, 5)

/**
 * Returns the health of the service, at most five seconds old.
 *
 * @returns `healthy`, which decides the HTTP status, and the members of the body
 */
export async function describeHealth(bindings: Bindings): Promise<Health> {
  const now = epochSeconds()
  const known = kept.get(bindings.publicUrl, now)
  if (known) return known
  const health = await askHealth(bindings)
  kept.set(bindings.publicUrl, health, now)
  return health
}

/** Checks the dependencies. The service is healthy without KV, which holds only copies. */
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
