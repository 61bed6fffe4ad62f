// The challenge of a passkey ceremony: a statement that the client sends back, and its hash, which the authenticator
// signs. The service stores nothing until the challenge is claimed.
import * as z from 'zod/mini'
import {
  CHALLENGE_LIFETIME_SECONDS,
  Details,
  SignedStatement,
  STATEMENT_TAG,
} from '../../../contract/index.ts'
import { fromBase64Url, type Random, sha256, toBase64Url, utf8 } from '../bytes.ts'
import { commitTo, DETAILS_SALT_BYTES, type DetailsClaim } from '../details/details.ts'
import type { SingleUseKey } from '../factors/proof.ts'
import { refuse } from '../refusal.ts'
import { canonical, carry, readCarried } from './statement.ts'

const NONCE_BYTES = 16

/**
 * The use of a challenge: one user of one environment, one purpose, and the requested scopes and details. The
 * client carries `details` with the action and salt of their hash; the authenticator signs the hash alone.
 */
const Statement = z.strictObject({
  ...SignedStatement.shape,
  /** Version 1 had no `v`. Its challenges are accepted until they expire. */
  v: z.optional(SignedStatement.shape.v),
  details: z.optional(Details),
  action: z.optional(z.string()),
  salt: z.optional(z.string()),
})
export type Statement = z.infer<typeof Statement>

export const STEP_UP_PURPOSE = 'step_up'
export const enrollPurpose = (factorId: string): string => `enroll:${factorId}`

/** The members of a statement that are compared when the client sends it back. */
export type ChallengeContext = Pick<Statement, 'iss' | 'sub' | 'purpose' | 'epoch'>

/**
 * Creates a challenge.
 *
 * @param requested the scopes, and the claim of the details that the token will be bound to
 * @returns the challenge that the client sends back, and its hash as the WebAuthn challenge
 */
export function newChallenge(
  key: Uint8Array,
  context: ChallengeContext,
  { scope, claim }: { scope: string; claim?: DetailsClaim | undefined },
  random: Random,
  now: number,
): { challenge: string; webauthnChallenge: Uint8Array; expiresAt: number } {
  const statement: Statement = {
    v: 2,
    ...context,
    scope,
    ...(claim && { ...unbound(claim), salt: toBase64Url(random(DETAILS_SALT_BYTES)) }),
    nonce: toBase64Url(random(NONCE_BYTES)),
    exp: now + CHALLENGE_LIFETIME_SECONDS,
  }
  return {
    challenge: carry(key, 'challenge', statement),
    webauthnChallenge: hashStatement(statement),
    expiresAt: statement.exp,
  }
}

/**
 * Reads a challenge that the client sent back.
 *
 * @throws Refused `passkey_rejected` for a forged challenge and for one of another context, `challenge_expired`
 */
export function readChallenge(
  key: Uint8Array,
  context: ChallengeContext,
  carried: string,
  now: number,
): Statement {
  const { data: statement } = Statement.safeParse(readCarried(key, 'challenge', carried))
  if (
    !statement ||
    statement.iss !== context.iss ||
    statement.sub !== context.sub ||
    statement.purpose !== context.purpose
  ) {
    refuse('passkey_rejected', {
      message: 'This challenge is not valid for this call: start again.',
    })
  }
  if (statement.exp <= now || statement.epoch !== context.epoch) refuse('challenge_expired')
  return statement
}

/** Returns the WebAuthn challenge of a statement, as the browser reports it. */
export const webauthnChallengeOf = (statement: Statement): string =>
  toBase64Url(hashStatement(statement))

/** Returns the single-use key of a challenge. */
export const challengeKey = (statement: Statement): SingleUseKey => ({
  key: `challenge:${statement.nonce}`,
  expiresAt: statement.exp,
})

const unbound = ({ type: action, ...details }: DetailsClaim) => ({ action, details })

/**
 * Returns the 32 bytes that the authenticator signs: SHA-256 over the tag `countersign/webauthn/v2` and, directly
 * after it, the canonical text (RFC 8785, in UTF-8) of the statement. In that text `details` is the hash of
 * `commitTo` in base64url without padding, and `action` and `salt` are left out. So a receipt can be checked without
 * the details. The details and the salt together prove which details were signed.
 *
 * Version 1 hashes the tag `countersign/webauthn/v1` and the statement as it is, with its details.
 */
function hashStatement(statement: Statement): Uint8Array {
  const signed = signedStatement(statement)
  return signed
    ? sha256(utf8(STATEMENT_TAG), utf8(canonical(signed)))
    : sha256(utf8('countersign/webauthn/v1'), utf8(canonical(statement)))
}

/** Returns a statement as it is hashed, or undefined for version 1, which is hashed with its details. */
export function signedStatement(statement: Statement): SignedStatement | undefined {
  const { v, details, action = '', salt = '', ...rest } = statement
  if (!v) return undefined
  const hash = details && commitTo(details, action, fromBase64Url(salt) ?? new Uint8Array())
  return { v, ...rest, ...(hash && { details: toBase64Url(hash) }) }
}
