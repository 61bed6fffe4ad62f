// The token signing keys of an environment over time: next, current, retired. A key signs only after
// every verifier could fetch it, and stays published until no token that it signed can be alive.
import type { JWK } from 'jose'
import type { SigningKey as SigningKeyView } from '../../../contract/index.ts'

export const PUBLISH_AHEAD_SECONDS = 600
export const RETIRED_PUBLISHED_SECONDS = 24 * 3600 + 600

/** One key: `signsAt` never changes; `leavesAt` is set when a later key is made. */
export interface RingKey {
  kid: string
  publicJwk: JWK
  sealedPrivateJwk: string
  createdAt: number
  signsAt: number
  leavesAt: number | null
}

/** The keys that verifiers may use at a moment, oldest first. */
export const publishedKeys = <K extends RingKey>(ring: readonly K[], now: number): K[] =>
  ring
    .filter((key) => key.leavesAt === null || key.leavesAt > now)
    .sort((a, b) => a.signsAt - b.signsAt)

/** The one key that signs at a moment. */
export const currentKey = <K extends RingKey>(ring: readonly K[], now: number): K | undefined =>
  publishedKeys(ring, now).findLast((key) => key.signsAt <= now)

/** Returns whether a next key is already published, so that another rotation would be too early. */
export const hasNextKey = (ring: readonly RingKey[], now: number): boolean =>
  ring.some((key) => key.signsAt > now)

/** When the keys that a new one follows leave, given when the new one signs. */
export const retirementOf = (signsAt: number): number => signsAt + RETIRED_PUBLISHED_SECONDS

/** The ring as an operator sees it. */
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
