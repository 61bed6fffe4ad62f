// Verifies resources, the APIs that perform the actions. Each has its own key.
import { refuse } from '../domain/refusal.ts'
import type { LiveEnvironment } from '../edge/environment.ts'

/** A verified resource. */
export interface ResourceCaller {
  kind: 'resource'
  environment: LiveEnvironment
  keyId: string
  audience: string
}

/**
 * Verifies the key of a resource.
 *
 * @throws Refused `unauthenticated`, or `unavailable` while only the published copy can be read
 */
export function verifyResource(environment: LiveEnvironment, bearer: string): ResourceCaller {
  const known = environment.secrets().resourceOf(bearer)
  if (!known)
    refuse('unauthenticated', { message: 'This environment does not know this resource key.' })
  return { kind: 'resource', environment, keyId: known.id, audience: known.audience }
}
