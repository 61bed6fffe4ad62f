// What the page says of a pasted token before the service verifies it.
import { describe, expect, it } from 'vitest'
import { checkToken } from '../../console/model/token-check.ts'
import { type SessionSettings, sessionFrom } from '../../contract/index.ts'

const NOW = 1_800_000_000
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const tokenOf = (claims: object, header: object = { alg: 'RS256', kid: 'k1' }) =>
  `${part(header)}.${part(claims)}.AAAA`

const COGNITO = sessionFrom('cognito', { userPool: 'eu-west-1_AbC', clientId: 'client-1' })
const CLAIMS = {
  iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC',
  sub: 'user-1',
  client_id: 'client-1',
  token_use: 'access',
  origin_jti: 'session-1',
  auth_time: NOW - 90,
  iat: NOW - 30,
  exp: NOW + 60,
}

const checked = (more: object = {}, header?: object, session: SessionSettings = COGNITO) =>
  checkToken(tokenOf({ ...CLAIMS, ...more }, header), session, NOW)
const textOf = (...input: Parameters<typeof checked>) =>
  checked(...input)
    .faults.map(({ text, advice }) => `${text} ${advice}`)
    .join('\n')

describe('a pasted token', () => {
  it('that fits has no faults, and says its user, session and sign-in', () => {
    expect(checked()).toEqual({
      faults: [],
      subject: 'user-1',
      sessionId: 'session-1',
      authTime: NOW - 90,
    })
  })

  it.each<[what: string, more: object, header: object | undefined, said: string[]]>([
    [
      'signed with a shared secret',
      {},
      { alg: 'HS256' },
      ['signed with HS256', 'Let Amazon Cognito sign with RS256'],
    ],
    ['not signed', {}, { alg: 'none' }, ['signed with none']],
    [
      'of another issuer',
      { iss: 'https://other.example' },
      undefined,
      [
        '`iss` is “https://other.example”',
        'must be “https://cognito-idp.eu-west-1',
        'User pool ID',
      ],
    ],
    ['without an issuer', { iss: undefined }, undefined, ['`iss` is missing']],
    [
      'for another application',
      { client_id: 'client-2' },
      undefined,
      ['`client_id` is “client-2”', '“client-1”', 'App client ID'],
    ],
    [
      'of another kind',
      { token_use: 'id' },
      undefined,
      ['`token_use` is “id”', 'must be “access”', 'the access token'],
    ],
    ['that has ended', { exp: NOW - 7200 }, undefined, ['ended 2 hours ago', 'Copy a new one']],
    ['without an end', { exp: undefined }, undefined, ['`exp` is missing']],
    ['without a user', { sub: '' }, undefined, ['`sub` names no user']],
    ['with a session id that is a number', { origin_jti: 7 }, undefined, ['`origin_jti`']],
    [
      'without the time of the sign-in',
      { auth_time: undefined },
      undefined,
      ['does not say when the user signed in', 'The claim `auth_time`'],
    ],
  ])('%s is explained with what to change', (_what, more, header, said) => {
    for (const text of said) expect(textOf(more, header)).toContain(text)
  })

  it('has every fault named at once, those first that refuse it', () => {
    const { faults } = checked({ iss: 'x', token_use: 'id', auth_time: undefined })
    expect(faults.map(({ isRefused }) => isRefused)).toEqual([true, true, false])
  })

  it('of another login is explained without the name of a provider', () => {
    const session = {
      issuer: 'https://login.example',
      keys: { jwksUri: 'https://login.example/k' },
    }
    const said = textOf({ aud: 'other' }, undefined, { ...session, audiences: ['shop', 'till'] })
    expect(said).toContain('`aud` is “other” and must be “shop” or “till”.')
    expect(said).toContain('Let your issuer')
  })

  it.each(['', 'opaque-token', 'a.b.c', `${part({})}.${part([])}.AAAA`, `x.${part({})}.y`])(
    'that is not a JWT is explained: %j',
    (token) => {
      const { faults } = checkToken(token, COGNITO, NOW)
      expect(faults).toHaveLength(1)
      expect(faults[0]?.text).toContain('not a JWT')
      expect(faults[0]?.advice).toContain('the access token')
    },
  )

  it('may have the word Bearer before it', () => {
    expect(checkToken(` Bearer ${tokenOf(CLAIMS)}\n`, COGNITO, NOW).faults).toEqual([])
  })

  it('that says a rule with a list of words is explained by the word', () => {
    const dynamic = sessionFrom('dynamic', {
      environment: '11111111-2222-4333-8444-555555555555',
      origins: 'https://shop.example',
    })
    const claims = { ...CLAIMS, iss: dynamic.issuer, aud: 'https://shop.example', scope: 'none' }
    const { faults } = checkToken(tokenOf(claims), dynamic, NOW)
    expect(faults[0]?.text).toBe('`scope` is “none” and must contain “user:basic”.')
    const act = { ...claims, scope: 'user:basic', act: {} }
    const workos = sessionFrom('workos', { clientId: 'client_1' })
    const found = checkToken(tokenOf({ ...act, iss: workos.issuer }), workos, NOW).faults
    expect(found[0]?.text).toBe('`act` is {} and must be missing.')
  })
})
