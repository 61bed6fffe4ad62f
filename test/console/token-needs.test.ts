// What the guide says of session tokens, by the settings.
import { describe, expect, it } from 'vitest'
import { tokenNeeds } from '../../console/model/token-needs.ts'
import { type EnvironmentSettings, sessionFrom } from '../../contract/index.ts'

const SETTINGS: EnvironmentSettings = {
  session: {
    issuer: 'https://login.example',
    keys: { jwksUri: 'https://login.example/keys' },
    audiences: ['shop', 'till'],
  },
  rpId: 'app.example',
  origins: ['https://app.example'],
  audiences: ['https://api.example'],
}

const said = (more: Partial<EnvironmentSettings> = {}) =>
  Object.fromEntries(
    tokenNeeds({ ...SETTINGS, ...more }).map(({ claim, needed, text }) => [
      claim,
      `${needed}: ${text}`,
    ]),
  )

describe('a session token', () => {
  it('needs an issuer, a user, an end, an audience, and the time of its sign-in', () => {
    const claims = said()
    const names = ['alg', 'iss', 'sub', 'exp', 'aud or azp', 'auth_time', 'sid']
    expect(Object.keys(claims)).toEqual(names)
    expect(claims.iss).toBe('Always: Exactly https://login.example.')
    expect(claims['aud or azp']).toBe('Always: shop or till.')
    expect(claims.auth_time).toMatch(/^To add a first factor: .* within 10 minutes\.$/)
  })

  it('needs what the settings name and no more', () => {
    const claims = said({
      session: {
        ...SETTINGS.session,
        algorithms: ['EdDSA'],
        acceptAnyAudience: true,
        subjectClaim: 'uid',
        authTimeClaim: 'at',
        sessionIdClaim: 'ses',
      },
      firstFactor: 'assertion',
    })
    expect(Object.keys(claims)).toEqual(['alg', 'iss', 'sub', 'uid', 'exp', 'at', 'ses'])
    expect(claims.alg).toBe('Always: In the header: EdDSA.')
    expect(claims.at).toMatch(/^For conditions: /)
  })

  it('needs the claims of a preset, in the forms of its provider', () => {
    const cognito = said({
      session: sessionFrom('cognito', { userPool: 'eu-west-1_AbC', clientId: 'client-1' }),
    })
    expect(cognito.client_id).toBe('Always: client-1.')
    expect(cognito.token_use).toBe('Always: Exactly access.')
    expect(cognito['aud or azp']).toBeUndefined()
    const { amr, act, role } = said({
      session: {
        ...sessionFrom('supabase', { url: 'https://ref.supabase.co' }),
        requiredClaims: [
          { claim: 'role', includes: 'authenticated' },
          { claim: 'act', absent: true },
        ],
      },
    })
    expect(amr).toBe(
      'To add a first factor: Entries with timestamp in epoch seconds. The newest is the sign-in: within 10 minutes.',
    )
    expect([role, act]).toEqual(['Always: Contains authenticated.', 'Never: Must be missing.'])
    const { fva } = said({ session: sessionFrom('clerk', { domain: 'clerk.shop.example' }) })
    expect(fva).toBe(
      'To add a first factor: Minutes since the sign-in when the token was issued, at place 0: within 10 minutes.',
    )
  })

  it('must say when its user signed in within the time that is set', () => {
    expect(said({ firstFactorSessionSeconds: 60 }).auth_time).toContain('within 1 minute.')
  })
})
