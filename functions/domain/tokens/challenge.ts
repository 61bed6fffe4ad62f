// The challenge of a passkey ceremony: a statement that the client carries, and its hash that the
// authenticator signs. Nothing is stored until it is claimed.
import * as z from 'zod/mini'
import { CHALLENGE_LIFETIME_SECONDS, Details } from '../../../contract/index.ts'
import { sha256, toBase64Url, utf8 } from '../bytes.ts'
import type { SingleUseKey } from '../factors/proof.ts'
import { refuse } from '../refusal.ts'
import { canonical, carry, readCarried } from './statement.ts'

const WEBAUTHN_TAG = 'countersign/webauthn/v1'

/** What a challenge is good for: one user of one environment, one purpose, these scopes and details. */
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

/** The members of a statement that must be as expected when it comes back. */
export type ChallengeContext = Pick<Statement, 'iss' | 'sub' | 'purpose' | 'epoch'>

/**
 * Makes a challenge.
 *
 * @returns what the client carries, and the WebAuthn challenge that stands for it (base64url)
 */
export function newChallenge(
  key: Uint8Array,
  context: ChallengeContext,
  wish: { scope: string; details?: Details | undefined },
  nonce: string,
  now: number,
): { challenge: string; webauthnChallenge: Uint8Array; expiresAt: number } {
  const statement: Statement = {
    ...context,
    scope: wish.scope,
    ...(wish.details && { details: wish.details }),
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
 * Reads a challenge that came back.
 *
 * @throws Refused `passkey_rejected` for one that is not ours or not for this, `challenge_expired`
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
      message: 'This challenge was created for something else: start again.',
    })
  }
  if (statement.exp <= now || statement.epoch !== context.epoch) refuse('challenge_expired')
  return statement
}

/** The WebAuthn challenge of a statement, as the browser reports it. */
export const webauthnChallengeOf = (statement: Statement): string =>
  toBase64Url(hashStatement(statement))

/** The single-use key that accepting an answer claims. */
export const challengeKey = (statement: Statement): SingleUseKey => ({
  key: `challenge:${statement.nonce}`,
  expiresAt: statement.exp,
})

const hashStatement = (statement: Statement): Uint8Array =>
  sha256(utf8(WEBAUTHN_TAG), utf8(canonical(statement)))
