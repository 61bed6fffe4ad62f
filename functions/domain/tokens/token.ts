// Signs and verifies Countersign's tokens, and checks whether a token is valid for a use. Only the Subject object
// knows whether a token was used or revoked.
import { errors, type JSONWebKeySet, jwtVerify, SignJWT } from 'jose'
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
import { localKeys } from './local-keys.ts'

export const SIGNING_ALGORITHM = 'ES256'
export const ELEVATED_TYPE = 'at+jwt'

/** The key that signs tokens now. */
export interface SigningKey {
  kid: string
  key: CryptoKey
}

/** A verified token of Countersign: its kind and its claims. */
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

/** The issuer and epoch that a token must have, and the current time. */
export interface Expectation {
  issuer: string
  epoch: number
  now: number
}

/**
 * Verifies that Countersign issued a token: signature, type, issuer, expiry, epoch, and the form of its claims
 * (RFC 8725, sections 3.1 to 3.12). Allows no clock tolerance, because the service issued the token itself.
 *
 * @param keySet the environment's published keys
 * @throws Refused `token_expired`; `token_revoked` for another epoch; `token_invalid` for any other fault
 */
export async function verifyOwnToken(
  token: string,
  keySet: JSONWebKeySet,
  { issuer, epoch, now }: Expectation,
): Promise<OwnToken> {
  if (!COMPACT_JWT.test(token)) refuse('token_invalid')
  const { payload, protectedHeader } = await jwtVerify(token, localKeys(keySet), {
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

/** The use that a token is presented for. */
export interface Use {
  action: Action
  subject: string
  sessionId?: string | undefined
  details?: Details | undefined
}

/** The parts of an environment that decide a use, besides the rule of the action. */
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
 * Makes sure that a verified token is valid for a use. Compares its audience, user, session, scope, level, age and
 * details with the use and the current rule. A refusal does not consume the token.
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
