// Checkpoints: an environment signs the end of a chain of events. A reader who keeps one can tell later whether the
// chain has only grown.
import { type JSONWebKeySet, jwtVerify, SignJWT } from 'jose'
import * as z from 'zod/mini'
import { CHECKPOINT_TYPE, COMPACT_JWT } from '../../../contract/index.ts'
import { refuse } from '../refusal.ts'
import { localKeys } from '../tokens/local-keys.ts'
import { SIGNING_ALGORITHM, type SigningKey } from '../tokens/token.ts'

/** The end of a chain: the number of its events, and the hash of the last one. Deleted events count too. */
export interface ChainEnd {
  events: number
  head: string
}

/** A stored checkpoint, with what the chain has at its position now. */
export interface StoredCheckpoint {
  checkpoint: string
  found: ChainEnd
  /** The first event that is changed or missing if `found` is not what was signed. */
  brokenAt: number
}

/** The chain of a user (`sub`), of an environment, or with neither of the directory. */
export interface ChainName {
  iss: string
  sub?: string
  environment?: string
}

const Claims = z.strictObject({
  iss: z.string(),
  sub: z.optional(z.string()),
  environment: z.optional(z.string()),
  position: z.int().check(z.nonnegative()),
  head: z.string(),
  iat: z.int(),
})

/**
 * Signs the end of a chain.
 *
 * @example await signCheckpoint({ iss, sub: 'alice' }, { events: 4, head }, receiptKey, now)
 */
export const signCheckpoint = (
  chain: ChainName,
  { events, head }: ChainEnd,
  { kid, key }: SigningKey,
  now: number,
): Promise<string> =>
  new SignJWT({ ...chain, position: events, head, iat: now })
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: CHECKPOINT_TYPE, kid })
    .sign(key)

/**
 * Returns the end of the chain that a checkpoint was signed for.
 *
 * @param keySet the environment's published receipt keys
 * @throws Refused `input_invalid` for a checkpoint of another chain, and for one that none of the keys signed
 */
export async function readCheckpoint(
  checkpoint: string,
  chain: ChainName,
  keySet: JSONWebKeySet,
): Promise<ChainEnd> {
  const payload = COMPACT_JWT.test(checkpoint)
    ? await jwtVerify(checkpoint, localKeys(keySet), {
        algorithms: [SIGNING_ALGORITHM],
        typ: CHECKPOINT_TYPE,
      }).then(
        (verified) => verified.payload,
        () => undefined,
      )
    : undefined
  const { data: claims } = Claims.safeParse(payload)
  const isOwn =
    claims?.iss === chain.iss &&
    claims.sub === chain.sub &&
    claims.environment === chain.environment
  if (!claims || !isOwn)
    refuse('input_invalid', {
      message:
        'This `checkpoint` is not of this history, or its key was withdrawn: use another one.',
    })
  return { events: claims.position, head: claims.head }
}

/**
 * Compares a chain with its stored checkpoints. Ignores those that none of the keys signed: their key was withdrawn.
 *
 * @returns the first event that is changed or missing, if any
 */
export async function findContradiction(
  stored: StoredCheckpoint[],
  chain: ChainName,
  keySet: JSONWebKeySet,
): Promise<number | undefined> {
  for (const { checkpoint, found, brokenAt } of stored) {
    const signed = await readCheckpoint(checkpoint, chain, keySet).catch(() => undefined)
    if (signed && (signed.events !== found.events || signed.head !== found.head)) return brokenAt
  }
  return undefined
}
