// A token from its plan to its claims: its expiry, its claims, and when the deprecated kind is issued. Every
// limit to the second.
import { describe, expect, it } from 'vitest'
import { claimsOf, issue, type PlannedToken } from '../../functions/domain/tokens/issue.ts'
import { planMfaToken } from '../../functions/domain/tokens/legacy.ts'
import { ISSUER, NOW, RESOURCE, refusalOf } from '../support/rules.ts'

const PROOF = { amr: ['otp'], acr: 'mfa' as const, authTime: NOW }
const PLANNED: PlannedToken = {
  ...{ jti: 'abcdefghijklmnopqrstuv', kind: 'elevated', audience: RESOURCE },
  ...{ scopes: ['orders:list', 'orders:refund'], singleUse: true },
  ...{ lifetimeSeconds: 300, freshnessSeconds: 300, detailsHash: 'hash' },
}
const RECIPIENT = { issuer: ISSUER, subject: 'alice', clientId: 'app', sessionId: 's1', epoch: 3 }

describe('a token ends', () => {
  it.each([
    [600, 900, NOW, NOW + 600],
    [600, 300, NOW, NOW + 300],
    [600, 600, NOW - 500, NOW + 100],
    [600, 600, NOW - 599, NOW + 1],
  ])(
    'by its lifetime (%i), and never past the freshness (%i) of its proof',
    (lifetimeSeconds, freshnessSeconds, authTime, expiresAt) => {
      const planned = { ...PLANNED, lifetimeSeconds, freshnessSeconds }
      expect(issue(planned, { ...PROOF, authTime }, NOW)).toMatchObject({
        issuedAt: NOW,
        expiresAt,
      })
    },
  )

  it('before it is issued if its proof is as old as the rule allows: it is refused', () => {
    const old = { ...PROOF, authTime: NOW - 300 }
    expect(refusalOf(() => issue(PLANNED, old, NOW))).toEqual({
      reason: 'session_not_fresh',
      message: 'The proof is older than the rule allows: verify again.',
    })
  })
})

describe('the claims of a token', () => {
  const SHARED = {
    ...{ iss: ISSUER, sub: 'alice', aud: RESOURCE, client_id: 'app', sid: 's1' },
    ...{ jti: PLANNED.jti, iat: NOW, exp: NOW + 300, auth_time: NOW },
    ...{ amr: ['otp'], acr: 'mfa', singleUse: true, epoch: 3 },
  }

  it('name its user, its proof, its end and its scopes, each by the registered name', () => {
    expect(claimsOf(issue(PLANNED, PROOF, NOW), RECIPIENT)).toEqual({
      kind: 'elevated',
      claims: { ...SHARED, scope: 'orders:list orders:refund' },
    })
  })

  it('hold the details that it is bound to', () => {
    const details = { type: 'order.refund', amount: 5 }
    const { claims } = claimsOf(issue(PLANNED, PROOF, NOW), RECIPIENT, details)
    expect(claims).toHaveProperty('authorization_details', [details])
  })

  it('name no session if the caller has none', () => {
    const recipient = { ...RECIPIENT, sessionId: undefined }
    expect(claimsOf(issue(PLANNED, PROOF, NOW), recipient).claims).not.toHaveProperty('sid')
  })

  it('have neither scopes nor details in the deprecated kind', () => {
    const issued = issue({ ...PLANNED, kind: 'mfa' }, PROOF, NOW)
    expect(claimsOf(issued, RECIPIENT, { amount: 5 })).toEqual({ kind: 'mfa', claims: SHARED })
  })
})

describe('a deprecated MFA token', () => {
  const plan = (
    mode: Parameters<typeof planMfaToken>[0],
    singleUse: boolean,
    sessionSecondsLeft = 3600,
  ) => {
    const token = { singleUse, jti: PLANNED.jti, issuer: ISSUER }
    return planMfaToken(mode, token, NOW + sessionSecondsLeft, NOW)
  }

  it.each([
    ['off', true],
    ['off', false],
    ['single', false],
  ] as const)('is refused if the environment says %s and single use is %j', (mode, singleUse) => {
    expect(refusalOf(() => plan(mode, singleUse))).toEqual({
      reason: 'forbidden',
      message:
        'This environment does not issue that kind of MFA token: ask for an elevated token with `requestedScopes`.',
    })
  })

  it.each([
    ['single', true, 3600, 300],
    ['session', true, 10, 300],
    ['session', false, 3600, 3600],
    ['session', false, 86_400, 86_400],
    ['session', false, 86_401, 86_400],
    ['session', false, 1, 1],
    ['session', false, -30, 1],
  ] as const)(
    'of mode %s and single use %j, in a session that ends in %i seconds, lives %i seconds',
    (mode, singleUse, left, lifetimeSeconds) => {
      expect(plan(mode, singleUse, left)).toEqual({
        ...{ jti: PLANNED.jti, kind: 'mfa', audience: ISSUER, scopes: [], singleUse },
        ...{ lifetimeSeconds, freshnessSeconds: lifetimeSeconds },
      })
    },
  )
})
