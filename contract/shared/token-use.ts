// Whether a verified token is good for one use. Service and guard decide by this function alone, and each
// makes its own answer from the fault. Whether the token was spent or revoked is not known here.
import { acrReaches } from '../assurance.ts'
import type { PolicyDecision, Rule } from '../policy.ts'
import type { ElevatedClaims, MfaClaims } from '../token.ts'
import { canonical } from './details.ts'
import { takesLegacy } from './rule.ts'

/** Verified claims, and which of the two kinds of token carried them. */
export type VerifiedToken =
  | { kind: 'elevated'; claims: ElevatedClaims }
  | { kind: 'mfa'; claims: MfaClaims }

/** What a token is shown for, and where and when. */
export interface TokenUse {
  subject: string
  sessionId?: string | undefined
  /** `acceptsMfaToken` is false also where the environment does not take a legacy token. */
  rule: Pick<
    PolicyDecision & Rule,
    'scope' | 'acr' | 'singleUse' | 'freshnessSeconds' | 'details' | 'acceptsMfaToken'
  >
  /** The details of the call: the canonical text that the token's `authorization_details` must have. */
  details?: { spelling: string } | undefined
  /** The resource, which an elevated token must name. */
  audience: string
  /** The environment, which a legacy token must name as its audience. */
  issuer: string
  now: number
}

/** Why a token is not good for a use, and whose or what else an invalid one is for. */
export type UseFault = [
  reason:
    | 'token_invalid'
    | 'scope_not_allowed'
    | 'step_up_required'
    | 'details_mismatch'
    | 'details_required',
  of?: 'user' | 'session' | 'resource',
]

/**
 * Finds why a verified token is not good for a use: its user, session, audience, scope, level, age and
 * details, against the rule as it is now. Nothing is spent.
 *
 * @returns undefined for a token that is good
 */
export function faultOfUse({ kind, claims }: VerifiedToken, use: TokenUse): UseFault | undefined {
  const { rule, sessionId, details } = use
  if (claims.sub !== use.subject) return ['token_invalid', 'user']
  if (claims.sid !== undefined && sessionId !== undefined && claims.sid !== sessionId)
    return ['token_invalid', 'session']
  if (kind === 'mfa') {
    // A legacy token says nothing of what it is for, so only a rule that accepts it takes it.
    if (claims.aud !== use.issuer) return ['token_invalid']
    if (!takesLegacy(rule)) return ['step_up_required']
  } else {
    if (claims.aud !== use.audience) return ['token_invalid', 'resource']
    if (!claims.scope.split(' ').includes(rule.scope)) return ['scope_not_allowed']
    if (rule.singleUse && !claims.singleUse) return ['step_up_required']
    const bound = claims.authorization_details?.[0]
    if (bound && canonical(bound) !== details?.spelling) return ['details_mismatch']
    if (!bound && rule.details === 'required')
      return [details ? 'step_up_required' : 'details_required']
  }
  const isFresh = use.now - claims.auth_time <= rule.freshnessSeconds
  return isFresh && acrReaches(claims.acr, rule.acr) ? undefined : ['step_up_required']
}
