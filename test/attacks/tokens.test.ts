// Attacks with elevated and legacy tokens when they are consumed, introspected and revoked: forged, borrowed,
// expired and reused tokens, and tokens from before a change of the rule. The clock stands still in every test.
import { env } from 'cloudflare:workers'
import { type JWTPayload, SignJWT } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import type { EnvironmentSettings, RulePart } from '../../contract/index.ts'
import { subjectObjectName } from '../../functions/domain/names.ts'
import {
  type CreationOptions,
  createAuthenticator,
  type RequestOptions,
} from '../support/authenticator.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { evidence, historyAfterTheHour, historyOf } from '../support/evidence.ts'
import { answerOf, post } from '../support/http.ts'
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
  AUDIENCE,
  enrollTotp,
  expectRefused,
  makeEnvironment,
  makeSigner,
  now,
  ORIGIN,
  operator,
  refusedBy,
  stepUp,
  type TestEnvironment,
  type TestUser,
  totpCode,
  wrongCode,
} from '../support/service.ts'
import { signingKeyOf } from '../support/signing.ts'
import { withVariables } from '../support/variables.ts'

restartClockAfterEach()
beforeEach(() => {
  stopClock()
})

const SIGN = 'wallet.waas.sign'
const ORDERS = 'https://orders.example'

/** A user with a TOTP factor, and a resource that spends their tokens. */
async function scene(settings: Partial<EnvironmentSettings> = {}) {
  const environment = await makeEnvironment(settings)
  const user = await environment.user()
  const totp = await enrollTotp(user)
  const resource = await environment.resource()
  const consume = (token: string, more: Record<string, unknown> = {}) =>
    resource.client.token.consume.mutate({ token, subject: user.subject, action: SIGN, ...more })
  const earn = async (scopes: string[], details?: Record<string, unknown>) => {
    const { token } = await stepUp(user, totp.secret, scopes, details)
    advance(30)
    return token
  }
  return { environment, user, totp, resource, consume, earn }
}

/** Rewrites an environment's settings. */
async function change(
  { id, document }: TestEnvironment,
  more: Partial<EnvironmentSettings>,
): Promise<void> {
  const { version } = await operator.environment.get.query({ environment: id })
  const settings = { ...document, ...more }
  await operator.environment.update.mutate({ environment: id, settings, version })
}

const ruleFor = (environment: TestEnvironment, action: string, base: RulePart, more = {}) =>
  change(environment, { actions: [{ action, base, ...more }] })

/** The legacy token of a code. */
async function earnLegacy(user: TestUser, secret: string, singleUse: boolean) {
  const { mfaToken } = await user.client.challenge.verify.mutate({
    method: 'totp',
    code: totpCode(secret),
    mfaToken: { singleUse },
  })
  advance(30)
  if (!mfaToken) throw new Error('no legacy token came back')
  return mfaToken
}

describe('a forged token', () => {
  /** Shows a forgery wherever a token is taken; nothing takes it, and the right one is as good as before. */
  async function expectForgery(
    { user, resource, consume, totp }: Awaited<ReturnType<typeof scene>>,
    forged: string,
    right: string,
  ) {
    await expectRefused(consume(forged), 'token_invalid')
    for (const client of [resource.client, user.client]) {
      expect(await client.token.introspect.query({ token: forged })).toEqual({ active: false })
      expect(await client.token.revoke.mutate({ token: forged })).toEqual({ revoked: true })
    }
    const { factorId } = totp
    await expectRefused(user.with(forged).factor.remove.mutate({ factorId }), 'token_invalid')
    await expectRefused(user.with(forged).factor.enroll.mutate({ kind: 'totp' }), 'token_invalid')
    await expectRefused(user.with(forged).recovery.regenerate.mutate(), 'token_invalid')
    expect(await consume(right)).toMatchObject({ accepted: true, replayed: false })
  }

  it.each(['none', 'None', ''])('is refused with the algorithm %j', async (alg) => {
    const at = await scene()
    const right = await at.earn(['wallet:sign'])
    const { header, payload, signature } = partsOf(right)
    const unsigned = `${part({ ...header, alg })}.${part(payload)}`
    await expectRefused(at.consume(`${unsigned}.`), 'token_invalid')
    await expectForgery(at, `${unsigned}.${signature}`, right)
  })

  it('is refused when it is signed with the public key as an HMAC secret', async () => {
    const at = await scene()
    const right = await at.earn(['wallet:sign'])
    const { header, payload } = partsOf(right)
    const secrets = await publicSecretsOf(await signingKeyOf(at.environment.id))
    for (const secret of Object.values(secrets)) {
      const forged = await signShared(secret, { ...header, alg: 'HS256' }, payload)
      await expectRefused(at.consume(forged), 'token_invalid')
    }
    const [secret = new Uint8Array(1)] = Object.values(secrets)
    await expectForgery(at, await signShared(secret, { ...header, alg: 'HS256' }, payload), right)
  })

  it.each([
    ['under the name of the right one', {}],
    ['under no name', { kid: undefined }],
    ['under its own name', { kid: 'mallory' }],
    ['that it brings along', { jwk: true }],
  ])('is refused when it is signed with another key %s', async (_what, more: object) => {
    const at = await scene()
    const right = await at.earn(['wallet:sign'])
    const { header, payload } = partsOf(right)
    const mallory = await makeSigner()
    const bent = { ...header, ...more, ...('jwk' in more && { jwk: mallory.publicJwk }) }
    await expectForgery(at, await signRaw(mallory.privateKey, bent, payload), right)
  })

  it.each([
    ['the user', { sub: 'mallory' }],
    ['the scope', { scope: 'wallet:sign wallet:export' }],
    ['the audience', { aud: ORDERS }],
    ['the expiry', { exp: 4_000_000_000 }],
    ['the number of uses', { singleUse: false }],
    ['the level', { acr: 'phr' }],
    ['the age of the proof', { auth_time: 4_000_000_000 }],
    ['its id', { jti: 'A'.repeat(22) }],
    ['the details', { authorization_details: [{ type: SIGN, to: 'mallory' }] }],
  ])('is refused when %s was changed', async (_what, more) => {
    const at = await scene()
    const right = await at.earn(['wallet:sign'])
    const { header, payload, signature } = partsOf(right)
    const forged = `${part(header)}.${part({ ...payload, ...more })}.${signature}`
    await expectForgery(at, forged, right)
  })

  it.each(['mfa+jwt', 'JWT', 'at+jwt '])('is refused when its type became %j', async (typ) => {
    const at = await scene()
    const right = await at.earn(['wallet:sign'])
    const { header, payload, signature } = partsOf(right)
    await expectForgery(at, `${part({ ...header, typ })}.${part(payload)}.${signature}`, right)
  })

  it('is refused when it is a session, an assertion, or no token', async () => {
    const at = await scene()
    const right = await at.earn(['wallet:sign'])
    const assertion = await at.environment.assertion({ sub: at.user.subject, scope: 'wallet:sign' })
    for (const forged of [
      at.user.bearer(),
      assertion,
      'garbage',
      'a.b.c',
      `${right}.`,
      `${right}=`,
    ]) {
      await expectRefused(at.consume(forged), 'token_invalid')
    }
    expect(await at.consume(right)).toMatchObject({ accepted: true })
  })

  it('leaves nothing in the history, which anybody could fill otherwise', async () => {
    const at = await scene()
    const right = await at.earn(['wallet:sign'])
    const before = await evidence(at.environment.id, at.user.subject)
    const mallory = await makeSigner()
    const { header, payload } = partsOf(right)
    await expectRefused(
      at.consume(await signRaw(mallory.privateKey, header, payload)),
      'token_invalid',
    )
    await historyOf(at.environment.id, at.user.subject)
    expect(await evidence(at.environment.id, at.user.subject)).toEqual(before)
  })
})

describe('a token that the right key signed and nobody minted', () => {
  const sign = async (
    { id }: TestEnvironment,
    payload: Record<string, unknown>,
    header: Record<string, unknown> = {},
  ) => {
    const { key, kid } = await signingKeyOf(id)
    return new SignJWT(payload as JWTPayload)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...header })
      .sign(key)
  }

  it('is accepted when it is the minted one word for word, so that what follows means something', async () => {
    const at = await scene()
    const { payload } = partsOf(await at.earn(['wallet:sign']))
    expect(await at.consume(await sign(at.environment, payload))).toMatchObject({ accepted: true })
  })

  it('is refused, since what was not minted is not in the ledger', async () => {
    const at = await scene()
    const { payload } = partsOf(await at.earn(['wallet:sign']))
    const invented = await sign(at.environment, { ...payload, jti: 'A'.repeat(22) })
    await expectRefused(at.consume(invented), 'token_revoked')
    const { client } = at.resource
    expect(await client.token.introspect.query({ token: invented })).toEqual({ active: false })
    const stranger = await sign(at.environment, { ...payload, sub: 'never-came' })
    await expectRefused(at.consume(stranger, { subject: 'never-came' }), 'token_revoked')
  })

  it.each<[string, scope: string, change: (user: TestUser, factorId: string) => Promise<unknown>]>([
    [
      'to make recovery codes',
      'credential:update',
      ({ client }) => client.recovery.regenerate.mutate(),
    ],
    [
      'to remove a factor',
      'credential:unlink',
      ({ client }, factorId) => client.factor.remove.mutate({ factorId }),
    ],
  ])(
    'is refused under the id of a live token of another scope, %s',
    async (_what, scope, change) => {
      const at = await scene()
      const live = await at.earn(['wallet:sign'])
      const aud = at.environment.issuer
      const forged = await sign(at.environment, { ...partsOf(live).payload, scope, aud })
      at.user.with(forged)
      await expectRefused(change(at.user, at.totp.factorId), 'token_invalid')
      expect(await at.consume(live)).toMatchObject({ accepted: true })
    },
  )

  it('is refused under the id of a live token of another scope or kind, by a resource', async () => {
    const at = await scene()
    const live = await at.earn(['wallet:sign'])
    const wider = await sign(at.environment, { ...partsOf(live).payload, scope: 'wallet:export' })
    await expectRefused(at.consume(wider, { action: 'wallet.waas.export' }), 'token_invalid')
    const legacy = await earnLegacy(at.user, at.totp.secret, true)
    const claims = { ...partsOf(live).payload, jti: partsOf(legacy.token).payload.jti }
    await expectRefused(at.consume(await sign(at.environment, claims)), 'token_invalid')
    expect(await at.consume(live)).toMatchObject({ accepted: true })
    expect(await at.consume(legacy.token)).toMatchObject({ accepted: true })
  })

  it.each<[string, Record<string, unknown>]>([
    ['an unknown claim', { admin: true }],
    ['no epoch', { epoch: undefined }],
    ['an epoch as text', { epoch: '0' }],
    ['no scope', { scope: undefined }],
    ['an empty scope', { scope: '' }],
    ['a list of scopes', { scope: ['wallet:sign'] }],
    ['no word on its uses', { singleUse: undefined }],
    ['uses as text', { singleUse: 'false' }],
    ['two audiences', { aud: [AUDIENCE, ORDERS] }],
    ['no audience', { aud: undefined }],
    ['no user', { sub: undefined }],
    ['an empty user', { sub: '' }],
    ['no id', { jti: undefined }],
    ['a short id', { jti: 'A' }],
    ['an id that is a number', { jti: 7 }],
    ['no expiry', { exp: undefined }],
    ['an expiry beyond the year 2099', { exp: 4_102_444_801 }],
    ['no level', { acr: undefined }],
    ['an unknown level', { acr: 'aal3' }],
    ['no methods', { amr: [] }],
    ['no age', { auth_time: undefined }],
    ['an age as text', { auth_time: '1' }],
    ['two sets of details', { authorization_details: [{ type: SIGN }, { type: SIGN }] }],
    ['details outside a list', { authorization_details: { type: SIGN } }],
    ['another issuer', { iss: 'http://localhost:8787/another' }],
    ['the issuer’s base', { iss: 'http://localhost:8787' }],
  ])('is refused with %s', async (_what, more) => {
    const at = await scene()
    const { payload } = partsOf(await at.earn(['wallet:sign']))
    const token = await sign(at.environment, { ...payload, ...more })
    await expectRefused(at.consume(token), 'token_invalid')
  })

  it.each<[string, Record<string, unknown>]>([
    ['no type', { typ: undefined }],
    ['the type of any JWT', { typ: 'JWT' }],
    ['the type of a legacy token', { typ: 'mfa+jwt' }],
    ['its type spelt long', { typ: 'application/at+jwt' }],
    ['its type in capitals', { typ: 'AT+JWT' }],
    ['no name of its key', { kid: 'k1' }],
  ])('is refused with %s', async (_what, header) => {
    const at = await scene()
    const { payload } = partsOf(await at.earn(['wallet:sign']))
    await expectRefused(at.consume(await sign(at.environment, payload, header)), 'token_invalid')
  })

  it('is refused when it is a legacy token under the type of an elevated one', async () => {
    const at = await scene()
    const legacy = await earnLegacy(at.user, at.totp.secret, true)
    const { payload } = partsOf(legacy.token)
    await expectRefused(at.consume(await sign(at.environment, payload)), 'token_invalid')
    const widened = await sign(at.environment, {
      ...payload,
      aud: AUDIENCE,
      scope: 'wallet:export',
    })
    const spent = await at.resource.client.token.consume
      .mutate({ token: legacy.token, subject: at.user.subject, action: SIGN })
      .then(({ accepted }) => accepted)
    expect(spent).toBe(true)
    await expectRefused(at.consume(widened, { action: 'wallet.waas.export' }), 'token_invalid')
  })

  it('is refused under an earlier or later epoch', async () => {
    const at = await scene()
    const { payload } = partsOf(await at.earn(['wallet:sign']))
    const later = await sign(at.environment, { ...payload, epoch: 1 })
    await expectRefused(at.consume(later), 'token_revoked')
  })
})

describe('another spelling of a token', () => {
  it.each([
    ['the spare bits of its signature set', withSpareBits],
    ['the other signature that fits (r, n − s)', withOtherSignature],
    ['both', (token: string) => withSpareBits(withOtherSignature(token))],
  ])('is the same token, and used once the first was: %s', async (_what, spell) => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    expect(spell(token)).not.toBe(token)
    expect(await at.resource.client.token.introspect.query({ token: spell(token) })).toMatchObject({
      active: true,
    })
    await at.consume(token)
    await expectRefused(at.consume(spell(token)), 'token_used')
  })

  it('does not win a race against the first', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    const spellings = [token, withSpareBits(token), withOtherSignature(token)]
    const outcomes = await Promise.allSettled(
      Array.from({ length: 15 }, (_, index) => at.consume(spellings[index % 3] ?? token)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('does not revoke less than the first', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    await at.user.client.token.revoke.mutate({ token: withOtherSignature(token) })
    await expectRefused(at.consume(token), 'token_revoked')
  })
})

describe('a token in the wrong hands', () => {
  it('is good in no other environment, even one of the same application and user', async () => {
    const [here, there] = [await scene(), await scene()]
    const token = await here.earn(['wallet:sign'])
    const { subject } = here.user
    await expectRefused(there.consume(token, { subject }), 'token_invalid')
    const { client } = there.resource
    expect(await client.token.introspect.query({ token })).toEqual({ active: false })
    expect(await client.token.revoke.mutate({ token })).toEqual({ revoked: true })
    expect(await here.consume(token)).toMatchObject({ accepted: true })
  })

  it('is good for no other audience, action, scope, user or session, and burns nothing there', async () => {
    const environment = await makeEnvironment({
      audiences: [AUDIENCE, ORDERS],
      actions: [{ action: 'order.refund', scope: 'orders:refund', audience: ORDERS }],
    })
    const user = await environment.user({ sid: 'session-1' })
    const { secret } = await enrollTotp(user)
    const [wallet, orders] = [await environment.resource(), await environment.resource(ORDERS)]
    const { token } = await stepUp(user, secret, ['wallet:sign'])
    const { subject } = user
    const refused = [
      [orders, { action: SIGN, subject }, 'forbidden'],
      [orders, { scope: 'wallet:sign', subject }, 'forbidden'],
      [orders, { action: 'order.refund', subject }, 'token_invalid'],
      [wallet, { action: 'order.refund', subject }, 'forbidden'],
      [wallet, { action: 'credential.unlink', subject }, 'forbidden'],
      [wallet, { action: 'wallet.waas.export', subject }, 'scope_not_allowed'],
      [wallet, { scope: 'wallet:export', subject }, 'scope_not_allowed'],
      [wallet, { action: 'wallet.waas.nothing', subject }, 'unknown_action'],
      [wallet, { action: SIGN, subject: 'mallory' }, 'token_invalid'],
      [wallet, { action: SIGN, subject: subject.toUpperCase() }, 'token_invalid'],
      [wallet, { action: SIGN, subject: `${subject} ` }, 'token_invalid'],
      [wallet, { action: SIGN, subject, sessionId: 'session-2' }, 'token_invalid'],
    ] as const
    for (const [{ client }, use, reason] of refused) {
      await expectRefused(client.token.consume.mutate({ token, ...use }), reason)
    }
    const use = { action: SIGN, subject, sessionId: 'session-1' }
    expect(await wallet.client.token.consume.mutate({ token, ...use })).toMatchObject({
      accepted: true,
      replayed: false,
      claims: { sid: 'session-1' },
    })
  })

  it('opens no change of factors by another user, of another session or with another scope', async () => {
    const environment = await makeEnvironment()
    const alice = await environment.user({ sid: 'session-1' })
    const { secret, factorId } = await enrollTotp(alice)
    const mallory = await environment.user()
    const other = await enrollTotp(mallory)
    const { token } = await stepUp(alice, secret, ['credential:unlink'])
    const removal = mallory.with(token).factor.remove.mutate({ factorId: other.factorId })
    await expectRefused(removal, 'token_invalid')
    await alice.signIn({ sid: 'session-2' })
    await expectRefused(alice.with(token).factor.remove.mutate({ factorId }), 'token_invalid')
    await alice.signIn({ sid: 'session-1' })
    await expectRefused(
      alice.with(token).factor.setDefault.mutate({ factorId }),
      'scope_not_allowed',
    )
    await expectRefused(
      alice.with(token).factor.remove.mutate({ factorId: other.factorId }),
      'factor_not_found',
    )
    const { factors } = await alice.with(token).factor.remove.mutate({ factorId })
    expect(factors).toEqual([])
  })

  it('opens no change of factors when it is for a wallet', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    const { factorId } = at.totp
    await expectRefused(at.user.with(token).factor.remove.mutate({ factorId }), 'token_invalid')
    expect(await at.consume(token)).toMatchObject({ accepted: true })
  })

  it('cannot be consumed by a resource when it is for Countersign itself', async () => {
    const at = await scene()
    const token = await at.earn(['credential:unlink'])
    await expectRefused(at.consume(token, { action: 'credential.unlink' }), 'forbidden')
    await expectRefused(at.consume(token), 'token_invalid')
    const { factorId } = at.totp
    const { factors } = await at.user.with(token).factor.remove.mutate({ factorId })
    expect(factors).toEqual([])
  })
})

describe('a token that was ended', () => {
  type Scene = Awaited<ReturnType<typeof scene>>
  it.each<[string, (at: Scene, token: string) => Promise<unknown>]>([
    ['revoked by its user', ({ user }, token) => user.client.token.revoke.mutate({ token })],
    [
      'revoked by its resource',
      ({ resource }, token) => resource.client.token.revoke.mutate({ token }),
    ],
    [
      'revoked by another key of its resource',
      async ({ environment }, token) => {
        const { client } = await environment.resource()
        return client.token.revoke.mutate({ token })
      },
    ],
    [
      'ended by an operator',
      ({ environment, user }) =>
        operator.subject.endTokens.mutate({ environment: environment.id, subject: user.subject }),
    ],
    [
      'ended by a reset of its user',
      ({ environment, user }) =>
        operator.subject.resetFactors.mutate({
          environment: environment.id,
          subject: user.subject,
        }),
    ],
  ])('is refused for good: %s', async (_what, end) => {
    const at = await scene()
    const [token, reusable] = [await at.earn(['wallet:sign']), await at.earn(['user:update'])]
    await at.consume(reusable, { action: 'user.update' })
    await end(at, token)
    await end(at, reusable)
    await expectRefused(at.consume(token), 'token_revoked')
    await expectRefused(at.consume(reusable, { action: 'user.update' }), 'token_revoked')
    for (const { client } of [at.user, at.resource]) {
      expect(await client.token.introspect.query({ token })).toEqual({ active: false })
    }
    // Once more is no error, and wakes nothing.
    expect(await at.user.client.token.revoke.mutate({ token })).toEqual({ revoked: true })
    await expectRefused(at.consume(token), 'token_revoked')
  })

  it('is as good as before when somebody else pretended to revoke it', async () => {
    const at = await scene({ audiences: [AUDIENCE, ORDERS] })
    const token = await at.earn(['wallet:sign'])
    const mallory = await at.environment.user()
    const orders = await at.environment.resource(ORDERS)
    for (const { client } of [mallory, orders]) {
      expect(await client.token.revoke.mutate({ token })).toEqual({ revoked: true })
      expect(await client.token.introspect.query({ token })).toEqual({ active: false })
    }
    expect(await at.consume(token)).toMatchObject({ accepted: true })
    const events = await historyOf(at.environment.id, at.user.subject)
    expect(events.map(({ type }) => type)).not.toContain('token.revoked')
  })

  it('ends with the factor that produced it, and no other does', async () => {
    const at = await scene()
    const link = await at.earn(['credential:link'])
    const second = await enrollTotp(at.user, link)
    const byFirst = await at.earn(['wallet:sign'])
    const stepUpSecond = async (requestedScopes: string[]) => {
      const { elevatedToken } = await at.user.client.challenge.verify.mutate({
        method: 'totp',
        factorId: second.factorId,
        code: totpCode(second.secret),
        requestedScopes,
      })
      advance(30)
      return elevatedToken?.token ?? ''
    }
    const bySecond = await stepUpSecond(['wallet:export'])
    const unlink = await stepUpSecond(['credential:unlink'])
    await at.user.with(unlink).factor.remove.mutate({ factorId: at.totp.factorId })
    await expectRefused(at.consume(byFirst), 'token_revoked')
    expect(await at.consume(bySecond, { action: 'wallet.waas.export' })).toMatchObject({
      accepted: true,
    })
  })

  it('ends with new recovery codes when an old one produced it, and no other does', async () => {
    const at = await scene({
      actions: [{ action: SIGN, base: { acr: 'recovery' } }],
    })
    const [code = ''] = at.totp.recoveryCodes
    const { elevatedToken } = await at.user.client.challenge.verify.mutate({
      method: 'recovery',
      code,
      requestedScopes: ['wallet:sign'],
    })
    const byTotp = await at.earn(['wallet:sign'])
    const update = await at.earn(['credential:update'])
    await at.user.with(update).recovery.regenerate.mutate()
    await expectRefused(at.consume(elevatedToken?.token ?? ''), 'token_revoked')
    expect(await at.consume(byTotp)).toMatchObject({ accepted: true })
  })

  it('does not open a change of factors either', async () => {
    const at = await scene()
    const token = await at.earn(['credential:unlink'])
    await at.user.client.token.revoke.mutate({ token })
    const { factorId } = at.totp
    await expectRefused(at.user.with(token).factor.remove.mutate({ factorId }), 'token_revoked')
  })

  it('ends when its key is said to be compromised, not when the key is only replaced', async () => {
    const at = await scene()
    const environment = at.environment.id
    const [before, kept] = [await at.earn(['wallet:sign']), await at.earn(['wallet:sign'])]
    await operator.environment.rotateKeys.mutate({ environment })
    expect(await at.consume(before)).toMatchObject({ accepted: true })
    await operator.environment.rotateKeys.mutate({ environment, compromised: true })
    await expectRefused(at.consume(kept), 'token_invalid')
  })
})

describe('the life of a token', () => {
  it('lasts to its last second and not beyond', async () => {
    const at = await scene()
    const { token, expiresAt } = await stepUp(at.user, at.totp.secret, ['wallet:sign'])
    expect(expiresAt).toBe(now() + 300)
    advance(299)
    const { client } = at.resource
    expect(await client.token.introspect.query({ token })).toMatchObject({ active: true })
    advance(1)
    await expectRefused(at.consume(token), 'token_expired')
    expect(await client.token.introspect.query({ token })).toEqual({ active: false })
    const { factorId } = at.totp
    await expectRefused(at.user.with(token).factor.remove.mutate({ factorId }), 'token_expired')
  })

  it('is over in the object of its user by itself, whatever the edge before it let through', async () => {
    const at = await scene()
    const { environment, subject } = { environment: at.environment.id, subject: at.user.subject }
    const { token } = await stepUp(at.user, at.totp.secret, ['wallet:sign'])
    const jti = String(partsOf(token).payload.jti)
    const object = env.SUBJECT.getByName(subjectObjectName(environment, subject))
    const use = () =>
      object.consume({
        who: { environment, subject, epoch: 0, keepDays: 400, rpId: 'app.example' },
        requirement: {
          ...{ action: SIGN, scope: 'wallet:sign', methods: ['totp'], acr: 'aal2' },
          ...{ freshnessSeconds: 300, details: 'optional' },
        },
        presented: { kind: 'elevated', scope: 'wallet:sign' },
        ...{ jti, action: SIGN, actor: 'resource:edge', requestHash: 'the same request' },
      })
    advance(299)
    expect(await use()).toEqual({ replayed: false })
    advance(1)
    expect(await use()).toMatchObject({ refused: { reason: 'token_expired' } })
  })

  it('is ended once, and not once it is over', async () => {
    const at = await scene()
    const { environment, user, totp } = at
    const { token: over } = await stepUp(user, totp.secret, ['wallet:sign'])
    advance(30)
    const revoked = await at.earn(['wallet:sign'])
    await at.user.client.token.revoke.mutate({ token: revoked })
    advance(240)
    const { token: alive } = await stepUp(user, totp.secret, ['wallet:sign'])
    const whom = { environment: environment.id, subject: user.subject }
    const end = () => operator.subject.endTokens.mutate(whom)
    expect(await end()).toEqual({ endedTokens: 1 })
    expect(await end()).toEqual({ endedTokens: 0 })
    await expectRefused(at.consume(alive), 'token_revoked')
    await expectRefused(at.consume(over), 'token_expired')
  })

  it('lasts long enough to be used in its last second', async () => {
    const at = await scene()
    const { token } = await stepUp(at.user, at.totp.secret, ['wallet:sign'])
    advance(299)
    expect(await at.consume(token)).toMatchObject({ accepted: true })
  })

  it('is cut short for a reusable token when the operator wants fresher proofs', async () => {
    const at = await scene()
    const { token } = await stepUp(at.user, at.totp.secret, ['user:update'])
    const use = { action: 'user.update' }
    await ruleFor(at.environment, 'user.update', { freshnessSeconds: 60 })
    advance(60)
    expect(await at.consume(token, use)).toMatchObject({ accepted: true })
    advance(1)
    const { requirement } = await expectRefused(at.consume(token, use), 'step_up_required')
    expect(requirement).toMatchObject({ action: 'user.update', freshnessSeconds: 60 })
    await change(at.environment, {})
    expect(await at.consume(token, use)).toMatchObject({ accepted: true })
  })
})

describe('a rule that became stricter', () => {
  it.each<[string, RulePart, string]>([
    ['only a passkey will do', { acr: 'phr' }, 'step_up_required'],
    ['its method is no longer named', { methods: ['passkey'] }, 'step_up_required'],
    ['no method is named', { methods: [] }, 'denied'],
    ['nobody may do it', { require: 'deny' }, 'denied'],
    ['it wants details', { details: 'required' }, 'details_required'],
  ])('holds for tokens of before: %s', async (_what, base, reason) => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    await ruleFor(at.environment, SIGN, base)
    expect(await refusedBy(at.consume(token))).toMatchObject({ reason })
    await change(at.environment, {})
    expect(await at.consume(token)).toMatchObject({ accepted: true, replayed: false })
  })

  it('wants the details in the token, not only beside it', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    await ruleFor(at.environment, SIGN, { details: 'required' })
    const { requirement } = await expectRefused(
      at.consume(token, { details: { to: 'a' } }),
      'step_up_required',
    )
    expect(requirement).toMatchObject({ details: 'required' })
  })

  it('holds when the method is switched off for the whole environment', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    await change(at.environment, { methods: { totp: { enabled: false } } })
    const { requirement } = await expectRefused(at.consume(token), 'step_up_required')
    expect(requirement).toMatchObject({ methods: ['passkey'] })
  })

  it('holds for the changes of factors', async () => {
    const at = await scene()
    const token = await at.earn(['credential:unlink'])
    const { factorId } = at.totp
    const remove = () => at.user.with(token).factor.remove.mutate({ factorId })
    await ruleFor(at.environment, 'credential.unlink', { acr: 'phr' })
    await expectRefused(remove(), 'step_up_required')
    await ruleFor(at.environment, 'credential.unlink', { methods: ['passkey'] })
    await expectRefused(remove(), 'step_up_required')
    await ruleFor(at.environment, 'credential.unlink', { require: 'deny' })
    await expectRefused(remove(), 'denied')
    await change(at.environment, {})
    expect(await remove()).toEqual({ factors: [] })
  })

  it('lets a token of before go to no audience but its own', async () => {
    const at = await scene({ audiences: [AUDIENCE, ORDERS] })
    const token = await at.earn(['wallet:sign'])
    await ruleFor(at.environment, SIGN, {}, { audience: ORDERS })
    const orders = await at.environment.resource(ORDERS)
    const { subject } = at.user
    await expectRefused(
      orders.client.token.consume.mutate({ token, subject, action: SIGN }),
      'token_invalid',
    )
  })

  it('ends for a reusable token when the rule became single-use', async () => {
    const at = await scene()
    const token = await at.earn(['user:update'])
    await ruleFor(at.environment, 'user.update', { singleUse: true })
    const use = { action: 'user.update' }
    const { requirement } = await expectRefused(at.consume(token, use), 'step_up_required')
    expect(requirement).toMatchObject({ scope: 'user:update' })
    const next = await at.earn(['user:update'])
    expect(await at.consume(next, use)).toMatchObject({ claims: { singleUse: true } })
    await expectRefused(at.consume(next, use), 'token_used')
  })
})

describe('a token that is bound to details', () => {
  const details = { to: '0xabc', amount: 1, memo: 'é', list: [1, 2] }

  it.each<[string, Record<string, unknown> | undefined]>([
    ['none', undefined],
    ['none to speak of', {}],
    ['another address', { ...details, to: '0xabd' }],
    ['another amount', { ...details, amount: 2 }],
    ['the amount as text', { ...details, amount: '1' }],
    ['an amount a little larger', { ...details, amount: 1.000001 }],
    ['one member more', { ...details, fee: 0 }],
    ['one member less', { to: '0xabc', amount: 1, memo: 'é' }],
    ['the list in another order', { ...details, list: [2, 1] }],
    ['the accent composed otherwise', { ...details, memo: 'e\u0301' }],
    ['the address in capitals', { ...details, to: '0xABC' }],
    ['null for a member', { ...details, memo: null }],
  ])('is refused with %s, and burns nothing', async (_what, other) => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'], details)
    await expectRefused(at.consume(token, other && { details: other }), 'details_mismatch')
    expect(await at.consume(token, { details })).toMatchObject({ accepted: true, replayed: false })
  })

  it.each<[string, string]>([
    ['the same', '{"to":"0xabc","amount":1,"memo":"é","list":[1,2]}'],
    ['the members in another order', '{"list":[1,2],"memo":"é","amount":1,"to":"0xabc"}'],
    ['1.0 for 1', '{"to":"0xabc","amount":1.0,"memo":"é","list":[1,2]}'],
    ['1e0 for 1', '{"to":"0xabc","amount":1e0,"memo":"é","list":[1.0,2e0]}'],
    ['an escape for a letter', '{"to":"0xabc","amount":1,"memo":"\\u00e9","list":[1,2]}'],
    ['spaces', '{ "to" : "0xabc", "amount":1 , "memo":"é","list":[ 1,2 ] }'],
  ])('is accepted with %s', async (_what, text) => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'], details)
    const use = JSON.stringify({ token, subject: at.user.subject, action: SIGN })
    const response = await post(at.environment.id, 'token.consume', {
      bearer: at.resource.key,
      body: use.replace('{', `{"details":${text},`),
    })
    expect(await answerOf(response)).toMatchObject({ accepted: true })
  })

  it('carries them with the action as their type, and no other scope', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'], details)
    expect(partsOf(token).payload).toMatchObject({
      scope: 'wallet:sign',
      authorization_details: [{ ...details, type: SIGN }],
    })
    await expectRefused(at.earn(['wallet:sign', 'wallet:export'], details), 'scope_not_allowed')
  })

  it('is wanted by a rule before a code is counted', async () => {
    const at = await scene({ actions: [{ action: SIGN, base: { details: 'required' } }] })
    const before = await evidence(at.environment.id, at.user.subject)
    await expectRefused(at.earn(['wallet:sign']), 'details_required')
    expect(await evidence(at.environment.id, at.user.subject)).toEqual(before)
    const token = await at.earn(['wallet:sign'], details)
    await expectRefused(at.consume(token), 'details_mismatch')
    expect(await at.consume(token, { details })).toMatchObject({ accepted: true })
  })

  it('is not the only one that passes where details are optional', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    expect(await at.consume(token, { details })).toMatchObject({ accepted: true })
  })
})

describe('the repetition of a consume', () => {
  const key = 'idempotency-key-1'

  it('is answered again for a minute, with the same claims and no second event', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    const first = await at.consume(token, { idempotencyKey: key })
    advance(60)
    const again = await at.consume(token, { idempotencyKey: key })
    expect([first.replayed, again.replayed]).toEqual([false, true])
    expect(again.claims).toEqual(first.claims)
    advance(1)
    await expectRefused(at.consume(token, { idempotencyKey: key }), 'token_used')
    const events = await historyOf(at.environment.id, at.user.subject)
    expect(events.filter(({ type }) => type === 'token.consumed')).toHaveLength(1)
  })

  it('is not prolonged by repeating', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    await at.consume(token, { idempotencyKey: key })
    for (let repeated = 0; repeated < 3; repeated += 1) {
      advance(20)
      expect(await at.consume(token, { idempotencyKey: key })).toMatchObject({ replayed: true })
    }
    advance(20)
    await expectRefused(at.consume(token, { idempotencyKey: key }), 'token_used')
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['another key', { idempotencyKey: 'idempotency-key-2' }, 'token_used'],
    ['the key in capitals', { idempotencyKey: key.toUpperCase() }, 'token_used'],
    ['no key', { idempotencyKey: undefined }, 'token_used'],
    ['other details', { details: { to: 'b' } }, 'token_used'],
    ['no details', { details: undefined }, 'token_used'],
    ['another action', { action: 'wallet.waas.export' }, 'token_used'],
    ['another user', { subject: 'mallory' }, 'token_invalid'],
  ])('is no repetition with %s', async (_what, more, reason) => {
    const at = await scene()
    const token = await at.earn(['wallet:sign', 'wallet:export'])
    const use = { idempotencyKey: key, details: { to: 'a' } }
    await at.consume(token, use)
    expect(await refusedBy(at.consume(token, { ...use, ...more }))).toMatchObject({ reason })
    expect(await at.consume(token, use)).toMatchObject({ replayed: true })
  })

  it('is the same request by scope as by action', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    const use = { token, subject: at.user.subject, idempotencyKey: key }
    await at.consume(token, { idempotencyKey: key })
    const again = at.resource.client.token.consume.mutate({ ...use, scope: 'wallet:sign' })
    expect(await again).toMatchObject({ replayed: true })
  })

  it('is not a repetition by another key of the same resource', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    await at.consume(token, { idempotencyKey: key })
    const { client } = await at.environment.resource()
    const { subject } = at.user
    await expectRefused(
      client.token.consume.mutate({ token, subject, action: SIGN, idempotencyKey: key }),
      'token_used',
    )
  })

  it('is not a repetition of a use that named no key', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    await at.consume(token)
    await expectRefused(at.consume(token, { idempotencyKey: key }), 'token_used')
  })

  it('is refused once the token was revoked or the rule denies', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    await at.consume(token, { idempotencyKey: key })
    await ruleFor(at.environment, SIGN, { require: 'deny' })
    await expectRefused(at.consume(token, { idempotencyKey: key }), 'denied')
    await change(at.environment, {})
    await at.user.client.token.revoke.mutate({ token })
    await expectRefused(at.consume(token, { idempotencyKey: key }), 'token_revoked')
  })
})

describe('many uses at once', () => {
  const times = <T>(count: number, run: (index: number) => Promise<T>) =>
    Promise.allSettled(Array.from({ length: count }, (_, index) => run(index)))
  const won = (outcomes: PromiseSettledResult<unknown>[]) =>
    outcomes.filter(({ status }) => status === 'fulfilled')
  const lost = (outcomes: PromiseSettledResult<unknown>[]) =>
    outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))

  it.each([1, 2, 3, 4, 5])('lets exactly one of thirty through (round %i)', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    const outcomes = await times(30, () => at.consume(token))
    expect(won(outcomes)).toHaveLength(1)
    for (const error of lost(outcomes)) await expectRefused(Promise.reject(error), 'token_used')
  })

  it.each([1, 2, 3])('lets exactly one of thirty keys through (round %i)', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    const outcomes = await times(30, (index) =>
      at.consume(token, { idempotencyKey: `idempotency-key-${index}` }),
    )
    expect(won(outcomes)).toHaveLength(1)
  })

  it('answers all twenty repetitions of one request, and calls one of them the first', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    const outcomes = await times(20, () =>
      at.consume(token, { idempotencyKey: 'a-key-of-the-guard' }),
    )
    const replayed = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value.replayed : 'refused',
    )
    expect(replayed.toSorted()).toEqual([false, ...Array(19).fill(true)].toSorted())
    const events = await historyOf(at.environment.id, at.user.subject)
    expect(events.filter(({ type }) => type === 'token.consumed')).toHaveLength(1)
  })

  it.each([1, 2, 3])('spends a token on one change of factors alone (round %i)', async () => {
    const at = await scene()
    const token = await at.earn(['credential:link'])
    const outcomes = await times(20, () =>
      // A client of its own for each, as `with` hands a token to one call.
      at.environment
        .user({ sub: at.user.subject })
        .then((user) => user.with(token).factor.enroll.mutate({ kind: 'totp' })),
    )
    expect(won(outcomes)).toHaveLength(1)
    for (const error of lost(outcomes)) await expectRefused(Promise.reject(error), 'token_used')
    const { environment, user } = at
    const view = await operator.subject.get.query({
      environment: environment.id,
      subject: user.subject,
    })
    expect(view.pendingEnrollments).toBe(1)
  })

  it('lets nothing through after the answer to a revocation', async () => {
    const at = await scene()
    const token = await at.earn(['user:update'])
    const use = { action: 'user.update' }
    const early = times(10, () => at.consume(token, use))
    await at.user.client.token.revoke.mutate({ token })
    const late = await times(10, () => at.consume(token, use))
    expect(won(late)).toEqual([])
    for (const error of lost(await early)) {
      await expectRefused(Promise.reject(error), 'token_revoked')
    }
  })

  it('lets a reusable token through as often as it is shown, and records it in two events', async () => {
    const at = await scene()
    const token = await at.earn(['user:update'])
    const outcomes = await times(10, () => at.consume(token, { action: 'user.update' }))
    expect(won(outcomes)).toHaveLength(10)
    const events = await historyAfterTheHour(at.environment.id, at.user.subject)
    expect(events.filter(({ type }) => type === 'token.consumed')).toHaveLength(1)
    const [again, ...more] = events.filter(({ type }) => type === 'token.consumed_again')
    expect(again?.data.count).toBe(9)
    expect(more).toEqual([])
  })
})

describe('refusals in the history', () => {
  it('are one event with a count for one token and reason', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    const { jti } = partsOf(token).payload
    const wrongScope = { action: 'wallet.waas.export' }
    for (let shown = 0; shown < 7; shown += 1) {
      await expectRefused(at.consume(token, wrongScope), 'scope_not_allowed')
    }
    await at.consume(token)
    for (let shown = 0; shown < 3; shown += 1) await expectRefused(at.consume(token), 'token_used')
    const events = await historyAfterTheHour(at.environment.id, at.user.subject)
    const told = events.filter(({ type }) => type === 'token.refused').map(({ data }) => data)
    expect(told).toMatchObject([
      { jti, reason: 'scope_not_allowed', count: 7 },
      { jti, reason: 'token_used', count: 3 },
    ])
    const order = ['token.consumed', 'token.refused', 'token.refused']
    expect(events.map(({ type }) => type).slice(-3)).toEqual(order)
    expect(JSON.stringify(events)).not.toContain(token.slice(0, 40))
    const { environment, user } = at
    expect(
      await operator.audit.verify.query({ environment: environment.id, subject: user.subject }),
    ).toMatchObject({ intact: true, count: events.length })
  })

  it('are an event each for each reason, also where nothing else came between', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'], { to: 'me' })
    for (let shown = 0; shown < 2; shown += 1) {
      await expectRefused(at.consume(token, { action: 'wallet.waas.export' }), 'scope_not_allowed')
      await expectRefused(at.consume(token, { details: { to: 'you' } }), 'details_mismatch')
    }
    const events = await historyAfterTheHour(at.environment.id, at.user.subject)
    const told = events.filter(({ type }) => type === 'token.refused').map(({ data }) => data)
    expect(told.map(({ reason, count }) => [reason, count]).sort()).toEqual([
      ['details_mismatch', 2],
      ['scope_not_allowed', 2],
    ])
  })

  it('are in the history of the token’s user, whomever it was shown for', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    await expectRefused(at.consume(token, { subject: 'mallory' }), 'token_invalid')
    const types = async (subject: string) =>
      (await historyAfterTheHour(at.environment.id, subject)).map(({ type }) => type)
    expect(await types(at.user.subject)).toContain('token.refused')
    expect(await types('mallory')).toEqual([])
  })

  it('name the details by their hash alone', async () => {
    const at = await scene()
    const details = { to: 'a-secret-address' }
    const token = await at.earn(['wallet:sign'], details)
    await expectRefused(
      at.consume(token, { details: { to: 'another-address' } }),
      'details_mismatch',
    )
    await at.consume(token, { details })
    const events = await historyOf(at.environment.id, at.user.subject)
    expect(JSON.stringify(events)).not.toMatch(/secret-address|another-address/)
    expect(events.find(({ type }) => type === 'token.consumed')?.data.detailsHash).toMatch(
      /^.{43}$/,
    )
  })
})

describe('introspection (RFC 7662)', () => {
  it('tells the resource and the user of a live token all that it says', async () => {
    const at = await scene()
    const token = await at.earn(['wallet:sign'])
    const expected = { ...partsOf(token).payload, active: true, token_type: 'Bearer' }
    for (const { client } of [at.resource, at.user]) {
      expect(await client.token.introspect.query({ token })).toEqual(expected)
    }
    expect(expected).toMatchObject({ aud: AUDIENCE, sub: at.user.subject, scope: 'wallet:sign' })
  })

  it('says of every other token that it is not active, and nothing else', async () => {
    const at = await scene({ audiences: [AUDIENCE, ORDERS] })
    const [used, revoked, live] = [
      await at.earn(['wallet:sign']),
      await at.earn(['wallet:sign']),
      await at.earn(['wallet:sign']),
    ]
    await at.consume(used)
    await at.user.client.token.revoke.mutate({ token: revoked })
    const orders = await at.environment.resource(ORDERS)
    const mallory = await at.environment.user()
    const elsewhere = await scene()
    const inactive = { active: false }
    for (const [{ client }, token] of [
      [at.resource, used],
      [at.user, used],
      [at.resource, revoked],
      [at.user, revoked],
      [orders, live],
      [mallory, live],
      [elsewhere.resource, live],
      [elsewhere.user, live],
      [at.resource, 'garbage'],
      [at.resource, at.user.bearer()],
      [at.resource, `${live}x`],
    ] as const) {
      expect(await client.token.introspect.query({ token })).toEqual(inactive)
    }
    advance(300)
    expect(await at.resource.client.token.introspect.query({ token: live })).toEqual(inactive)
  })

  it('uses nothing up, and hides a token for Countersign itself from resources', async () => {
    const at = await scene()
    const [token, own] = [await at.earn(['wallet:sign']), await at.earn(['credential:update'])]
    const before = await evidence(at.environment.id, at.user.subject)
    for (let asked = 0; asked < 3; asked += 1) {
      await at.resource.client.token.introspect.query({ token })
    }
    expect(await at.resource.client.token.introspect.query({ token: own })).toEqual({
      active: false,
    })
    expect(await at.user.client.token.introspect.query({ token: own })).toMatchObject({
      active: true,
    })
    expect(await evidence(at.environment.id, at.user.subject)).toEqual(before)
    expect(await at.consume(token)).toMatchObject({ accepted: true })
  })
})

describe('a legacy token', () => {
  it.each<[EnvironmentSettings['mfaTokens'], boolean]>([
    ['off', true],
    ['off', false],
    ['single', false],
  ])(
    'is not given where mfaTokens is %s (single-use: %j), and no code is counted',
    async (mfaTokens, singleUse) => {
      const at = await scene(mfaTokens ? { mfaTokens } : {})
      const before = await evidence(at.environment.id, at.user.subject)
      for (const code of [totpCode(at.totp.secret), wrongCode(at.totp.secret)]) {
        const order = { method: 'totp', code, mfaToken: { singleUse } } as const
        await expectRefused(at.user.client.challenge.verify.mutate(order), 'forbidden')
        await expectRefused(
          at.user.client.challenge.verify.mutate({ ...order, requestedScopes: ['wallet:sign'] }),
          'forbidden',
        )
      }
      expect(await evidence(at.environment.id, at.user.subject)).toEqual(before)
      expect(await at.earn(['wallet:sign'])).toMatch(/^ey/)
    },
  )

  it('is good once, for any action that takes it, by any resource for its own actions', async () => {
    const at = await scene({
      audiences: [AUDIENCE, ORDERS],
      actions: [
        {
          action: 'order.refund',
          scope: 'orders:refund',
          audience: ORDERS,
          base: { acceptsMfaToken: true },
        },
      ],
    })
    const orders = await at.environment.resource(ORDERS)
    const { subject } = at.user
    const { token, expiresAt } = await earnLegacy(at.user, at.totp.secret, true)
    expect(expiresAt).toBe(now() + 270)
    await expectRefused(
      orders.client.token.consume.mutate({ token, subject, action: SIGN }),
      'forbidden',
    )
    const refund = { token, subject, action: 'order.refund' }
    expect(await orders.client.token.consume.mutate(refund)).toMatchObject({ accepted: true })
    await expectRefused(at.consume(token), 'token_used')
    await expectRefused(orders.client.token.consume.mutate(refund), 'token_used')
  })

  it('lets exactly one of thirty through', async () => {
    const at = await scene()
    const { token } = await earnLegacy(at.user, at.totp.secret, true)
    const actions = ['wallet.waas.sign', 'wallet.waas.export', 'user.update']
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) => at.consume(token, { action: actions[index % 3] })),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('is reusable only where the environment says so, and no longer when it stops saying it', async () => {
    const at = await scene({ mfaTokens: 'session' })
    const { token } = await earnLegacy(at.user, at.totp.secret, false)
    for (const action of ['wallet.waas.sign', 'wallet.waas.sign', 'wallet.waas.export']) {
      expect(await at.consume(token, { action })).toMatchObject({ accepted: true, replayed: false })
    }
    await change(at.environment, { mfaTokens: 'single' })
    await expectRefused(at.consume(token), 'step_up_required')
    await change(at.environment, { mfaTokens: 'off' })
    await expectRefused(at.consume(token), 'step_up_required')
    await change(at.environment, { mfaTokens: 'session' })
    expect(await at.consume(token)).toMatchObject({ accepted: true })
  })

  it('is no good any more when legacy tokens are switched off', async () => {
    const at = await scene()
    const { token } = await earnLegacy(at.user, at.totp.secret, true)
    await change(at.environment, { mfaTokens: 'off' })
    await expectRefused(at.consume(token), 'step_up_required')
  })

  it.each([
    ['with its session', 120, 120],
    ['after a day at most', 90_000, 86_400],
  ])('ends %s where it is reusable', async (_what, sessionSeconds, lifetime) => {
    const at = await scene({ mfaTokens: 'session' })
    await at.user.signIn({ exp: now() + sessionSeconds })
    const { mfaToken } = await at.user.client.challenge.verify.mutate({
      method: 'totp',
      code: totpCode(at.totp.secret),
      mfaToken: { singleUse: false },
    })
    expect(mfaToken?.expiresAt).toBe(now() + lifetime)
  })

  it('meets a rule’s freshness like every proof', async () => {
    const at = await scene({ mfaTokens: 'session' })
    const { token } = await earnLegacy(at.user, at.totp.secret, false)
    advance(270)
    expect(await at.consume(token)).toMatchObject({ accepted: true })
    advance(1)
    await expectRefused(at.consume(token), 'step_up_required')
    expect(await at.consume(token, { action: 'user.update' })).toMatchObject({ accepted: true })
  })

  it.each<[string, RulePart]>([
    ['does not take it', { acceptsMfaToken: false }],
    ['wants details, whatever else it says', { details: 'required', acceptsMfaToken: true }],
    ['wants a passkey, whatever else it says', { acr: 'phr', acceptsMfaToken: true }],
    ['does not take its method', { methods: ['passkey'] }],
  ])('is no good for a rule that %s', async (_what, base) => {
    const at = await scene({ mfaTokens: 'session' })
    await ruleFor(at.environment, SIGN, base)
    const [single, reusable] = [
      await earnLegacy(at.user, at.totp.secret, true),
      await earnLegacy(at.user, at.totp.secret, false),
    ]
    for (const { token } of [single, reusable]) {
      await expectRefused(at.consume(token), 'step_up_required')
      await expectRefused(at.consume(token, { details: { to: 'a' } }), 'step_up_required')
    }
    // Nothing was burnt: an action that takes it still does.
    const other = { action: 'wallet.waas.export' }
    expect(await at.consume(single.token, other)).toMatchObject({ accepted: true })
  })

  it('is no good for an action of the application’s own, unless its rule says so', async () => {
    const at = await scene({ actions: [{ action: 'order.refund', scope: 'orders:refund' }] })
    const { token } = await earnLegacy(at.user, at.totp.secret, true)
    await expectRefused(at.consume(token, { action: 'order.refund' }), 'step_up_required')
  })

  it('of a recovery code does not reach what wants more', async () => {
    const at = await scene()
    const { mfaToken } = await at.user.client.challenge.verify.mutate({
      method: 'recovery',
      code: at.totp.recoveryCodes[0] ?? '',
      mfaToken: { singleUse: true },
    })
    await expectRefused(at.consume(mfaToken?.token ?? ''), 'step_up_required')
  })

  it('opens no change of factors', async () => {
    const at = await scene({ mfaTokens: 'session' })
    for (const singleUse of [true, false]) {
      const { token } = await earnLegacy(at.user, at.totp.secret, singleUse)
      const { factorId } = at.totp
      const { user } = at
      for (const attempt of [
        () => user.with(token).factor.remove.mutate({ factorId }),
        () => user.with(token).factor.setDefault.mutate({ factorId }),
        () => user.with(token).recovery.regenerate.mutate(),
        () => user.with(token).factor.enroll.mutate({ kind: 'totp' }),
      ]) {
        await expectRefused(attempt(), 'step_up_required')
      }
      expect(await at.resource.client.token.introspect.query({ token })).toMatchObject({
        active: true,
      })
    }
  })

  it('belongs to its user and session', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user({ sid: 'session-1' })
    const { secret } = await enrollTotp(user)
    const { client } = await environment.resource()
    const { token } = await earnLegacy(user, secret, true)
    const use = { token, subject: user.subject, action: SIGN }
    await expectRefused(
      client.token.consume.mutate({ ...use, subject: 'mallory' }),
      'token_invalid',
    )
    await expectRefused(
      client.token.consume.mutate({ ...use, sessionId: 'other' }),
      'token_invalid',
    )
    const sessionId = 'session-1'
    expect(await client.token.consume.mutate({ ...use, sessionId })).toMatchObject({
      accepted: true,
    })
  })

  it('is revoked, ended and looked at like an elevated one', async () => {
    const at = await scene()
    const mallory = await at.environment.user()
    const { token } = await earnLegacy(at.user, at.totp.secret, true)
    await mallory.client.token.revoke.mutate({ token })
    expect(await at.resource.client.token.introspect.query({ token })).toMatchObject({
      active: true,
      aud: at.environment.issuer,
    })
    await at.user.client.token.revoke.mutate({ token })
    await expectRefused(at.consume(token), 'token_revoked')
    const second = await earnLegacy(at.user, at.totp.secret, true)
    await operator.subject.endTokens.mutate({
      environment: at.environment.id,
      subject: at.user.subject,
    })
    await expectRefused(at.consume(second.token), 'token_revoked')
  })

  it('is a token of its own beside the elevated one of the same code', async () => {
    const at = await scene()
    const { elevatedToken, mfaToken } = await at.user.client.challenge.verify.mutate({
      method: 'totp',
      code: totpCode(at.totp.secret),
      requestedScopes: ['wallet:sign'],
      mfaToken: { singleUse: true },
    })
    expect(elevatedToken?.jti).not.toBe(mfaToken?.jti)
    await at.consume(elevatedToken?.token ?? '')
    await expectRefused(at.consume(elevatedToken?.token ?? ''), 'token_used')
    await at.consume(mfaToken?.token ?? '')
    await expectRefused(at.consume(mfaToken?.token ?? ''), 'token_used')
  })
})

describe('after the restore epoch was raised', () => {
  /** A user with TOTP and a passkey, and the same service before and after. */
  async function restored() {
    const at = await scene({ mfaTokens: 'session' })
    const { user, environment } = at
    const link = await at.earn(['credential:link'])
    const device = createAuthenticator({ origin: ORIGIN, rpId: 'app.example' })
    const enrolling = await user.with(link).factor.enroll.mutate({ kind: 'passkey' })
    if (!('options' in enrolling)) throw new Error('no options came back')
    await user.client.factor.confirm.mutate({
      kind: 'passkey',
      factorId: enrolling.factorId,
      challenge: enrolling.challenge,
      response: await device.register(enrolling.options as unknown as CreationOptions),
    })
    const there = withVariables({ RESTORE_EPOCH: '1' })
    let elevated: string | undefined
    const client = there.call({
      environment: environment.id,
      bearer: () => user.bearer(),
      elevatedToken: () => elevated,
    })
    const resource = there.call({ environment: environment.id, bearer: () => at.resource.key })
    const raise = () => advance(21)
    const withToken = (token: string) => {
      elevated = token
      return client
    }
    return { ...at, device, raise, after: { client, resource, withToken } }
  }
  const start = (client: TestUser['client']) =>
    client.challenge.start.mutate({ method: 'passkey', requestedScopes: ['wallet:sign'] })

  it('refuses the tokens of before, elevated and legacy, spent or not', async () => {
    const { user, totp, earn, raise, after, consume } = await restored()
    const [spent, live, unlink] = [
      await earn(['wallet:sign']),
      await earn(['wallet:sign']),
      await earn(['credential:unlink']),
    ]
    const legacy = await earnLegacy(user, totp.secret, false)
    await consume(spent)
    raise()
    const { subject } = user
    for (const token of [spent, live, legacy.token]) {
      const use = { token, subject, action: SIGN }
      await expectRefused(after.resource.token.consume.mutate(use), 'token_revoked')
      expect(await after.resource.token.introspect.query({ token })).toEqual({ active: false })
    }
    const removal = after.withToken(unlink).factor.remove.mutate({ factorId: totp.factorId })
    await expectRefused(removal, 'token_revoked')
  })

  it('refuses the challenges of before, and takes the same passkey with a new one', async () => {
    const { user, device, raise, after } = await restored()
    const { challenge, options } = await start(user.client)
    const response = await device.authenticate(options as unknown as RequestOptions)
    raise()
    const answer = { method: 'passkey', challenge, response } as const
    await expectRefused(after.client.challenge.verify.mutate(answer), 'challenge_expired')
    const again = await start(after.client)
    const { elevatedToken } = await after.client.challenge.verify.mutate({
      method: 'passkey',
      challenge: again.challenge,
      response: await device.authenticate(again.options as unknown as RequestOptions),
    })
    expect(partsOf(elevatedToken?.token ?? '').payload).toMatchObject({ epoch: 1, acr: 'phr' })
    const use = { token: elevatedToken?.token ?? '', subject: user.subject, action: SIGN }
    expect(await after.resource.token.consume.mutate(use)).toMatchObject({ accepted: true })
  })

  it('refuses the recovery codes of before until new ones are made', async () => {
    const { totp, raise, after } = await restored()
    raise()
    const [code = ''] = totp.recoveryCodes
    const recover = (typed: string) =>
      after.client.challenge.verify.mutate({ method: 'recovery', code: typed })
    await expectRefused(recover(code), 'invalid_code')
    const listed = await after.client.factor.list.query()
    expect(listed.recovery).toMatchObject({ remaining: 0 })
    expect(listed.enrolled).toBe(true)
    const { elevatedToken } = await after.client.challenge.verify.mutate({
      method: 'totp',
      code: totpCode(totp.secret),
      requestedScopes: ['credential:update'],
    })
    const update = after.withToken(elevatedToken?.token ?? '')
    const { recoveryCodes } = await update.recovery.regenerate.mutate()
    expect(await recover(recoveryCodes[0] ?? '')).toMatchObject({ acr: 'recovery' })
    await expectRefused(recover(code), 'invalid_code')
  })

  it('does not let a code of before be used again, which a restore would have forgotten', async () => {
    const { totp, raise, after } = await restored()
    const code = totpCode(totp.secret)
    const verify = () => after.client.challenge.verify.mutate({ method: 'totp', code })
    raise()
    const fresh = totpCode(totp.secret)
    expect(
      await after.client.challenge.verify.mutate({ method: 'totp', code: fresh }),
    ).toMatchObject({ acr: 'mfa' })
    expect(['code_already_used', 'invalid_code']).toContain((await refusedBy(verify())).reason)
  })

  it('says the epoch to guards, which check tokens without asking', async () => {
    const { raise, after, resource } = await restored()
    expect(await resource.client.policy.list.query()).toMatchObject({ epoch: 0 })
    raise()
    expect(await after.resource.policy.list.query()).toMatchObject({ epoch: 1 })
  })
})
