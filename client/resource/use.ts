// Whether a verified token is good for one call: its user, session, audience, scope, level, age and
// details, against the rule. A refusal says what to do and burns nothing.
import { acrReaches } from '../../contract/assurance.ts'
import type { ElevatedClaims, MfaClaims } from '../../contract/index.ts'
import { refuse } from './answers.ts'
import { type BoundDetails, isBoundTo } from './details.ts'
import type { ListedRule } from './rules.ts'
import type { VerifiedToken } from './verify.ts'

/** What a token is shown for. */
export interface Use {
  rule: ListedRule
  subject: string
  sessionId?: string | undefined
  details?: BoundDetails | undefined
}

/** Where and when it is shown. */
export interface Place {
  issuer: string
  audience: string
  now: number
}

/**
 * Checks that a verified token is good for a use.
 *
 * @throws GuardRefusal `token_invalid` (another user, session or audience), `scope_not_allowed`,
 *   `step_up_required` (too weak, too old, or not accepted), `details_mismatch`
 */
export function checkUse({ kind, claims }: VerifiedToken, use: Use, place: Place): void {
  const { rule, subject, sessionId } = use
  if (claims.sub !== subject) refuse('token_invalid', { detail: 'The token is another user’s.' })
  if (claims.sid !== undefined && sessionId !== undefined && claims.sid !== sessionId) {
    refuse('token_invalid', { detail: 'The token is of another session.' })
  }
  if (kind === 'mfa') checkLegacy(claims, rule, place)
  else checkElevated(claims, use, place)
  if (!acrReaches(claims.acr, rule.acr)) refuse('step_up_required')
  if (place.now - claims.auth_time > rule.freshnessSeconds) refuse('step_up_required')
}

function checkElevated(claims: ElevatedClaims, { rule, details }: Use, place: Place): void {
  if (claims.aud !== place.audience)
    refuse('token_invalid', { detail: 'The token is for another resource.' })
  if (!claims.scope.split(' ').includes(rule.scope)) refuse('scope_not_allowed')
  if (rule.singleUse && !claims.singleUse) refuse('step_up_required')
  const bound = claims.authorization_details?.[0]
  if (bound) {
    if (!details || !isBoundTo(bound, details)) refuse('details_mismatch')
  } else if (rule.details === 'required') {
    refuse('step_up_required')
  }
}

/** The deprecated token says nothing of what it is for, so only a rule that says so takes it. */
function checkLegacy(claims: MfaClaims, rule: ListedRule, { issuer }: Place): void {
  if (claims.aud !== issuer) refuse('token_invalid')
  if (!rule.acceptsMfaToken || rule.details === 'required' || rule.acr === 'phr')
    refuse('step_up_required')
}
