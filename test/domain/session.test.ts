// Tokens of other parties: session tokens and assertions. Every claim, every limit to the second, and the messages of
// refusals.
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { createLocalJWKSet } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { refuse } from '../../functions/domain/refusal.ts'
import { resolveSession } from '../../functions/domain/settings/settings.ts'
import {
  ASSERTION_TYPE,
  type AssertionTerms,
  verifyAssertion,
} from '../../functions/domain/tokens/assertion.ts'
import { requireFresh, sessionKey, verifySession } from '../../functions/domain/tokens/session.ts'
import { ISSUER, laterRefusalOf, NOW, refusalOf, signerOf } from '../support/rules.ts'

const LOGIN = 'https://login.example'
const BACKEND = 'https://backend.example'
const PUBLIC_URL = 'https://countersign.example'
const SETTINGS = resolveSession({ issuer: LOGIN, keys: { jwks: { keys: [] } }, audiences: ['app'] })
const SESSION = { iss: LOGIN, sub: 'alice', aud: 'app', exp: NOW + 60, auth_time: NOW - 10 }

let signer: Awaited<ReturnType<typeof signerOf>>
let stranger: Awaited<ReturnType<typeof signerOf>>
beforeAll(async () => {
  ;[signer, stranger] = await Promise.all([signerOf(), signerOf()])
})
const keys: JWTVerifyGetKey = (...input) => createLocalJWKSet(signer.keySet)(...input)
const gone: JWTVerifyGetKey = () => refuse('unavailable', { message: 'The keys do not answer.' })

const signed = (claims: object, more: object = {}, header: Record<string, unknown> = {}) =>
  signer.sign(JSON.parse(JSON.stringify({ ...claims, ...more })) as JWTPayload, header)

const session = async (
  more: object = {},
  { header = {}, settings = {} }: { header?: object; settings?: object } = {},
) =>
  verifySession(
    await signed(SESSION, more, { ...header }),
    { ...SETTINGS, ...settings },
    keys,
    NOW,
    PUBLIC_URL,
  )
const told = async (...input: Parameters<typeof session>): Promise<string> => {
  const { reason, message } = await laterRefusalOf(session(...input))
  expect(reason).toBe('unauthenticated')
  return message
}

describe('a session', () => {
  it('tells its user, its end, its sign-in and all its claims', async () => {
    expect(await session({ sid: 's1', azp: 'web', extra: [1] })).toEqual({
      subject: 'alice',
      sessionId: 's1',
      clientId: 'web',
      authTime: NOW - 10,
      expiresAt: NOW + 60,
      claims: { ...SESSION, sid: 's1', azp: 'web', extra: [1] },
    })
  })

  it('leaves out what its token does not say', async () => {
    const { claims: _claims, ...plain } = await session({ auth_time: undefined })
    expect(plain).toStrictEqual({
      tokenKey: plain.tokenKey,
      subject: 'alice',
      expiresAt: NOW + 60,
    })
  })

  it('is identified by its id, else by its token', async () => {
    const keyOf = async (claims: object) => sessionKey(await session(claims))
    expect(await keyOf({ sid: 's1', extra: 1 })).toBe(await keyOf({ sid: 's1', extra: 2 }))
    expect(await keyOf({ sid: 's1' })).not.toBe(await keyOf({ sid: 's2' }))
    expect(await keyOf({ extra: 1 })).not.toBe(await keyOf({ extra: 2 }))
  })

  it('reads the claims that its settings name', async () => {
    const settings = { subjectClaim: 'uid', sessionIdClaim: 'session', authTimeClaim: 'at' }
    expect(await session({ uid: 'u7', session: 'x', at: NOW - 5 }, { settings })).toMatchObject({
      subject: 'u7',
      sessionId: 'x',
      authTime: NOW - 5,
    })
  })

  it('is written in whole seconds', async () => {
    const { expiresAt, authTime } = await session({ exp: NOW + 60.9, auth_time: NOW - 9.5 })
    expect([expiresAt, authTime]).toEqual([NOW + 60, NOW - 10])
  })

  it.each([
    ['azp', { azp: 'web', client_id: 'other' }, 'web'],
    ['client_id where there is no azp', { client_id: 'other' }, 'other'],
    ['client_id where azp is odd', { azp: 7, client_id: 'other' }, 'other'],
    ['client_id where azp is empty', { azp: '', client_id: 'other' }, 'other'],
    ['client_id where azp is too long', { azp: 'x'.repeat(256), client_id: 'other' }, 'other'],
    ['azp of 255 characters', { azp: 'x'.repeat(255) }, 'x'.repeat(255)],
    ['nothing', {}, undefined],
  ])('names its client by %s', async (_what, claims, clientId) => {
    expect((await session(claims)).clientId).toBe(clientId)
  })

  it.each([
    [NOW + 30, NOW],
    [NOW + 31, undefined],
    [0, 0],
    [-1, undefined],
    ['yesterday', undefined],
    [253_402_300_800, undefined],
  ])('signed in at %j counts as signed in at %j', async (said, authTime) => {
    expect((await session({ auth_time: said })).authTime).toBe(authTime)
  })
})

describe('a session token', () => {
  it.each(['', 'a.b', 'a.b.c.d', ' a.b.c', 'a.b.c=', 'a.b.c\n', 'a b.c.d'])(
    'must be in compact form, not %j',
    async (token) => {
      const verified = verifySession(token, SETTINGS, keys, NOW, PUBLIC_URL)
      expect(await laterRefusalOf(verified)).toEqual({
        reason: 'unauthenticated',
        message: 'The bearer is not a session token in compact form.',
      })
    },
  )

  it('may have ended less than thirty seconds ago', async () => {
    expect(await session({ exp: NOW - 29 })).toMatchObject({ expiresAt: NOW - 29 })
    expect(await told({ exp: NOW - 30 })).toBe('The session token has expired: sign in again.')
  })

  it('may be from a clock that is thirty seconds fast', async () => {
    expect(await session({ iat: NOW + 30, nbf: NOW + 30 })).toMatchObject({ subject: 'alice' })
    expect(await told({ iat: NOW + 31 })).toBe("The token's `iat` is in the future.")
    expect(await told({ nbf: NOW + 31 })).toContain('`nbf` does not match')
  })

  it.each([
    ['iss', 'https://other.example'],
    ['iss', undefined],
    ['exp', undefined],
    ['sub', undefined],
  ])('says which claim does not fit: %s as %j', async (claim, value) => {
    expect(await told({ [claim]: value })).toBe(
      `The session token is not for this environment: \`${claim}\` does not match.`,
    )
  })

  it('is not verified with the key of another', async () => {
    const forged = await stranger.sign(SESSION)
    const verified = verifySession(forged, SETTINGS, keys, NOW, PUBLIC_URL)
    expect(await laterRefusalOf(verified)).toEqual({
      reason: 'unauthenticated',
      message: 'The session token could not be verified with the keys of its issuer.',
    })
  })

  it('is not verified by an algorithm that is not listed', async () => {
    expect(await told({}, { settings: { algorithms: ['RS256'] } })).toContain('could not be')
  })

  it('is nobody’s fault while the keys cannot be had', async () => {
    const verified = verifySession(await signed(SESSION), SETTINGS, gone, NOW, PUBLIC_URL)
    expect(await laterRefusalOf(verified)).toMatchObject({ reason: 'unavailable' })
  })

  it.each([
    ['at+jwt', PUBLIC_URL],
    ['at+jwt', `${PUBLIC_URL}/live`],
    ['AT+JWT', `${PUBLIC_URL}/live`],
    ['application/at+jwt', `${PUBLIC_URL}/live`],
    ['mfa+jwt', LOGIN],
    ['MFA+jwt', LOGIN],
    ['application/mfa+jwt', LOGIN],
    ['countersign-assertion+jwt', LOGIN],
  ])('is refused with type %s from %s', async (typ, issuer) => {
    const options = { header: { typ }, settings: { issuer } }
    expect(await told({ iss: issuer }, options)).toBe('This token is not a session token.')
  })

  it.each([
    ['at+jwt', LOGIN],
    ['at+jwt', `${PUBLIC_URL}.evil.example`],
    ['JWT', `${PUBLIC_URL}/live`],
    ['x-application/mfa+jwt', LOGIN],
    [undefined, LOGIN],
  ])('may be of type %s from %s', async (typ, issuer) => {
    const options = { header: typ === undefined ? {} : { typ }, settings: { issuer } }
    expect(await session({ iss: issuer }, options)).toMatchObject({ subject: 'alice' })
  })

  it.each<[what: string, claims: object, settings: object, good: boolean]>([
    ['its audience', { aud: 'app' }, {}, true],
    ['one of its audiences', { aud: ['other', 'app'] }, {}, true],
    ['another audience', { aud: 'other' }, {}, false],
    ['other audiences', { aud: ['other', 'apps'] }, {}, false],
    ['no audience, but azp', { aud: undefined, azp: 'app' }, {}, true],
    ['another audience, and azp', { aud: 'other', azp: 'app' }, {}, false],
    ['neither', { aud: undefined }, {}, false],
    ['neither where any will do', { aud: undefined }, { acceptAnyAudience: true }, true],
    ['another where any will do', { aud: 'x' }, { acceptAnyAudience: true }, true],
    ['one where none is listed', { aud: 'app' }, { audiences: undefined }, false],
  ])('with %s', async (_what, claims, settings, good) => {
    if (good) expect(await session(claims, { settings })).toMatchObject({ subject: 'alice' })
    else expect(await told(claims, { settings })).toBe('The session token is for another audience.')
  })

  it.each<[claims: object, message: string]>([
    [{ sub: '' }, 'The session token names no user in `sub`.'],
    [{ sub: 'x'.repeat(256) }, 'The session token names no user in `sub`.'],
    [{ sub: 'a\u0000b' }, 'The session token names no user in `sub`.'],
    [{ sid: 7 }, 'The session token has a malformed `sid`.'],
    [{ sid: '' }, 'The session token has a malformed `sid`.'],
    [{ exp: 253_402_300_800 }, 'The session token has no usable `exp`.'],
  ])('with %j is refused with a sentence', async (claims, message) => {
    expect(await told(claims)).toBe(message)
  })
})

describe('a fresh session', () => {
  const RULES = {
    session: SETTINGS,
    firstFactor: 'freshSession',
    firstFactorSessionSeconds: 600,
    assertions: undefined,
  } as const
  const BACKEND_RULES = {
    assertions: { issuer: BACKEND, keys: { jwksUri: BACKEND }, maxAcr: 'mfa' },
  } as const
  const OTHER_CLAIM = { session: { ...SETTINGS, authTimeClaim: 'signed_in_at' } }
  const fresh = (authTime?: number, more: Partial<Parameters<typeof requireFresh>[1]> = {}) =>
    requireFresh(
      { subject: 'alice', expiresAt: NOW, ...(authTime !== undefined && { authTime }) },
      { ...RULES, ...more },
      NOW,
    )
  const refused = (...input: Parameters<typeof fresh>): string => {
    const { reason, message } = refusalOf(() => fresh(...input))
    expect(reason).toBe('session_not_fresh')
    return message
  }

  it('is one whose sign-in is not longer ago than asked for', () => {
    expect(() => fresh(NOW - 600)).not.toThrow()
    refused(NOW - 601)
  })

  it('that is too old is refused with its age and the greatest age', () => {
    expect(refused(NOW - 1500)).toBe(
      'The sign-in was 1500 seconds ago (`auth_time`), but the limit is 600 seconds: sign in again, then retry.',
    )
  })

  it('must say when the user signed in, or is refused with the claim to add', () => {
    expect(refused()).toBe(
      "The session token has no usable `auth_time`: add the time of the sign-in, in epoch seconds, to the application's session tokens.",
    )
  })

  it('may be replaced by an assertion of the backend where the settings name its issuer', () => {
    expect(refused(undefined, BACKEND_RULES)).toMatch(
      / Or set `firstFactor` to `assertion` and send an assertion\.$/,
    )
    expect(refused(NOW - 601, BACKEND_RULES)).not.toContain('assertion')
  })

  it('is refused under the name that the settings give its claim', () => {
    expect(refused(undefined, OTHER_CLAIM)).toContain('no usable `signed_in_at`')
    expect(refused(NOW - 601, OTHER_CLAIM)).toContain('(`signed_in_at`)')
  })
})

const TERMS: AssertionTerms = { issuer: BACKEND, maxAcr: 'mfa', audience: ISSUER }
const ASSERTION = {
  iss: BACKEND,
  aud: ISSUER,
  sub: 'alice',
  scope: 'orders:refund orders:list',
  jti: 'assertion-1',
  iat: NOW,
  exp: NOW + 120,
  auth_time: NOW - 3,
  amr: ['pwd', 'sms'],
  acr: 'mfa',
}
const assertion = async (more: object = {}, header: object = {}, terms = TERMS, getKey = keys) =>
  verifyAssertion(
    await signed(ASSERTION, more, { typ: ASSERTION_TYPE, ...header }),
    terms,
    'alice',
    getKey,
    NOW,
  )
const rejected = async (...input: Parameters<typeof assertion>): Promise<string> => {
  const { reason, message } = await laterRefusalOf(assertion(...input))
  expect(reason).toBe('assertion_invalid')
  return message
}

describe('an assertion', () => {
  it('is a proof with its scopes, and is claimed until nobody could take it any more', async () => {
    expect(await assertion()).toEqual({
      proof: {
        factorId: 'assertion',
        method: 'assertion',
        amr: ['pwd', 'sms'],
        acr: 'mfa',
        authTime: NOW - 3,
        singleUseKeys: [
          { key: expect.stringMatching(/^assertion:[\w-]{43}$/), expiresAt: NOW + 151 },
        ],
      },
      scopes: ['orders:refund', 'orders:list'],
    })
  })

  it('is claimed by its issuer and its id, and by nothing else', async () => {
    const keyOf = async (more: object, terms = TERMS) =>
      (await assertion(more, {}, terms)).proof.singleUseKeys[0]?.key
    const key = await keyOf({})
    expect(await keyOf({ scope: 'orders:list', exp: NOW + 60 })).toBe(key)
    expect(await keyOf({ jti: 'assertion-2' })).not.toBe(key)
    expect(await keyOf({ iss: LOGIN }, { ...TERMS, issuer: LOGIN })).not.toBe(key)
  })

  it('carries details where it has some', async () => {
    const { details } = await assertion({ authorization_details: [{ amount: 5 }] })
    expect(details).toEqual({ amount: 5 })
  })

  it.each([
    ['recovery', 'mfa', 'recovery'],
    ['mfa', 'mfa', 'mfa'],
    ['phr', 'mfa', 'mfa'],
    ['phr', 'phr', 'phr'],
    ['mfa', 'recovery', 'recovery'],
  ] as const)('of acr %s where %s is the most reaches %s', async (acr, maxAcr, reached) => {
    const { proof } = await assertion({ acr }, {}, { ...TERMS, maxAcr })
    expect(proof.acr).toBe(reached)
  })

  it('proves nothing of the future', async () => {
    expect((await assertion({ auth_time: NOW + 30 })).proof.authTime).toBe(NOW)
    expect(await rejected({ auth_time: NOW + 31 })).toBe(
      "The assertion's `auth_time` is in the future.",
    )
  })

  it.each<[what: string, more: object, message: string]>([
    [
      'another audience',
      { aud: `${ISSUER}/` },
      'The assertion is for another audience: `aud` must be the issuer of this environment.',
    ],
    ['another user', { sub: 'bob' }, 'The assertion is about another user.'],
    [
      'a life of 121 seconds',
      { exp: NOW + 121 },
      'The assertion must be valid for at most 120 seconds.',
    ],
    ['no life', { exp: NOW, iat: NOW }, 'The assertion must be valid for at most 120 seconds.'],
  ])('is refused with %s', async (_what, more, message) => {
    expect(await rejected(more)).toBe(message)
  })

  it.each<[what: string, more: object]>([
    ['two audiences', { aud: [ISSUER, 'other'] }],
    ['no scope', { scope: undefined }],
    ['an empty scope', { scope: '' }],
    ['a space before its scope', { scope: ' a' }],
    ['a space after its scope', { scope: 'a ' }],
    ['two spaces between scopes', { scope: 'a  b' }],
    ['a scope that is too long', { scope: 'x'.repeat(1041) }],
    ['no id', { jti: undefined }],
    ['an id of seven characters', { jti: '1234567' }],
    ['an id of 256 characters', { jti: 'x'.repeat(256) }],
    ['no iat', { iat: undefined }],
    ['a negative auth_time', { auth_time: -1 }],
    ['no auth_time', { auth_time: undefined }],
    ['an auth_time after 2100', { auth_time: 4_102_444_801 }],
    ['no amr', { amr: undefined }],
    ['an empty amr', { amr: [] }],
    ['an empty word in amr', { amr: [''] }],
    ['a word of 33 characters in amr', { amr: ['x'.repeat(33)] }],
    ['nine words in amr', { amr: Array.from({ length: 9 }, String) }],
    ['an unknown acr', { acr: 'high' }],
    ['two details', { authorization_details: [{}, {}] }],
    ['no details in their list', { authorization_details: [] }],
  ])('is refused with %s', async (_what, more) => {
    expect(await rejected(more)).toBe(
      'The assertion lacks a claim, or a claim has the wrong format.',
    )
  })

  it.each<[what: string, more: object]>([
    ['a scope of the greatest length', { scope: 'x'.repeat(1040) }],
    ['an id of eight characters', { jti: '12345678' }],
    ['an id of 255 characters', { jti: 'x'.repeat(255) }],
    ['eight words of 32 characters', { amr: Array.from({ length: 8 }, () => 'x'.repeat(32)) }],
    ['the first second as sign-in', { auth_time: 0 }],
    ['a life of 120 seconds', { iat: NOW - 1, exp: NOW + 119 }],
    ['a claim of its own', { extra: 1 }],
  ])('is taken with %s', async (_what, more) => {
    expect(await assertion(more)).toMatchObject({ proof: { method: 'assertion' } })
  })

  it.each([{ typ: 'JWT' }, { typ: undefined }, { typ: 'mfa+jwt' }])(
    'is of its own type, not %j',
    async (header) => {
      expect(await rejected({}, header)).toBe(
        "The assertion's `typ` is not countersign-assertion+jwt.",
      )
    },
  )

  it('is signed by the backend, which must be there to say so', async () => {
    const forged = await stranger.sign(ASSERTION, { typ: ASSERTION_TYPE })
    expect(await laterRefusalOf(verifyAssertion(forged, TERMS, 'alice', keys, NOW))).toEqual({
      reason: 'assertion_invalid',
      message: "The assertion is not signed by this environment's backend, or has expired.",
    })
    expect(await rejected({ iat: NOW - 150, exp: NOW - 30 })).toContain('or has expired')
    expect(await laterRefusalOf(assertion({}, {}, TERMS, gone))).toMatchObject({
      reason: 'unavailable',
    })
  })
})
