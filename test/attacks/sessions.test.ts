// Attacks with session tokens: every known way to confuse a JWT verifier (RFC 8725), settings that would accept
// such tokens, and key sets that cannot be fetched.
import { createHash } from 'node:crypto'
import { type JWK, type JWTPayload, SignJWT } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EnvironmentSettings, Reason } from '../../contract/index.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { evidence } from '../support/evidence.ts'
import { expectRefusal, post, postAsOperator } from '../support/http.ts'
import {
  part,
  partsOf,
  publicSecretsOf,
  signRaw,
  signShared,
  withOtherSignature,
  withSpareBits,
} from '../support/jwt.ts'
import {
  enrollTotp,
  makeEnvironment,
  makeSigner,
  now,
  OPERATOR_KEY,
  operator,
  PUBLIC_URL,
  type Signer,
  stepUp,
  type TestEnvironment,
  unique,
  wrongCode,
} from '../support/service.ts'
import { withVariables } from '../support/variables.ts'

restartClockAfterEach()
afterEach(() => {
  vi.restoreAllMocks()
})

const ISSUER = 'https://login.example'
const HEADER = { alg: 'ES256', kid: 'k1' }

const claims = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  iss: ISSUER,
  aud: 'app',
  sub: 'alice',
  iat: now(),
  exp: now() + 3600,
  auth_time: now(),
  ...more,
})

const call = ({ id }: Pick<TestEnvironment, 'id'>, bearer: string): Promise<Response> =>
  post(id, 'factor.list', { bearer })

const enroll = ({ id }: Pick<TestEnvironment, 'id'>, bearer: string) =>
  post(id, 'factor.enroll', { bearer, body: { kind: 'totp' } })

async function expectAccepted(environment: Pick<TestEnvironment, 'id'>, bearer: string) {
  const response = await call(environment, bearer)
  expect({ status: response.status, body: await response.text() }).toMatchObject({ status: 200 })
}

async function expectRefusedSession(environment: Pick<TestEnvironment, 'id'>, bearer: string) {
  await expectRefusal(await call(environment, bearer), 401, 'unauthenticated')
}

/** An environment whose sessions come from these keys. */
const withKeys = (keys: JWK[], more: Partial<EnvironmentSettings['session']> = {}) =>
  makeEnvironment({
    session: { issuer: ISSUER, keys: { jwks: { keys: [...keys] } }, audiences: ['app'], ...more },
  })

describe('a session that its issuer did not sign', () => {
  it('is accepted when the issuer did, so that what follows means something', async () => {
    const environment = await makeEnvironment()
    await expectAccepted(environment, await signRaw(environment.login.privateKey, HEADER, claims()))
  })

  // A proof of possession names the hash of its token (`ath`, RFC 9449), and logs do too.
  it.each([0, 1900, 8000])(
    'is refused as the hash of a session, with %i more bytes',
    async (length) => {
      const environment = await makeEnvironment()
      const padding = 'x'.repeat(length)
      const token = await signRaw(environment.login.privateKey, HEADER, claims({ padding }))
      await expectAccepted(environment, token)
      await expectAccepted(environment, token)
      const hash = createHash('sha256').update(token).digest()
      for (const form of ['base64url', 'base64', 'hex'] as const)
        await expectRefusedSession(environment, hash.toString(form))
    },
  )

  it.each(['none', 'None', 'NONE', 'nOnE', '', 'null', 'undefined'])(
    'is refused with the algorithm %j, however it ends',
    async (alg) => {
      const environment = await makeEnvironment()
      const right = await environment.session({ sub: 'alice' })
      const unsigned = `${part({ ...HEADER, alg })}.${part(claims())}`
      for (const end of ['', '.', '.AA', `.${partsOf(right).signature}`, '..']) {
        await expectRefusedSession(environment, unsigned + end)
      }
    },
  )

  it.each(['HS256', 'HS384', 'HS512'])(
    'is refused when it is signed with the public key as an %s secret',
    async (alg) => {
      const environment = await makeEnvironment()
      for (const secret of Object.values(await publicSecretsOf(environment.login))) {
        const forged = await signShared(secret, { ...HEADER, alg }, claims())
        await expectRefusedSession(environment, forged)
      }
    },
  )

  it('is refused with a signature of zeros (a point that no curve has)', async () => {
    const environment = await makeEnvironment()
    const signed = `${part(HEADER)}.${part(claims())}`
    for (const bytes of [0, 1, 63, 64, 65]) {
      const zeros = Buffer.alloc(bytes).toString('base64url')
      await expectRefusedSession(environment, `${signed}.${zeros}`)
    }
  })

  it('is refused with a signature in the other form (DER)', async () => {
    const environment = await makeEnvironment()
    const { signed } = partsOf(await environment.session({ sub: 'alice' }))
    const der = Buffer.from(`30440220${'11'.repeat(32)}0220${'22'.repeat(32)}`, 'hex')
    await expectRefusedSession(environment, `${signed}.${der.toString('base64url')}`)
  })

  it.each([
    ['the user', { sub: 'root' }],
    ['the expiry', { exp: 4_000_000_000 }],
    ['the sign-in', { auth_time: now() }],
    ['a claim that nobody reads', { admin: true }],
  ])('is refused when %s was changed after signing', async (_what, change) => {
    const environment = await makeEnvironment()
    const right = await environment.session({ sub: 'alice', auth_time: now() - 50 })
    const { header, payload, signature } = partsOf(right)
    const changed = `${part(header)}.${part({ ...payload, ...change })}.${signature}`
    await expectRefusedSession(environment, changed)
  })

  it('is refused when another key signed it under the name of the right one', async () => {
    const environment = await makeEnvironment()
    const mallory = await makeSigner()
    await expectRefusedSession(environment, await signRaw(mallory.privateKey, HEADER, claims()))
  })

  it('is refused when the backend signed it, whose assertions are welcome', async () => {
    const environment = await makeEnvironment()
    const forged = await signRaw(environment.backend.privateKey, HEADER, claims())
    await expectRefusedSession(environment, forged)
    await expectRefusedSession(environment, await environment.assertion({ sub: 'alice' }))
  })
})

describe('the header of a session', () => {
  it.each([
    '../../../../dev/null',
    '/dev/null',
    "k1' OR '1'='1",
    "x' UNION SELECT 'key' --",
    'k1\u0000',
    'K1',
    'k2',
    '',
    'k1|/bin/true',
    '__proto__',
    'constructor',
  ])('finds no key by the name %j, though the right one signed', async (kid) => {
    const environment = await makeEnvironment()
    const token = await signRaw(environment.login.privateKey, { ...HEADER, kid }, claims())
    await expectRefusedSession(environment, token)
  })

  it.each<[string, unknown]>([
    ['a number', 1],
    ['a list', ['k1']],
    ['an object', { kid: 'k1' }],
  ])('takes no %s for the name of a key', async (_what, kid) => {
    const environment = await makeEnvironment()
    const token = await signRaw(environment.login.privateKey, { ...HEADER, kid }, claims())
    const mallory = await makeSigner()
    const forged = await signRaw(mallory.privateKey, { ...HEADER, kid }, claims())
    await expectRefusedSession(environment, forged)
    expect((await call(environment, token)).status).toBeLessThan(500)
  })

  it('may leave the name out where there is one key, and not where there are two', async () => {
    const [one, two] = await Promise.all([makeSigner('ES256', 'k1'), makeSigner('ES256', 'k2')])
    const token = await signRaw(one.privateKey, { alg: 'ES256' }, claims())
    await expectAccepted(await withKeys([one.publicJwk]), token)
    await expectRefusedSession(await withKeys([one.publicJwk, two.publicJwk]), token)
  })

  it.each([
    ['jwk', (jwk: JWK) => ({ jwk })],
    ['jwk under another name', (jwk: JWK) => ({ jwk, kid: 'mine' })],
    ['jwk and no name', (jwk: JWK) => ({ jwk, kid: undefined })],
    ['jku', () => ({ jku: 'https://evil.example/keys' })],
    ['x5u', () => ({ x5u: 'https://evil.example/chain.pem' })],
    ['x5c', () => ({ x5c: ['MIIB'] })],
    ['x5t', () => ({ x5t: 'AAAA' })],
  ])('does not bring its own key along as %s, nor have it fetched', async (_what, more) => {
    const environment = await makeEnvironment()
    const mallory = await makeSigner()
    const fetched = vi.spyOn(globalThis, 'fetch')
    const header = { ...HEADER, ...more(mallory.publicJwk) }
    await expectRefusedSession(environment, await signRaw(mallory.privateKey, header, claims()))
    expect(fetched).not.toHaveBeenCalled()
  })

  it.each<[string, Record<string, unknown>]>([
    ['an unknown extension', { crit: ['x'], x: 1 }],
    ['a claim for an extension', { crit: ['exp'], exp: 1 }],
    ['an extension that is not there', { crit: ['b64'] }],
    ['an unencoded payload', { crit: ['b64'], b64: false }],
    ['an empty list', { crit: [] }],
    ['a text', { crit: 'x' }],
  ])('is refused where it calls %s critical', async (_what, more) => {
    const environment = await makeEnvironment()
    const token = await signRaw(environment.login.privateKey, { ...HEADER, ...more }, claims())
    await expectRefusedSession(environment, token)
  })

  it.each([
    'mfa+jwt',
    'MFA+JWT',
    'application/mfa+jwt',
    'countersign-assertion+jwt',
    'Application/Countersign-Assertion+JWT',
  ])('is refused with the type %s', async (typ) => {
    const environment = await makeEnvironment()
    await expectRefusedSession(environment, await environment.session({ sub: 'alice' }, { typ }))
  })

  it.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt'])(
    'is accepted with the type %s, which other issuers write',
    async (typ) => {
      const environment = await makeEnvironment()
      await expectAccepted(environment, await environment.session({ sub: 'alice' }, { typ }))
    },
  )

  it.each([
    ['ES384', 'with a key of P-256'],
    ['RS256', 'with a key of P-256'],
    ['EdDSA', 'with a key of P-256'],
    ['ES256K', 'which is not on the list'],
    ['Ed25519', 'which is not on the list'],
  ])('is refused where it says %s %s', async (alg) => {
    const environment = await makeEnvironment()
    const token = await signRaw(environment.login.privateKey, { ...HEADER, alg }, claims())
    await expectRefusedSession(environment, token)
  })

  it.each(['[]', 'null', '"ES256"', '{"alg":"ES256"', 'ES256', '{}'])(
    'is refused where it is %s',
    async (header) => {
      const environment = await makeEnvironment()
      const token = await signRaw(environment.login.privateKey, header, claims())
      await expectRefusedSession(environment, token)
    },
  )
})

describe('our own tokens and sessions', () => {
  it('are not taken for each other', async () => {
    const environment = await makeEnvironment({ mfaTokens: 'session' })
    const user = await environment.user()
    const { secret, factorId } = await enrollTotp(user)
    const { token } = await stepUp(user, secret, ['credential:unlink'])
    await expectRefusedSession(environment, token)
    const { client } = await environment.resource()
    const session = user.bearer()
    const consumed = post(environment.id, 'token.consume', {
      bearer: (await environment.resource()).key,
      body: { token: session, subject: user.subject, action: 'wallet.waas.sign' },
    })
    await expectRefusal(await consumed, 403, 'token_invalid')
    expect(await client.token.introspect.query({ token: session })).toEqual({ active: false })
    const removed = await post(environment.id, 'factor.remove', {
      bearer: session,
      headers: { 'countersign-token': session },
      body: { factorId },
    })
    await expectRefusal(removed, 403, 'token_invalid')
  })

  it('are not taken for each other when the issuer writes at+jwt and all our claims', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const { token } = await stepUp(user, secret, ['wallet:sign'])
    const { payload } = partsOf(token)
    const forged = await environment.login.sign(payload as JWTPayload, { typ: 'at+jwt' })
    await expectRefusedSession(environment, forged)
    const response = await post(environment.id, 'token.consume', {
      bearer: (await environment.resource()).key,
      body: { token: forged, subject: user.subject, action: 'wallet.waas.sign' },
    })
    await expectRefusal(response, 403, 'token_invalid')
  })
})

describe('the claims of a session', () => {
  const raw = (text: string) => (payload: Record<string, unknown>) =>
    JSON.stringify({ ...payload, exp: undefined }).replace(/^\{/, `{${text},`)
  it.each<[string, Record<string, unknown> | ((payload: Record<string, unknown>) => string)]>([
    ['no exp', { exp: undefined }],
    ['exp as text', { exp: '4000000000' }],
    ['exp as date', { exp: '2099-01-01T00:00:00Z' }],
    ['exp null', { exp: null }],
    ['exp true', { exp: true }],
    ['exp as list', { exp: [4_000_000_000] }],
    ['exp negative', { exp: -1 }],
    ['exp 0', { exp: 0 }],
    ['exp long past', { exp: 1_000_000_000 }],
    ['exp in the year 10000', { exp: 253_402_300_800 }],
    ['exp in milliseconds of a far future', { exp: 9_000_000_000_000 }],
    ['exp infinite', raw('"exp":1e999')],
    ['exp NaN', raw('"exp":NaN')],
    ['nbf in the future', { nbf: now() + 600 }],
    ['nbf as text', { nbf: '1' }],
    ['nbf infinite', raw(`"exp":${now() + 600},"nbf":1e999`)],
    ['iat in the future', { iat: now() + 600 }],
    ['iat as text', { iat: 'now' }],
    ['no sub', { sub: undefined }],
    ['sub empty', { sub: '' }],
    ['sub a number', { sub: 7 }],
    ['sub null', { sub: null }],
    ['sub true', { sub: true }],
    ['sub a list', { sub: ['alice'] }],
    ['sub an object', { sub: { toString: 'alice' } }],
    ['sub of 256 characters', { sub: 'a'.repeat(256) }],
    ['sub with a NUL', { sub: 'alice\u0000' }],
    ['sub with a line break', { sub: 'alice\nbob' }],
    ['sub with DEL', { sub: 'alice\u007f' }],
    ['sub with a control character of the upper half', { sub: 'alice\u0085' }],
    ['sub with half of a surrogate pair', { sub: 'alice\ud800' }],
    ['no iss', { iss: undefined }],
    ['iss foreign', { iss: 'https://evil.example' }],
    ['iss with a slash at the end', { iss: `${ISSUER}/` }],
    ['iss in capitals', { iss: 'https://LOGIN.example' }],
    ['iss over http', { iss: 'http://login.example' }],
    ['iss and more', { iss: `${ISSUER}.evil.example` }],
    ['iss as list', { iss: [ISSUER] }],
    ['iss null', { iss: null }],
    ['iss ours', { iss: PUBLIC_URL }],
    ['no aud', { aud: undefined }],
    ['aud foreign', { aud: 'another' }],
    ['aud in capitals', { aud: 'App' }],
    ['aud and a space', { aud: 'app ' }],
    ['aud a number', { aud: 7 }],
    ['aud an empty list', { aud: [] }],
    ['aud a foreign list', { aud: ['another', 'third'] }],
    ['aud a list in a list', { aud: [['app']] }],
    ['aud an object', { aud: { app: true } }],
    ['aud foreign beside a fitting azp', { aud: 'another', azp: 'app' }],
    ['aud an empty list beside a fitting azp', { aud: [], azp: 'app' }],
    ['no aud and a foreign azp', { aud: undefined, azp: 'another' }],
    ['no aud and an azp that is a number', { aud: undefined, azp: 7 }],
    ['sid empty', { sid: '' }],
    ['sid a number', { sid: 7 }],
    ['sid a list', { sid: ['a'] }],
    ['sid null', { sid: null }],
    ['sid of 256 characters', { sid: 's'.repeat(256) }],
  ])('refuse %s', async (_what, change) => {
    const environment = await makeEnvironment()
    const payload = typeof change === 'function' ? change(claims()) : claims(change)
    const token = await signRaw(environment.login.privateKey, HEADER, payload)
    await expectRefusedSession(environment, token)
  })

  it.each<[string, Record<string, unknown>]>([
    ['aud in a list', { aud: ['another', 'app'] }],
    ['azp where there is no aud', { aud: undefined, azp: 'app' }],
    ['aud null, which is no aud, beside a fitting azp', { aud: null, azp: 'app' }],
    ['sub of 255 characters', { sub: 'a'.repeat(255) }],
    ['sub in another script', { sub: 'アリス' }],
    ['no iat', { iat: undefined }],
    ['exp with a fraction', { exp: now() + 600.5 }],
    ['claims that nobody reads', { role: 'admin', email: 'alice@example.com' }],
  ])('accept %s', async (_what, change) => {
    const environment = await makeEnvironment()
    const token = await signRaw(environment.login.privateKey, HEADER, claims(change))
    await expectAccepted(environment, token)
  })

  it.each(['[]', 'null', '"alice"', '7', '', '{"sub":"alice"', 'not json'])(
    'refuse a payload that is %j',
    async (payload) => {
      const environment = await makeEnvironment()
      const token = await signRaw(environment.login.privateKey, HEADER, payload)
      await expectRefusedSession(environment, token)
    },
  )

  it('count the last of two members of one name, as the signing issuer’s reader would', async () => {
    const environment = await makeEnvironment()
    const [first, last] = [unique('first'), unique('last')]
    const text = JSON.stringify(claims({ sub: last })).replace('{', `{"sub":"${first}",`)
    const bearer = await signRaw(environment.login.privateKey, HEADER, text)
    const enrolled = await post(environment.id, 'factor.enroll', { bearer, body: { kind: 'totp' } })
    expect(enrolled.status).toBe(200)
    const pending = async (subject: string) =>
      (await operator.subject.get.query({ environment: environment.id, subject }))
        .pendingEnrollments
    expect(await pending(last)).toBe(1)
    expect(await pending(first)).toBe(0)
  })
})

describe('the clock of a session', () => {
  it.each<[string, (at: number) => Record<string, unknown>]>([
    ['expired 29 seconds ago', (at) => ({ exp: at - 29 })],
    ['good from 30 seconds ahead', (at) => ({ nbf: at + 30 })],
    ['issued 30 seconds ahead', (at) => ({ iat: at + 30 })],
  ])('accepts one that is %s', async (_what, change) => {
    const at = stopClock()
    const environment = await makeEnvironment()
    const token = await signRaw(environment.login.privateKey, HEADER, claims(change(at)))
    await expectAccepted(environment, token)
  })

  it.each<[string, (at: number) => Record<string, unknown>]>([
    ['expired 30 seconds ago', (at) => ({ exp: at - 30 })],
    ['good from 31 seconds ahead', (at) => ({ nbf: at + 31 })],
    ['issued 31 seconds ahead', (at) => ({ iat: at + 31 })],
  ])('refuses one that is %s', async (_what, change) => {
    const at = stopClock()
    const environment = await makeEnvironment()
    const token = await signRaw(environment.login.privateKey, HEADER, claims(change(at)))
    await expectRefusedSession(environment, token)
  })

  it('ends a session at its second also while its verification is remembered', async () => {
    const at = stopClock()
    const environment = await makeEnvironment()
    const token = await environment.session({ sub: 'alice', exp: at + 10 })
    await expectAccepted(environment, token)
    advance(39)
    await expectAccepted(environment, token)
    advance(1)
    await expectRefusedSession(environment, token)
  })
})

describe('the age of a sign-in', () => {
  it.each<[string, (at: number) => unknown]>([
    ['not said', () => undefined],
    ['601 seconds', (at) => at - 601],
    ['31 seconds in the future', (at) => at + 31],
    ['a year in the future', (at) => at + 31_536_000],
    ['a text', (at) => String(at)],
    ['in milliseconds', (at) => at * 1000],
    ['negative', () => -1],
    ['null', () => null],
    ['a list', (at) => [at]],
    ['0', () => 0],
  ])('is too old for a first factor where it is %s', async (_what, authTime) => {
    const at = stopClock()
    const environment = await makeEnvironment()
    const payload = claims({ auth_time: authTime(at) })
    const bearer = await signRaw(environment.login.privateKey, HEADER, payload)
    await expectRefusal(await enroll(environment, bearer), 401, 'session_not_fresh')
    expect(await evidence(environment.id, 'alice')).toMatchObject({
      view: { pendingEnrollments: 0 },
      own: { count: 0 },
    })
    await expectAccepted(environment, bearer)
  })

  it.each<[string, (at: number) => number]>([
    ['600 seconds', (at) => at - 600],
    ['30 seconds in the future', (at) => at + 30],
    ['a fraction of a second', (at) => at - 0.5],
  ])('is fresh enough where it is %s', async (_what, authTime) => {
    const at = stopClock()
    const environment = await makeEnvironment()
    const bearer = await environment.session({ sub: 'alice', auth_time: authTime(at) })
    expect((await enroll(environment, bearer)).status).toBe(200)
  })

  it('grows while the same token is used, remembered or not', async () => {
    const at = stopClock()
    const environment = await makeEnvironment()
    const bearer = await environment.session({ sub: 'alice', auth_time: at - 580 })
    expect((await enroll(environment, bearer)).status).toBe(200)
    advance(21)
    await expectRefusal(await enroll(environment, bearer), 401, 'session_not_fresh')
  })

  it('is not made up by a token that was issued just now', async () => {
    const at = stopClock()
    const environment = await makeEnvironment()
    const bearer = await environment.session({ sub: 'alice', auth_time: undefined, iat: at })
    await expectRefusal(await enroll(environment, bearer), 401, 'session_not_fresh')
  })

  it('is read from the claim, and measured by the seconds, that the settings name', async () => {
    const at = stopClock()
    const environment = await makeEnvironment()
    const { document } = environment
    await operator.environment.update.mutate({
      environment: environment.id,
      version: 1,
      settings: {
        ...document,
        firstFactorSessionSeconds: 60,
        session: { ...document.session, authTimeClaim: 'https://login.example/signed_in' },
      },
    })
    const signIn = (seconds: number, more: JWTPayload = {}) =>
      environment.session({ sub: 'alice', 'https://login.example/signed_in': seconds, ...more })
    expect((await enroll(environment, await signIn(at - 60, { auth_time: 1 }))).status).toBe(200)
    const stale = await enroll(environment, await signIn(at - 61))
    await expectRefusal(stale, 401, 'session_not_fresh')
  })
})

describe('a session whose settings read other claims', () => {
  const FORMS = {
    audiences: ['app'],
    audienceClaim: 'client_id',
    requiredClaims: [
      { claim: 'token_use', equals: 'access' },
      { claim: 'act', absent: true as const },
    ],
    authTime: { from: 'newest' as const, claim: 'amr', member: 'timestamp' },
  }
  const right = () => ({
    client_id: 'app',
    token_use: 'access',
    amr: [{ method: 'pwd', timestamp: now() - 5 }],
  })
  const made = async () => {
    const { login, ...environment } = await makeEnvironment()
    const session = { ...environment.document.session, ...FORMS }
    const settings = { ...environment.document, session }
    await operator.environment.update.mutate({ environment: environment.id, settings, version: 1 })
    const signed = (more: object) =>
      signRaw(login.privateKey, HEADER, claims({ ...right(), ...more }))
    return { environment, signed }
  }

  it('is refused for another application, or as another kind of token', async () => {
    const { environment, signed } = await made()
    await expectAccepted(environment, await signed({}))
    for (const more of [
      { client_id: undefined, azp: 'app' },
      { client_id: ['other', ['app']] },
      { token_use: 'id' },
      { token_use: ['access'] },
      { token_use: 1 },
      { act: { sub: 'admin' } },
    ])
      await expectRefusedSession(environment, await signed(more))
  })

  it('is not fresh by words, future times, or times that are not numbers', async () => {
    const { environment, signed } = await made()
    for (const amr of [
      ['pwd'],
      [{ method: 'pwd', timestamp: now() + 3600 }],
      [{ method: 'pwd', timestamp: `${now()}` }],
      [{ method: 'pwd', timestamp: 1e300 }],
      [{ method: 'pwd', timestamp: now() - 5 }, 'otp'],
      { timestamp: now() },
      undefined,
    ])
      await expectRefusal(
        await enroll(environment, await signed({ amr })),
        401,
        'session_not_fresh',
      )
    expect((await enroll(environment, await signed({}))).status).toBe(200)
  })
})

describe('the spelling of a session', () => {
  it.each<[string, (token: string) => string]>([
    ['padding', (token) => `${token}=`],
    ['padding in its middle', (token) => token.replace('.', '=.')],
    ['a dot at the end', (token) => `${token}.`],
    ['a dot at the beginning', (token) => `.${token}`],
    ['a fourth part', (token) => `${token}.AAAA`],
    ['five parts, as an encrypted one has', (token) => `${token}.AAAA.AAAA`],
    ['two parts', (token) => token.slice(0, token.lastIndexOf('.'))],
    ['an empty header', (token) => token.slice(token.indexOf('.'))],
    ['an empty payload', (token) => token.replace(/\..*\./, '..')],
    ['a space inside', (token) => token.replace('.', ' .')],
    ['a tab inside', (token) => token.replace('.', '\t.')],
    ['the alphabet of plain base64', (token) => `${token.slice(0, -2)}+/`],
    ['percent signs', (token) => token.replace('.', '%2E')],
    ['a character too many', (token) => `${token}A`],
    ['quotes', (token) => `"${token}"`],
    ['JSON in place of the compact form', (token) => JSON.stringify({ payload: token })],
    ['itself twice', (token) => `${token}${token}`],
  ])('is refused with %s', async (_what, spell) => {
    const environment = await makeEnvironment()
    const token = await environment.session({ sub: 'alice' })
    await expectAccepted(environment, token)
    await expectRefusedSession(environment, spell(token))
  })

  it('may differ in what its signature has to spare, and names the same user', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    await enrollTotp(user)
    for (const spelling of [withSpareBits(user.bearer()), withOtherSignature(user.bearer())]) {
      expect(spelling).not.toBe(user.bearer())
      const response = await call(environment, spelling)
      expect(await response.json()).toMatchObject({ result: { data: { enrolled: true } } })
    }
  })

  it('may not differ in what is signed', async () => {
    const environment = await makeEnvironment()
    const payload = claims({ pad: 'x' })
    for (const pad of ['x', 'xx', 'xxx']) {
      const token = await signRaw(environment.login.privateKey, HEADER, { ...payload, pad })
      const [header = '', body = '', signature = ''] = token.split('.')
      if (body.length % 4 === 0) continue
      await expectRefusedSession(environment, `${header}.${withSpareBits(body)}.${signature}`)
    }
  })
})

describe('the algorithms of an issuer', () => {
  const ALL = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'] as const
  const token = (signer: Signer) => signer.sign(claims() as JWTPayload)

  it.each(ALL)('may be %s', async (alg) => {
    const signer = await makeSigner(alg)
    await expectAccepted(await withKeys([signer.publicJwk]), await token(signer))
  })

  it.each(ALL)('may not be %s where the settings leave it out', async (alg) => {
    const signer = await makeSigner(alg)
    const algorithms = ALL.filter((other) => other !== alg)
    const environment = await withKeys([signer.publicJwk], { algorithms })
    await expectRefusedSession(environment, await token(signer))
  })

  it.each(['RS384', 'RS512', 'PS384', 'PS512', 'ES512'])('are never %s', async (alg) => {
    const signer = await makeSigner(alg)
    await expectRefusedSession(await withKeys([signer.publicJwk]), await token(signer))
  })

  it.each(['HS256', 'none', 'dir', 'RSA1_5'])('cannot be set to %s', async (algorithm) => {
    const { id, document } = await makeEnvironment()
    const settings = { ...document, session: { ...document.session, algorithms: [algorithm] } }
    const response = await postAsOperator('environment.update', {
      body: { environment: id, settings, version: 1 },
    })
    await expectRefusal(response, 400, 'input_invalid')
  })

  it('follow what a key says of itself', async () => {
    const rsa = await makeSigner('RS256')
    const pkcs8 = await crypto.subtle.exportKey('pkcs8', rsa.privateKey)
    if (!(pkcs8 instanceof ArrayBuffer)) throw new TypeError()
    const pssKey = await crypto.subtle.importKey(
      'pkcs8',
      pkcs8,
      { name: 'RSA-PSS', hash: 'SHA-256' },
      false,
      ['sign'],
    )
    const pss = await new SignJWT(claims() as JWTPayload)
      .setProtectedHeader({ alg: 'PS256', kid: 'k1' })
      .sign(pssKey)
    await expectRefusedSession(await withKeys([rsa.publicJwk]), pss)
    const { alg: _said, ...silent } = rsa.publicJwk
    await expectAccepted(await withKeys([silent]), pss)
  })

  it.each<[string, JWK]>([
    ['is for encryption', { use: 'enc' }],
    ['only signs', { key_ops: ['sign'] }],
    ['only derives', { key_ops: ['deriveBits'] }],
    ['is for another algorithm', { alg: 'ES384' }],
    ['is for key agreement', { alg: 'ECDH-ES' }],
    ['is of another curve', { crv: 'P-384' }],
    ['is of another kind', { kty: 'OKP' }],
    ['has another name', { kid: 'k9' }],
  ])('do not use a key that %s', async (_what, change) => {
    const signer = await makeSigner()
    const environment = await withKeys([{ ...signer.publicJwk, ...change }])
    await expectRefusedSession(environment, await token(signer))
  })

  it('use a key that says it verifies', async () => {
    const signer = await makeSigner()
    const environment = await withKeys([{ ...signer.publicJwk, key_ops: ['verify'] }])
    await expectAccepted(environment, await token(signer))
  })

  it('do not use a point that is not on the curve', async () => {
    const signer = await makeSigner()
    const environment = await withKeys([{ ...signer.publicJwk, y: signer.publicJwk.x ?? '' }])
    await expectRefusedSession(environment, await token(signer))
  })

  it('do not use an RSA key of 1,024 bits', async () => {
    const weak = await crypto.subtle.generateKey(
      {
        name: 'RSASSA-PKCS1-v1_5',
        modulusLength: 1024,
        publicExponent: Uint8Array.of(1, 0, 1),
        hash: 'SHA-256',
      },
      true,
      ['sign', 'verify'],
    )
    if (!('privateKey' in weak)) throw new TypeError()
    const jwk = (await crypto.subtle.exportKey('jwk', weak.publicKey)) as JWK
    const signed = `${part({ alg: 'RS256', kid: 'k1' })}.${part(claims())}`
    const signature = await crypto.subtle.sign(
      'RSASSA-PKCS1-v1_5',
      weak.privateKey,
      Buffer.from(signed),
    )
    const forged = `${signed}.${Buffer.from(signature).toString('base64url')}`
    await expectRefusedSession(await withKeys([{ ...jwk, kid: 'k1' }]), forged)
  })
})

describe('two environments', () => {
  it('do not take each other’s sessions when their issuers differ', async () => {
    const login = await makeSigner()
    const keys = { jwks: { keys: [{ ...login.publicJwk }] } }
    const make = (issuer: string) =>
      makeEnvironment({ session: { issuer, keys, audiences: ['app'] } })
    const [a, b] = [await make('https://a.example'), await make('https://b.example')]
    const token = await login.sign(claims({ iss: 'https://a.example' }) as JWTPayload)
    await expectAccepted(a, token)
    await expectRefusedSession(b, token)
  })

  it('do not take each other’s sessions when only their audiences differ', async () => {
    const login = await makeSigner()
    const [a, b] = [
      await withKeys([login.publicJwk], { audiences: ['shop'] }),
      await withKeys([login.publicJwk], { audiences: ['bank'] }),
    ]
    const token = await login.sign(claims({ aud: 'shop' }) as JWTPayload)
    await expectAccepted(a, token)
    await expectRefusedSession(b, token)
    await expectAccepted(a, token)
  })

  it('keep the users of one issuer apart', async () => {
    const login = await makeSigner()
    const [a, b] = [await withKeys([login.publicJwk]), await withKeys([login.publicJwk])]
    const bearer = await login.sign(claims() as JWTPayload)
    const enrolled = await post(a.id, 'factor.enroll', { bearer, body: { kind: 'totp' } })
    expect(enrolled.status).toBe(200)
    expect((await evidence(b.id, 'alice')).own.count).toBe(0)
    expect((await evidence(a.id, 'alice')).own.count).toBe(1)
  })
})

describe('what an operator says of sessions', () => {
  const update = async (
    environment: TestEnvironment,
    session: Record<string, unknown>,
    version = 1,
  ) =>
    postAsOperator('environment.update', {
      body: {
        environment: environment.id,
        version,
        settings: {
          ...environment.document,
          session: { ...environment.document.session, ...session },
        },
      },
    })

  it('may be that any audience will do', async () => {
    const environment = await makeEnvironment()
    const session = { acceptAnyAudience: true, audiences: undefined }
    expect((await update(environment, session)).status).toBe(200)
    for (const aud of [undefined, 'another', ['x'], 7]) {
      const token = await signRaw(environment.login.privateKey, HEADER, claims({ aud }))
      await expectAccepted(environment, token)
    }
  })

  it('must be one or the other: audiences, or any', async () => {
    const environment = await makeEnvironment()
    const response = await update(environment, { audiences: undefined })
    const { message } = await expectRefusal(response, 400, 'input_invalid')
    expect(message).toContain('acceptAnyAudience')
  })

  it('may name the user by another claim than sub', async () => {
    const environment = await makeEnvironment()
    expect((await update(environment, { subjectClaim: 'uid' })).status).toBe(200)
    const subject = unique('uid')
    const bearer = await environment.session({ sub: 'alice', uid: subject })
    const enrolled = await post(environment.id, 'factor.enroll', { bearer, body: { kind: 'totp' } })
    expect(enrolled.status).toBe(200)
    expect((await evidence(environment.id, subject)).own.count).toBe(1)
    expect((await evidence(environment.id, 'alice')).own.count).toBe(0)
    await expectRefusedSession(environment, await environment.session({ sub: 'alice' }))
    await expectRefusedSession(environment, await environment.session({ sub: 'alice', uid: '' }))
    // A JWT of an issuer without `sub` is not one that this service takes, whatever names the user.
    await expectRefusedSession(environment, await environment.session({ uid: subject }))
  })

  it.each(['email', 'phone_number', 'preferred_username'])(
    'may not name the user by %s, which can pass to another person',
    async (subjectClaim) => {
      const environment = await makeEnvironment()
      const before = await evidence(environment.id)
      await expectRefusal(await update(environment, { subjectClaim }), 400, 'input_invalid')
      expect(await evidence(environment.id)).toEqual(before)
    },
  )

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'finds no user in what every object has: %s',
    async (subjectClaim) => {
      const environment = await makeEnvironment()
      expect((await update(environment, { subjectClaim })).status).toBe(200)
      await expectRefusedSession(environment, await environment.session({ sub: 'alice' }))
    },
  )

  it('may name the session by another claim, which then must be a text', async () => {
    const environment = await makeEnvironment()
    expect((await update(environment, { sessionIdClaim: 'session_state' })).status).toBe(200)
    const session = (more: JWTPayload) => environment.session({ sub: 'alice', ...more })
    await expectAccepted(environment, await session({ session_state: 's1', sid: 7 }))
    await expectAccepted(environment, await session({}))
    for (const odd of ['', 7, ['s'], {}, 's'.repeat(256)]) {
      await expectRefusedSession(environment, await session({ session_state: odd }))
    }
  })

  it.each([PUBLIC_URL, `${PUBLIC_URL}/`, `${PUBLIC_URL}/demo`, `${PUBLIC_URL}/operator`])(
    'may not be that %s, our own address, issues them',
    async (issuer) => {
      const environment = await makeEnvironment()
      await expectRefusal(await update(environment, { issuer }), 400, 'input_invalid')
    },
  )

  it.each([
    'http://login.example/keys',
    'http://localhost.evil.example/keys',
    'http://127.0.0.1.evil.example/keys',
    'https://user:password@login.example/keys',
    'ftp://login.example/keys',
    'file:///etc/passwd',
    'data:application/json,{}',
    'javascript:0',
    '//login.example/keys',
    'login.example/keys',
    '/keys',
    ' ',
  ])('may not send us to %s for keys', async (jwksUri) => {
    const environment = await makeEnvironment()
    const before = await evidence(environment.id)
    const response = await update(environment, { keys: { jwksUri } })
    await expectRefusal(response, 400, 'input_invalid')
    expect(await evidence(environment.id)).toEqual(before)
  })

  it('may send us to this machine for keys only where the service itself runs on it', async () => {
    const environment = await makeEnvironment()
    const keys = { jwksUri: 'http://localhost:9999/keys' }
    expect((await update(environment, { keys })).status).toBe(200)
    const deployed = withVariables({ PUBLIC_URL: 'https://countersign.example' })
    const { document } = environment
    const response = await post(
      'operator',
      'environment.update',
      {
        bearer: OPERATOR_KEY,
        body: {
          environment: environment.id,
          version: 2,
          settings: { ...document, session: { ...document.session, keys } },
        },
      },
      deployed.send,
    )
    await expectRefusal(response, 400, 'input_invalid')
  })

  it('holds public keys alone', async () => {
    const environment = await makeEnvironment()
    const { publicJwk } = environment.login
    for (const key of [
      { ...publicJwk, d: 'AAAA' },
      { kty: 'oct', k: 'AAAA' },
      { kty: 'RSA', n: 'AAAA', e: 'AQAB', p: 'AAAA' },
      { kty: 7 },
      {},
    ]) {
      const response = await update(environment, { keys: { jwks: { keys: [key] } } })
      await expectRefusal(response, 400, 'input_invalid')
    }
    const none = await update(environment, { keys: { jwks: { keys: [] } } })
    await expectRefusal(none, 400, 'input_invalid')
    const two = { jwks: { keys: [publicJwk] }, jwksUri: 'https://login.example/keys' }
    await expectRefusal(await update(environment, { keys: two }), 400, 'input_invalid')
  })

  it('ends the sessions of a key that it takes away, remembered or not', async () => {
    const environment = await makeEnvironment()
    const token = await environment.session({ sub: 'alice' })
    await expectAccepted(environment, token)
    const { publicJwk } = await makeSigner('ES256', 'k2')
    await update(environment, { keys: { jwks: { keys: [publicJwk] } } })
    await expectRefusedSession(environment, token)
  })
})

describe('a key set that has to be fetched', () => {
  const jwksUri = 'https://login.example/keys'
  const remote = (login?: Signer) =>
    makeEnvironment({ session: { issuer: ISSUER, keys: { jwksUri }, audiences: ['app'] } }).then(
      (environment) => ({ environment, login: login ?? environment.login }),
    )
  const serve = (answer: (init: RequestInit | undefined) => Response | Promise<Response>) =>
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (_input, init) => answer(init))
  const serveKeys = (...signers: Signer[]) =>
    serve(() => Response.json({ keys: signers.map(({ publicJwk }) => publicJwk) }))

  /** Rejects when the caller gives up, as a connection that never answers does. */
  const whenGivenUp = (init: RequestInit | undefined) =>
    new Promise<never>((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
    })
  const endless = (init: RequestInit | undefined) =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"keys":['))
        init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason))
      },
    })

  it.each<[string, (init: RequestInit | undefined, keys: JWK[]) => Response | Promise<Response>]>([
    ['never answers', (init) => whenGivenUp(init)],
    ['never ends', (init) => new Response(endless(init))],
    ['is longer than 128 KiB', (_, keys) => Response.json({ pad: 'x'.repeat(131_072), keys })],
    ['is long and ends in keys', (_, keys) => Response.json({ keys, pad: 'x'.repeat(1_000_000) })],
    ['is somewhere else', () => new Response('', { status: 302, headers: { location: '/k' } })],
    ['moved with its keys', (_, keys) => Response.json({ keys }, { status: 301 })],
    ['is not there', (_, keys) => Response.json({ keys }, { status: 404 })],
    ['is broken', (_, keys) => Response.json({ keys }, { status: 500 })],
    ['is empty', () => new Response(null, { status: 204 })],
    ['is a page', () => new Response('<!doctype html><title>Sign in</title>')],
    ['is half of one', () => new Response('{"keys":[')],
    ['is a list', (_, keys) => Response.json(keys)],
    ['is null', () => Response.json(null)],
    ['has no keys member', () => Response.json({})],
    ['has keys of another form', () => Response.json({ keys: { k1: {} } })],
    ['has keys that are not keys', () => Response.json({ keys: [1, 'k1'] })],
    ['cannot be reached', () => Promise.reject(new TypeError('Network connection lost.'))],
  ])('answers 503 and evaluates nothing while it %s', async (_what, answer) => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const { document, id } = environment
    await operator.environment.update.mutate({
      environment: id,
      version: 1,
      settings: { ...document, session: { ...document.session, keys: { jwksUri } } },
    })
    const before = await evidence(id, user.subject)
    const keys = [environment.login.publicJwk]
    const fetched = serve((init) => answer(init, keys))
    const startedAt = performance.now()
    const response = await post(id, 'challenge.verify', {
      bearer: user.bearer(),
      body: { method: 'totp', code: wrongCode(secret), requestedScopes: ['wallet:sign'] },
    })
    expect(performance.now() - startedAt).toBeLessThan(4500)
    expect(response.headers.get('retry-after')).toBe('5')
    await expectRefusal(response, 503, 'unavailable')
    expect(fetched).toHaveBeenCalledTimes(1)
    expect(await evidence(id, user.subject)).toEqual(before)
    // And it is not remembered: the next call asks again.
    serve(() => Response.json({ keys }))
    expect((await call(environment, user.bearer())).status).toBe(200)
  })

  it('is asked for without following where it points', async () => {
    const { environment, login } = await remote()
    const fetched = serveKeys(login)
    await expectAccepted(environment, await environment.session({ sub: 'alice' }))
    const [address, init] = fetched.mock.calls[0] ?? []
    expect(String(address)).toBe(jwksUri)
    expect(init).toMatchObject({ method: 'GET', redirect: 'manual' })
    expect(new Headers(init?.headers).has('authorization')).toBe(false)
  })

  it('opens nothing while it is empty', async () => {
    const { environment } = await remote()
    serveKeys()
    await expectRefusedSession(environment, await environment.session({ sub: 'alice' }))
  })

  it('is fetched once for many calls, and again after ten minutes', async () => {
    stopClock()
    const { environment, login } = await remote()
    const fetched = serveKeys(login)
    for (let user = 0; user < 10; user += 1) {
      await expectAccepted(environment, await environment.session({ sub: `user-${user}` }))
    }
    advance(599)
    await expectAccepted(environment, await environment.session({ sub: 'alice' }))
    expect(fetched).toHaveBeenCalledTimes(1)
    advance(2)
    await expectAccepted(environment, await environment.session({ sub: 'bob' }))
    expect(fetched).toHaveBeenCalledTimes(2)
  })

  it('is fetched again for an unknown key at most once in half a minute', async () => {
    stopClock()
    const { environment, login } = await remote()
    const fetched = serveKeys(login)
    const knock = async (times: number) => {
      for (let tried = 0; tried < times; tried += 1) {
        const header = { kid: unique('kid') }
        await expectRefusedSession(environment, await environment.session({ sub: 'a' }, header))
      }
    }
    await expectAccepted(environment, await environment.session({ sub: 'alice' }))
    await knock(5)
    expect(fetched).toHaveBeenCalledTimes(1)
    advance(31)
    await knock(5)
    expect(fetched).toHaveBeenCalledTimes(2)
    advance(29)
    await knock(5)
    expect(fetched).toHaveBeenCalledTimes(2)
  })

  it('brings a new key when it is first used, and drops an old one within ten minutes', async () => {
    stopClock()
    const { environment, login } = await remote()
    const next = await makeSigner('ES256', 'k2')
    serveKeys(login)
    await expectAccepted(environment, await environment.session({ sub: 'alice' }))
    serveKeys(next)
    advance(31)
    await expectAccepted(environment, await next.sign(claims() as JWTPayload))
    await expectRefusedSession(environment, await environment.session({ sub: 'bob' }))
  })

  it('brings a new key under an old name with the first token of it, once for all who come', async () => {
    stopClock()
    const { environment, login } = await remote()
    const before = await environment.session({ sub: 'alice' })
    // As a development server does that makes its key when it starts.
    const next = await makeSigner('ES256', 'k1')
    serveKeys(login)
    await expectAccepted(environment, before)
    let letThrough = () => {}
    const gate = new Promise<void>((resolve) => {
      letThrough = resolve
    })
    const fetched = serve(async () => {
      await gate
      return Response.json({ keys: [next.publicJwk] })
    })
    fetched.mockClear()
    advance(30)
    const tokens = await Promise.all(
      ['alice', 'bob', 'carol'].map((sub) => next.sign(claims({ sub }) as JWTPayload)),
    )
    const calls = tokens.map((token) => expectAccepted(environment, token))
    await vi.waitFor(() => expect(fetched).toHaveBeenCalled())
    // One that comes while the keys are on their way waits for them, too.
    calls.push(expectAccepted(environment, await next.sign(claims({ sub: 'dave' }) as JWTPayload)))
    letThrough()
    await Promise.all(calls)
    expect(fetched).toHaveBeenCalledTimes(1)
    await expectRefusedSession(environment, await environment.session({ sub: 'bob' }))
  })

  it('is fetched once in half a minute by any number of forgeries under a known name, and kept', async () => {
    stopClock()
    const { environment, login } = await remote()
    const mallory = await makeSigner('ES256', 'k1')
    const fetched = serveKeys(login)
    const flood = (status: number, reason: Reason) =>
      Promise.all(
        Array.from({ length: 10 }, async () => {
          const forged = await mallory.sign(claims({ sub: unique('user') }) as JWTPayload)
          await expectRefusal(await call(environment, forged), status, reason)
        }),
      )
    await expectAccepted(environment, await environment.session({ sub: 'alice' }))
    for (const fetches of [1, 1, 2, 2, 3]) {
      await flood(401, 'unauthenticated')
      await flood(401, 'unauthenticated')
      expect(fetched).toHaveBeenCalledTimes(fetches)
      advance(15)
    }
    // Neither does an issuer that is away evict what is kept, nor is it asked more often.
    fetched.mockImplementation(() => Promise.reject(new TypeError('Network connection lost.')))
    advance(15)
    await flood(503, 'unavailable')
    await flood(503, 'unavailable')
    expect(fetched).toHaveBeenCalledTimes(4)
    await expectAccepted(environment, await environment.session({ sub: 'bob' }))
    expect(fetched).toHaveBeenCalledTimes(4)
  })

  it('is fetched no more often for unknown keys while the issuer is away', async () => {
    stopClock()
    const { environment, login } = await remote()
    serveKeys(login)
    await expectAccepted(environment, await environment.session({ sub: 'alice' }))
    advance(30)
    const fetched = serve(() => Promise.reject(new TypeError('Network connection lost.')))
    fetched.mockClear()
    for (let tried = 0; tried < 5; tried += 1) {
      const unknown = await environment.session({ sub: 'a' }, { kid: unique('kid') })
      await expectRefusal(await call(environment, unknown), 503, 'unavailable')
    }
    expect(fetched).toHaveBeenCalledTimes(1)
    await expectAccepted(environment, await environment.session({ sub: 'bob' }))
  })

  it('is not shared between environments', async () => {
    const { environment: a, login } = await remote()
    const { environment: b } = await remote()
    const fetched = serveKeys(login)
    const token = await a.session({ sub: 'alice' })
    await expectAccepted(a, token)
    await expectAccepted(b, token)
    expect(fetched).toHaveBeenCalledTimes(2)
  })

  it('is not asked for by a token that says where its keys are', async () => {
    const { environment, login } = await remote()
    const fetched = serveKeys(login)
    const mallory = await makeSigner()
    const header = { ...HEADER, jku: 'https://evil.example/keys', x5u: 'https://evil.example/' }
    await expectRefusedSession(environment, await signRaw(mallory.privateKey, header, claims()))
    expect(fetched.mock.calls.map(([address]) => String(address))).toEqual([jwksUri])
  })

  it('does not hold up what needs no session', async () => {
    const { environment } = await remote()
    serve((init) => whenGivenUp(init))
    const { key } = await environment.resource()
    expect((await post(environment.id, 'policy.list', { bearer: key })).status).toBe(200)
    await expectRefusedSession(environment, 'garbage')
  })
})
