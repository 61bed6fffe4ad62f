// /health: whether the service can answer, and what that depends on.
import type { Bindings } from './env.ts'
import { directoryObject } from './state/objects.ts'

/**
 * Asks what the service depends on. KV only stands in for the objects, so it may be away.
 *
 * @returns `healthy` for the status; the rest is the body
 */
export async function describeHealth(bindings: Bindings) {
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
