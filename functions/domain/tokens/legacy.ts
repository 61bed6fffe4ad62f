// The deprecated MFA token, which is valid for every action whose rule accepts it: when the service issues one, and
// how long it is valid.
import type { MfaToken } from '../../../contract/index.ts'
import { refuse } from '../refusal.ts'
import type { Settings } from '../settings/settings.ts'
import type { IssuedToken, PlannedToken } from './issue.ts'

export const MFA_TYPE = 'mfa+jwt'
export const MFA_TOKEN_SINGLE_LIFETIME_SECONDS = 300
export const MFA_TOKEN_LONGEST_LIFETIME_SECONDS = 24 * 3600

type Mode = Settings['mfaTokens']

/**
 * Plans an MFA token.
 *
 * @param mode the kinds of MFA tokens that the environment issues
 * @param sessionExpiresAt when the caller's session ends, in epoch seconds; a reusable token ends with it
 * @throws Refused `forbidden` for a token that the environment does not issue
 */
export function planMfaToken(
  mode: Mode,
  { singleUse, jti, issuer }: { singleUse: boolean; jti: string; issuer: string },
  sessionExpiresAt: number,
  now: number,
): PlannedToken {
  if (!isOffered(mode, singleUse)) {
    refuse('forbidden', {
      message:
        'This environment does not issue that kind of MFA token: ask for an elevated token with `requestedScopes`.',
    })
  }
  const untilSessionEnds = Math.max(1, sessionExpiresAt - now)
  const lifetimeSeconds = singleUse
    ? MFA_TOKEN_SINGLE_LIFETIME_SECONDS
    : Math.min(untilSessionEnds, MFA_TOKEN_LONGEST_LIFETIME_SECONDS)
  return {
    ...{ jti, kind: 'mfa', audience: issuer, scopes: [], singleUse },
    ...{ lifetimeSeconds, freshnessSeconds: lifetimeSeconds },
  }
}

/** Returns whether an environment issues and accepts single-use or reusable MFA tokens. */
export const isOffered = (mode: Mode, singleUse: boolean): boolean =>
  mode === 'session' || (mode === 'single' && singleUse)

/** Returns an MFA token as the caller gets it. */
export const describeMfaToken = (
  token: string,
  { jti, expiresAt, singleUse }: IssuedToken,
): MfaToken => ({ token, jti, expiresAt, singleUse })
