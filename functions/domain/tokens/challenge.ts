// The challenge of a passkey ceremony: a statement that the client sends back, and its hash, which the authenticator
// signs. The service stores nothing until the challenge is claimed.
import * as z from 'zod/mini'
import { CHALLENGE_LIFETIME_SECONDS, Details } from '../../../contract/index.ts'
import { sha256, toBase64Url, utf8 } from '../bytes.ts'
import type { SingleUseKey } from '../factors/proof.ts'
import { refuse } from '../refusal.ts'
import { canonical, carry, readCarried } from './statement.ts'

const WEBAUTHN_TAG = 'countersign/webauthn/v1'

/** The use of a challenge: one user of one environment, one purpose, and the requested scopes and details. */
const Statement = z.strictObject({
  iss: z.string(),
  sub: z.string(),
  purpose: z.string(),
  scope: z.string(),
  nonce: z.string(),
  exp: z.int(),
  epoch: z.int(),
  details: z.optional(Details),
})
export type Statement = z.infer<typeof Statement>

export const STEP_UP_PURPOSE = 'step_up'
export const enrollPurpose = (factorId: string): string => `enroll:${factorId}`

/** The members of a statement that are compared when the client sends it back. */
export type ChallengeContext = Pick<Statement, 'iss' | 'sub' | 'purpose' | 'epoch'>

/**
 * Creates a challenge.
 *
 * @returns the challenge that the client sends back, and its hash as the WebAuthn challenge
 */
export function newChallenge(
  key: Uint8Array,
  context: ChallengeContext,
  requested: { scope: string; details?: Details | undefined },
  nonce: string,
  now: number,
): { challenge: string; webauthnChallenge: Uint8Array; expiresAt: number } {
  const statement: Statement = {
    ...context,
    scope: requested.scope,
    ...(requested.details && { details: requested.details }),
    nonce,
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

const hashStatement = (statement: Statement): Uint8Array =>
  sha256(utf8(WEBAUTHN_TAG), utf8(canonical(statement)))
