// The presets for logins, with tokens in the shape that each provider documents.
import { createLocalJWKSet } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type PresetId,
  presetOf,
  presets,
  presetValues,
  SessionSettings,
  sessionFrom,
} from '../../contract/index.ts'
import { checkSession, resolveSession } from '../../functions/domain/settings/settings.ts'
import { verifySession, warningsOf } from '../../functions/domain/tokens/session.ts'
import { laterRefusalOf, NOW, signerOf, type TestSigner } from '../support/rules.ts'

const PLACE = { publicUrl: 'https://countersign.example', development: false }
const IDS = Object.keys(presets) as PresetId[]

interface Case {
  alg: string
  values: Record<string, string>
  /** A token as the provider documents it. */
  claims: Record<string, unknown>
  subject: string
  sessionId: string | undefined
  authTime: number | undefined
  /** What a token for another application of the provider has instead. */
  otherApplication: Record<string, unknown>
  /** What another kind of token of the same provider has instead. */
  otherKind: Record<string, unknown>
  /** What takes the time of the sign-in from the token. */
  timeless: Record<string, unknown>
}

const SIGNED_IN = NOW - 100
const GUID = '11111111-2222-4333-8444-555555555555'
const OTHER_GUID = '99999999-2222-4333-8444-555555555555'
const gone = undefined

const CASES: Record<PresetId, Case> = {
  auth0: {
    alg: 'RS256',
    values: { domain: 'https://shop.eu.auth0.com/', audience: 'https://api.example' },
    claims: {
      iss: 'https://shop.eu.auth0.com/',
      sub: 'auth0|123456',
      aud: ['https://api.example', 'https://shop.eu.auth0.com/userinfo'],
      azp: 'my_client_id',
      scope: 'openid profile',
      'https://countersign/auth_time': SIGNED_IN,
      'https://countersign/sid': 'session-1',
    },
    subject: 'auth0|123456',
    sessionId: 'session-1',
    authTime: SIGNED_IN,
    otherApplication: { aud: ['https://other.example', 'https://shop.eu.auth0.com/userinfo'] },
    otherKind: { aud: 'my_client_id', azp: gone },
    timeless: { 'https://countersign/auth_time': gone },
  },
  clerk: {
    alg: 'RS256',
    values: { domain: 'clerk.shop.example', origins: 'https://shop.example' },
    claims: {
      iss: 'https://clerk.shop.example',
      sub: 'user_123',
      azp: 'https://shop.example',
      sid: 'sess_123',
      fva: [7, -1],
      v: 2,
      sts: 'active',
    },
    subject: 'user_123',
    sessionId: 'sess_123',
    authTime: NOW - 480,
    otherApplication: { azp: 'https://other.example' },
    otherKind: { act: { iss: 'https://dashboard.clerk.com', sid: 'sess_456', sub: 'user_456' } },
    timeless: { fva: [-1, -1] },
  },
  supabase: {
    alg: 'ES256',
    values: { url: 'https://abcdefghijklmnopqrst.supabase.co/' },
    claims: {
      iss: 'https://abcdefghijklmnopqrst.supabase.co/auth/v1',
      sub: GUID,
      aud: 'authenticated',
      role: 'authenticated',
      aal: 'aal1',
      session_id: OTHER_GUID,
      email: 'user@example.com',
      is_anonymous: false,
      amr: [
        { method: 'token_refresh', timestamp: NOW },
        { method: 'password', timestamp: SIGNED_IN },
      ],
    },
    subject: GUID,
    sessionId: OTHER_GUID,
    authTime: SIGNED_IN,
    otherApplication: { iss: 'https://other.supabase.co/auth/v1' },
    otherKind: { client_id: GUID },
    timeless: { amr: ['password'] },
  },
  firebase: {
    alg: 'RS256',
    values: { project: 'shop-1234' },
    claims: {
      iss: 'https://securetoken.google.com/shop-1234',
      aud: 'shop-1234',
      auth_time: SIGNED_IN,
      user_id: 'Xk893u23',
      sub: 'Xk893u23',
      firebase: { identities: {}, sign_in_provider: 'password' },
    },
    subject: 'Xk893u23',
    sessionId: undefined,
    authTime: SIGNED_IN,
    otherApplication: { iss: 'https://securetoken.google.com/other', aud: 'other' },
    otherKind: { iss: 'https://session.firebase.google.com/shop-1234' },
    timeless: { auth_time: gone },
  },
  cognito: {
    alg: 'RS256',
    values: { userPool: 'eu-west-1_AbCdEfGhI', clientId: '1example23456789' },
    claims: {
      iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI',
      sub: GUID,
      client_id: '1example23456789',
      origin_jti: OTHER_GUID,
      event_id: GUID,
      token_use: 'access',
      scope: 'openid profile',
      auth_time: SIGNED_IN,
      jti: GUID,
      username: 'my-user',
    },
    subject: GUID,
    sessionId: OTHER_GUID,
    authTime: SIGNED_IN,
    otherApplication: { client_id: 'other' },
    otherKind: { token_use: 'id', aud: '1example23456789' },
    timeless: { auth_time: gone },
  },
  entra: {
    alg: 'RS256',
    values: { tenant: GUID, api: OTHER_GUID, scope: 'access_as_user' },
    claims: {
      iss: `https://login.microsoftonline.com/${GUID}/v2.0`,
      aud: OTHER_GUID,
      azp: 'client-1',
      oid: 'object-1',
      sub: 'pairwise-1',
      tid: GUID,
      scp: 'profile access_as_user',
      ver: '2.0',
      auth_time: SIGNED_IN,
      sid: 'session-1',
    },
    subject: 'object-1',
    sessionId: 'session-1',
    authTime: SIGNED_IN,
    otherApplication: { aud: GUID },
    otherKind: { scp: gone, azp: gone },
    timeless: { auth_time: gone },
  },
  okta: {
    alg: 'RS256',
    values: { domain: 'shop.okta.com', clientId: '0oa4dr9kzkykPrLhq0g7' },
    claims: {
      ver: 1,
      jti: 'AT.pKoLFoM7X4P4DrJBRvXaJzj9g0',
      iss: 'https://shop.okta.com/oauth2/default',
      aud: 'api://default',
      cid: '0oa4dr9kzkykPrLhq0g7',
      uid: '00u47ijy7sRLaeSdC0g7',
      scp: ['openid'],
      auth_time: SIGNED_IN,
      sub: 'user@example.com',
    },
    subject: '00u47ijy7sRLaeSdC0g7',
    sessionId: undefined,
    authTime: SIGNED_IN,
    otherApplication: { cid: 'other' },
    otherKind: { cid: gone, uid: gone, aud: '0oa4dr9kzkykPrLhq0g7', sub: '00u47ijy7sRLaeSdC0g7' },
    timeless: { auth_time: gone },
  },
  keycloak: {
    alg: 'RS256',
    values: { url: 'https://id.example/', realm: 'shop', clientId: 'shop-page' },
    claims: {
      iss: 'https://id.example/realms/shop',
      aud: 'account',
      sub: GUID,
      typ: 'Bearer',
      azp: 'shop-page',
      sid: OTHER_GUID,
      auth_time: SIGNED_IN,
      acr: '1',
      scope: 'openid email profile',
      preferred_username: 'alice',
    },
    subject: GUID,
    sessionId: OTHER_GUID,
    authTime: SIGNED_IN,
    otherApplication: { azp: 'other' },
    otherKind: { typ: 'ID', aud: 'shop-page' },
    timeless: { auth_time: gone },
  },
  logto: {
    alg: 'ES384',
    values: { endpoint: 'https://shop.logto.app', resource: 'https://api.example' },
    claims: {
      iss: 'https://shop.logto.app/oidc',
      sub: 'user-1',
      aud: 'https://api.example',
      client_id: 'app-1',
      scope: 'read',
      jti: 'jti-1',
    },
    subject: 'user-1',
    sessionId: undefined,
    authTime: undefined,
    otherApplication: { aud: 'https://other.example' },
    otherKind: { aud: 'app-1', client_id: gone },
    timeless: {},
  },
  workos: {
    alg: 'RS256',
    values: { clientId: 'client_123456789' },
    claims: {
      iss: 'https://api.workos.com/user_management/client_123456789',
      sub: 'user_01HBEQKA6K4QJAS93VPE39W1JT',
      org_id: 'org_01HRDMC6CM357W30QMHMQ96Q0S',
      role: 'member',
      permissions: ['posts:read'],
      sid: 'session_01HQSXZGF8FHF7A9ZZFCW4387R',
      jti: '01HQSXZXPPFPKMDD32RKTFY6PV',
    },
    subject: 'user_01HBEQKA6K4QJAS93VPE39W1JT',
    sessionId: 'session_01HQSXZGF8FHF7A9ZZFCW4387R',
    authTime: undefined,
    otherApplication: { iss: 'https://api.workos.com/user_management/client_other' },
    otherKind: { act: { sub: 'admin@foocorp.com' } },
    timeless: {},
  },
  betterAuth: {
    alg: 'EdDSA',
    values: { url: 'https://shop.example' },
    claims: {
      iss: 'https://shop.example',
      aud: 'https://shop.example',
      sub: 'user-1',
      name: 'Alice',
      sid: 'session-1',
      auth_time: SIGNED_IN,
    },
    subject: 'user-1',
    sessionId: 'session-1',
    authTime: SIGNED_IN,
    otherApplication: { aud: 'https://other.example' },
    otherKind: { aud: 'better-auth:session-cookie' },
    timeless: { auth_time: gone },
  },
  dynamic: {
    alg: 'RS256',
    values: { environment: GUID, origins: 'https://shop.example https://www.shop.example' },
    claims: {
      kid: GUID,
      iss: `app.dynamicauth.com/${GUID}`,
      aud: 'https://www.shop.example',
      sub: OTHER_GUID,
      sid: 'session-1',
      environment_id: GUID,
      scope: 'marketing user:basic',
    },
    subject: OTHER_GUID,
    sessionId: 'session-1',
    authTime: undefined,
    otherApplication: { aud: 'https://other.example' },
    otherKind: { scope: 'requiresAdditionalAuth' },
    timeless: {},
  },
}

const signers = new Map<string, TestSigner>()
beforeAll(async () => {
  for (const alg of ['RS256', 'ES256', 'ES384', 'EdDSA', 'PS256'])
    signers.set(alg, await signerOf('k1', alg))
})

async function session(id: PresetId, more: Record<string, unknown> = {}, alg = CASES[id].alg) {
  const { claims, values } = CASES[id]
  const whole = { iat: NOW, nbf: NOW, exp: NOW + 60, ...claims, ...more }
  const signer = signers.get(alg)
  if (!signer) throw new Error(`no signer for ${alg}`)
  const token = await signer.sign(JSON.parse(JSON.stringify(whole)))
  const settings = resolveSession(sessionFrom(id, values))
  const keys = createLocalJWKSet(signer.keySet)
  return verifySession(token, settings, keys, NOW, PLACE.publicUrl)
}
const refused = async (...input: Parameters<typeof session>) =>
  expect(await laterRefusalOf(session(...input))).toMatchObject({ reason: 'unauthenticated' })

describe.each(IDS)('the preset %s', (id) => {
  const { values, subject, sessionId, authTime, otherApplication, otherKind, timeless } = CASES[id]

  it('makes settings that can be saved', () => {
    const made = sessionFrom(id, values)
    expect(SessionSettings.parse(made)).toEqual(made)
    expect(checkSession(made, PLACE)).toBeUndefined()
    expect(presetOf(made)).toBe(presets[id])
  })

  it('accepts a token as its provider documents it', async () => {
    const verified = await session(id)
    const { subject: user, sessionId: sid, authTime: time } = verified
    expect([user, sid, time]).toEqual([subject, sessionId, authTime])
  })

  it('refuses a token for another application', () => refused(id, otherApplication))

  it('refuses a token of another kind', () => refused(id, otherKind))

  it('refuses a token of another signature algorithm', async () => {
    const { algorithms = [] } = sessionFrom(id, values)
    const other = [...signers.keys()].find((alg) => !algorithms.some((one) => one === alg))
    await refused(id, {}, other)
  })

  it('knows no sign-in where the token says no time, and says so beforehand', async () => {
    const settings = {
      session: resolveSession(sessionFrom(id, values)),
      firstFactor: 'freshSession',
      firstFactorSessionSeconds: 600,
      assertions: undefined,
    } as const
    const warnings = warningsOf(await session(id, timeless), settings, NOW)
    expect(warnings.map(({ code }) => code)).toContain('auth_time_missing')
    const { given, note } = presets[id].authTime
    if (given !== 'always') expect(note).toMatch(/first factor/)
    if (authTime === undefined) expect(given).toBe('never')
  })

  it('asks for what it cannot work without, and for nothing in another form', () => {
    for (const [name, { fallback }] of Object.entries(presets[id].values)) {
      const without = presetValues(presets[id], { ...values, [name]: ' ' })
      expect('problems' in without && name in without.problems).toBe(fallback === undefined)
      const wrong = presetValues(presets[id], { ...values, [name]: 'http://a b/?c#d' })
      expect('problems' in wrong && wrong.problems[name]).toMatch(/^[A-Z].*such as .*\.$/)
    }
    expect(() => sessionFrom(id, {})).toThrow(RangeError)
  })

  it('names the pages of its provider that it follows', () => {
    const { sources } = presets[id]
    expect(sources.length).toBeGreaterThan(0)
    for (const { url } of sources) expect(new URL(url).protocol).toBe('https:')
  })
})

describe('a preset', () => {
  it('is the only one that recognizes its settings', () => {
    for (const id of IDS) {
      const { keys } = sessionFrom(id, CASES[id].values)
      const address = 'jwksUri' in keys ? keys.jwksUri : ''
      expect(IDS.filter((other) => presets[other].keySet.test(address))).toEqual([id])
    }
    const own = (keys: SessionSettings['keys']) => presetOf({ keys })
    expect(own({ jwks: { keys: [{}] } })).toBeUndefined()
    expect(own({ jwksUri: 'https://login.example/jwks' })).toBeUndefined()
    expect(own({ jwksUri: 'https://login.example/.well-known/jwks.json' })).toBeUndefined()
  })

  it('takes tokens of Clerk without azp only where no origin is named', async () => {
    await refused('clerk', { azp: undefined })
    expect(sessionFrom('clerk', { domain: 'clerk.shop.example' })).toMatchObject({
      acceptAnyAudience: true,
    })
  })

  it('refuses tokens that Clerk issued to another application as an OAuth server', () =>
    refused('clerk', { client_id: 'client_123', scope: 'profile' }))

  it.each<[PresetId, what: string]>([
    ['supabase', 'HS256'],
    ['auth0', 'Every application'],
    ['entra', 'Every application'],
    ['logto', 'Every application'],
    ['firebase', 'every tenant'],
  ])('for %s says in its limits: %s', (id, what) => {
    expect(presets[id].limits.join()).toContain(what)
  })

  it('does not take the login name of Okta for its user', () => refused('okta', { uid: undefined }))
})
