// The signing keys of an environment: next, current and retired. A key signs only after every verifier could fetch
// it. It stays published until every token that it signed has expired.
import type { JWK } from 'jose'
import type { SigningKey as SigningKeyView } from '../../../contract/index.ts'

export const PUBLISH_AHEAD_SECONDS = 600
export const RETIRED_PUBLISHED_SECONDS = 24 * 3600 + 600

/** A signing key. `signsAt` never changes. `leavesAt` is set when a later key is created. */
export interface RingKey {
  kid: string
  publicJwk: JWK
  sealedPrivateJwk: string
  createdAt: number
  signsAt: number
  leavesAt: number | null
}

/** Returns the keys that are published at a time, oldest first. */
export const publishedKeys = <K extends RingKey>(ring: readonly K[], now: number): K[] =>
  ring
    .filter((key) => key.leavesAt === null || key.leavesAt > now)
    .sort((a, b) => a.signsAt - b.signsAt)

/** Returns the key that signs at a time. */
export const currentKey = <K extends RingKey>(ring: readonly K[], now: number): K | undefined =>
  publishedKeys(ring, now).findLast((key) => key.signsAt <= now)

/** Returns whether a next key is already published, so that another rotation would be too early. */
export const hasNextKey = (ring: readonly RingKey[], now: number): boolean =>
  ring.some((key) => key.signsAt > now)

/** Returns when the earlier keys leave, for the time at which a new key starts to sign. */
export const retirementOf = (signsAt: number): number => signsAt + RETIRED_PUBLISHED_SECONDS

/** Returns the keys as an operator sees them. */
export function viewRing(ring: readonly RingKey[], now: number): SigningKeyView[] {
  const current = currentKey(ring, now)?.kid
  return publishedKeys(ring, now).map(({ kid, createdAt, signsAt, leavesAt }) => ({
    kid,
    state: signsAt > now ? 'next' : kid === current ? 'current' : 'retired',
    createdAt,
    signsAt,
    leavesAt,
  }))
}
