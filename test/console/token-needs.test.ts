// What the guide says of session tokens, by the settings.
import { describe, expect, it } from 'vitest'
import { tokenNeeds } from '../../console/model/token-needs.ts'
import type { EnvironmentSettings } from '../../contract/index.ts'

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

  it('must say when its user signed in within the time that is set', () => {
    expect(said({ firstFactorSessionSeconds: 60 }).auth_time).toContain('within 1 minute.')
  })
})
