// The signing keys of an environment, in one ring for tokens and one for receipts: next, current and retired. A key
// signs only after every verifier could fetch it. It stays published as long as what it signed is valid or stored.
import { importJWK, type JWK } from 'jose'
import type { KeyUse, SigningKey as SigningKeyView } from '../../../contract/index.ts'
import { DAY_SECONDS } from '../factors/throttle.ts'
import { open } from '../seal.ts'
import { SIGNING_ALGORITHM, type SigningKey } from './token.ts'

export const PUBLISH_AHEAD_SECONDS = 600
export const RETIRED_PUBLISHED_SECONDS = 24 * 3600 + 600

/** The purpose under which the private keys of a ring are sealed, so that no key can move to the other ring. */
export const SEAL_PURPOSES = {
  tokens: 'signing-key',
  receipts: 'receipt-key',
} as const satisfies Record<KeyUse, string>

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

/**
 * Returns when the earlier keys leave, for the time at which a new key starts to sign. Receipts are stored as long as
 * the history.
 */
export const retirementOf = (use: KeyUse, signsAt: number, keepDays: number): number =>
  signsAt + (use === 'tokens' ? RETIRED_PUBLISHED_SECONDS : keepDays * DAY_SECONDS)

/**
 * Opens the private half of a key, to sign with it.
 *
 * @throws Error if another data key or another ring sealed it
 */
export async function openKey(
  use: KeyUse,
  environment: string,
  dataKey: Uint8Array,
  { kid, sealedPrivateJwk }: RingKey,
): Promise<SigningKey> {
  const opened = open(dataKey, SEAL_PURPOSES[use], [environment, kid], sealedPrivateJwk)
  if (!opened) throw new Error('a signing key does not open with the data key of its environment')
  const key = await importJWK(JSON.parse(new TextDecoder().decode(opened)), SIGNING_ALGORITHM)
  if (key instanceof Uint8Array) throw new Error('a signing key is not asymmetric')
  return { kid, key }
}

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
