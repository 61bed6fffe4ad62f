// Plans and issues tokens: the Worker plans a token before the user is verified, the Subject object issues it for
// the proof, and the Worker signs its claims.
import type { Acr, ElevatedClaims, VerifiedToken } from '../../../contract/index.ts'
import type { Proof } from '../factors/proof.ts'
import { refuse } from '../refusal.ts'

/** A token that a step-up will issue. */
export interface PlannedToken {
  jti: string
  kind: VerifiedToken['kind']
  audience: string
  scopes: string[]
  singleUse: boolean
  lifetimeSeconds: number
  freshnessSeconds: number
  detailsHash?: string
  /** The thumbprint of the key that the token is bound to (RFC 9449, section 6). */
  jkt?: string
}

/** A token that the Subject object has stored, with the proof that it came from. Times are in epoch seconds. */
export interface IssuedToken extends Omit<PlannedToken, 'lifetimeSeconds' | 'freshnessSeconds'> {
  amr: string[]
  acr: Acr
  authTime: number
  issuedAt: number
  expiresAt: number
}

/**
 * Issues a token for a proof. The token expires after its lifetime, and no later than its proof stays fresh.
 *
 * @throws Refused `session_not_fresh` for a proof that is too old
 */
export function issue(
  { lifetimeSeconds, freshnessSeconds, ...token }: PlannedToken,
  { amr, acr, authTime }: Pick<Proof, 'amr' | 'acr' | 'authTime'>,
  now: number,
): IssuedToken {
  const expiresAt = Math.min(now + lifetimeSeconds, authTime + freshnessSeconds)
  if (expiresAt <= now)
    refuse('session_not_fresh', {
      message: 'The proof is older than the rule allows: verify again.',
    })
  return { ...token, amr, acr, authTime, issuedAt: now, expiresAt }
}

/** The user, session and client that a token is issued to, and the environment that issues it. */
export interface Recipient {
  issuer: string
  subject: string
  clientId: string
  sessionId?: string | undefined
  epoch: number
}

/**
 * Returns the claims of an issued token.
 *
 * @param details the claim that the token is bound to (RFC 9396, section 2)
 */
export function claimsOf(
  token: IssuedToken,
  { issuer, subject, clientId, sessionId, epoch }: Recipient,
  details?: Record<string, unknown>,
): VerifiedToken {
  const claims = {
    iss: issuer,
    sub: subject,
    aud: token.audience,
    client_id: clientId,
    ...(sessionId !== undefined && { sid: sessionId }),
    jti: token.jti,
    iat: token.issuedAt,
    exp: token.expiresAt,
    auth_time: token.authTime,
    amr: token.amr,
    acr: token.acr,
    singleUse: token.singleUse,
    epoch,
    ...(token.jkt && { cnf: { jkt: token.jkt } }),
  }
  if (token.kind === 'mfa') return { kind: 'mfa', claims }
  const bound: Pick<ElevatedClaims, 'authorization_details'> = details
    ? { authorization_details: [details] }
    : {}
  return { kind: 'elevated', claims: { ...claims, scope: token.scopes.join(' '), ...bound } }
}
