// Our own tokens: signs them, verifies them, and checks that one is good for a use. Only the Subject object
// knows whether a token was used or revoked.
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify, SignJWT } from 'jose'
import {
  COMPACT_JWT,
  canonical,
  type Details,
  ElevatedClaims,
  faultOfUse,
  MfaClaims,
  type Offered,
  type VerifiedToken,
} from '../../../contract/index.ts'
import { bindDetails } from '../details/details.ts'
import { type Action, isDenied, requirementOf } from '../policy/policy.ts'
import { refuse } from '../refusal.ts'
import { isOffered, MFA_TYPE } from './legacy.ts'

export const SIGNING_ALGORITHM = 'ES256'
export const ELEVATED_TYPE = 'at+jwt'

/** The key that signs now. */
export interface SigningKey {
  kid: string
  key: CryptoKey
}

/** Claims of ours that were verified, and which of the two kinds of token carried them. */
export type OwnToken = VerifiedToken

/**
 * Signs an elevated token (RFC 9068) or a legacy one.
 *
 * @example await signToken({ kind: 'elevated', claims }, signingKey)
 */
export const signToken = ({ kind, claims }: OwnToken, { kid, key }: SigningKey): Promise<string> =>
  new SignJWT({ ...claims })
    .setProtectedHeader({
      alg: SIGNING_ALGORITHM,
      typ: kind === 'mfa' ? MFA_TYPE : ELEVATED_TYPE,
      kid,
    })
    .sign(key)

/** What a token must have been issued by and for to be read at all. */
export interface Expectation {
  issuer: string
  epoch: number
  now: number
}

/**
 * Verifies that a token is ours: signature, type, issuer, expiry, epoch, and the form of its claims
 * (RFC 8725, sections 3.1 to 3.12). No clock tolerance: both clocks are ours.
 *
 * @param keySet the environment's published keys
 * @throws Refused `token_expired`, `token_revoked` (an earlier epoch), `token_invalid` for all else
 */
export async function verifyOwnToken(
  token: string,
  keySet: JSONWebKeySet,
  { issuer, epoch, now }: Expectation,
): Promise<OwnToken> {
  if (!COMPACT_JWT.test(token)) refuse('token_invalid')
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keySet), {
    algorithms: [SIGNING_ALGORITHM],
    issuer,
    requiredClaims: ['exp', 'iat', 'jti', 'sub'],
    currentDate: new Date(now * 1000),
  }).catch((cause) => {
    if (cause instanceof errors.JWTExpired) refuse('token_expired')
    return refuse('token_invalid')
  })
  const owned = readClaims(protectedHeader.typ, payload)
  if (!owned) refuse('token_invalid')
  if (owned.claims.epoch !== epoch) refuse('token_revoked')
  return owned
}

function readClaims(type: unknown, payload: unknown): OwnToken | undefined {
  if (type === ELEVATED_TYPE) {
    const { data } = ElevatedClaims.safeParse(payload)
    return data && { kind: 'elevated', claims: data }
  }
  const { data } = MfaClaims.safeParse(payload)
  return type === MFA_TYPE && data ? { kind: 'mfa', claims: data } : undefined
}

/** What a token is shown for. */
export interface Use {
  action: Action
  subject: string
  sessionId?: string | undefined
  details?: Details | undefined
}

/** What an environment allows beyond the rule of the action. */
export interface Terms {
  issuer: string
  offered: Offered
  mfaTokens: 'off' | 'single' | 'session'
  now: number
}

const INVALID = {
  user: 'This token belongs to another user.',
  session: 'This token belongs to another session of the user.',
  resource: 'This token is for another resource.',
}

/**
 * Checks that a verified token is good for a use: its audience, user, session, scope, level, age and
 * details, against the rule as it is now. A refusal says what to do and burns nothing.
 *
 * @throws Refused `token_invalid` (another user, session or audience), `scope_not_allowed`,
 *   `step_up_required` (too weak, too old, or not accepted), `details_mismatch`, `details_required`
 */
export function checkUse(token: OwnToken, use: Use, terms: Terms): void {
  const { action } = use
  const { scope, audience } = action
  const { singleUse } = token.claims
  const acceptsMfaToken = action.rule.acceptsMfaToken && isOffered(terms.mfaTokens, singleUse)
  const rule = { ...action.rule, scope, acceptsMfaToken }
  const bound = use.details && bindDetails(use.details, action.action)
  const details = bound && { spelling: canonical(bound.claim) }
  const [reason, of] = faultOfUse(token, { ...use, ...terms, rule, audience, details }) ?? []
  if (isDenied(action.rule) && of !== 'user' && of !== 'session') refuse('denied')
  if (of) refuse('token_invalid', { message: INVALID[of] })
  if (reason === 'step_up_required')
    refuse(reason, { requirement: requirementOf(action, terms.offered) })
  if (reason === 'scope_not_allowed')
    refuse(reason, { message: `This token does not carry the scope ${scope}.` })
  if (reason) refuse(reason)
}
