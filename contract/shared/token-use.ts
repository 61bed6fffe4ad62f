// Decides whether a verified token is valid for one use. The service and the guard both call this function,
// and each turns the fault into its own response. It does not know whether the token was consumed or revoked.
import { acrReaches } from '../assurance.ts'
import type { PolicyDecision, Rule } from '../policy.ts'
import type { ElevatedClaims, MfaClaims } from '../token.ts'
import { canonical } from './details.ts'
import { takesLegacy } from './rule.ts'

/** The kind of a token, and its verified claims. */
export type VerifiedToken =
  | { kind: 'elevated'; claims: ElevatedClaims }
  | { kind: 'mfa'; claims: MfaClaims }

/** The use that a token is presented for. */
export interface TokenUse {
  subject: string
  sessionId?: string | undefined
  /** `acceptsMfaToken` is also false if the environment accepts no legacy tokens. */
  rule: Pick<
    PolicyDecision & Rule,
    'scope' | 'acr' | 'singleUse' | 'freshnessSeconds' | 'details' | 'acceptsMfaToken' | 'dpop'
  >
  /** The details of the call. The token's `authorization_details` must have this canonical text. */
  details?: { spelling: string } | undefined
  /** The resource. An elevated token must name it as its audience. */
  audience: string
  /** The environment. A legacy token must name it as its audience. */
  issuer: string
  now: number
}

/** The reason why a token is not valid for a use. `of` names the part that differs, if one does. */
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
 * Returns why a verified token is not valid for a use. Compares its user, session, audience, scope, level,
 * age and details with the use and the current rule. Does not consume the token, and checks no DPoP
 * proof.
 *
 * @returns undefined for a token that is valid
 */
export function faultOfUse({ kind, claims }: VerifiedToken, use: TokenUse): UseFault | undefined {
  const { rule, sessionId, details } = use
  if (claims.sub !== use.subject) return ['token_invalid', 'user']
  if (claims.sid !== undefined && sessionId !== undefined && claims.sid !== sessionId)
    return ['token_invalid', 'session']
  if (kind === 'mfa') {
    // A legacy token names no action, so a rule must accept such tokens explicitly.
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
  const isBound = !rule.dpop || claims.cnf
  return isFresh && isBound && acrReaches(claims.acr, rule.acr) ? undefined : ['step_up_required']
}
