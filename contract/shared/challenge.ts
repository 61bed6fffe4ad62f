// The challenge of a refusal: what an API answers to a caller who must step up (RFC 9470, section 3; RFC 6750,
// section 3).
import { ACRS, acrReaches } from '../assurance.ts'
import type { Reason } from '../errors.ts'
import type { Requirement } from '../policy.ts'

/** The refusals that a step-up resolves, in words for the caller. */
export const CHALLENGES = {
  step_up_required: 'This action needs a step-up: step up, then retry.',
  enrollment_required: 'The user has no factor: enroll one, then retry.',
  token_expired: 'The token has expired: step up again.',
  token_used: 'The token was used already: step up again.',
  token_revoked: 'The token was revoked: step up again.',
  details_mismatch: 'The token is bound to other details: step up again.',
  scope_not_allowed: 'The token is for another action: step up again.',
} as const satisfies Partial<Record<Reason, string>>

/** Returns whether a step-up, rather than a sign-in or a developer, resolves a refusal. */
export const isChallenge = (reason: string): reason is keyof typeof CHALLENGES =>
  Object.hasOwn(CHALLENGES, reason)

/**
 * Returns the value of `WWW-Authenticate` for a caller who must step up.
 *
 * @example challengeOf('The token was used already: step up again.', requirement)
 */
export function challengeOf(title: string, requirement: Requirement | undefined): string {
  const parameters = {
    error: 'insufficient_user_authentication',
    error_description: title,
    ...(requirement && {
      acr_values: ACRS.filter((acr) => acrReaches(acr, requirement.acr)).join(' '),
      max_age: `${requirement.freshnessSeconds}`,
      scope: requirement.scope,
    }),
  }
  const written = Object.entries(parameters).map(([name, value]) => `${name}="${printable(value)}"`)
  return `Bearer ${written.join(', ')}`
}

/** Removes characters that a parameter of the header may not contain (RFC 6750, section 3). */
export const printable = (text: string): string =>
  text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '')
