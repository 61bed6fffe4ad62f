// token.exchange: the application's backend vouches for its user, and the user gets a token. Tests the checks of
// an assertion, the tokens that it can earn, and its single use.
import { runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { JWTPayload } from 'jose'
import { describe, expect, it } from 'vitest'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { historyAfterTheHour, historyOf } from '../support/evidence.ts'
import { part, partsOf, publicSecretsOf, signRaw, signShared } from '../support/jwt.ts'
import {
  AUDIENCE,
  enrollTotp,
  expectRefused,
  makeEnvironment,
  makeSigner,
  now,
  operator,
  stepUp,
  type TestUser,
  unique,
} from '../support/service.ts'

restartClockAfterEach()

const METHODS = ['totp', 'passkey', 'assertion'] as const
const ACTIONS = [
  { action: 'wallet.waas.sign', base: { methods: [...METHODS] } },
  { action: 'wallet.waas.export', base: { methods: [...METHODS], freshnessSeconds: 3600 } },
  {
    action: 'order.refund',
    scope: 'orders:refund',
    base: { require: 'always' as const, methods: ['assertion' as const] },
  },
  {
    action: 'order.view',
    scope: 'orders:view',
    base: { methods: ['assertion' as const], acr: 'recovery' as const },
  },
  {
    action: 'order.pay',
    scope: 'orders:pay',
    base: { methods: ['assertion' as const], details: 'required' as const },
  },
  {
    action: 'order.list',
    scope: 'orders:list',
    base: { methods: ['assertion' as const], details: 'none' as const },
  },
  {
    action: 'order.void',
    scope: 'orders:void',
    base: { methods: ['assertion' as const], acr: 'phr' as const },
  },
  {
    action: 'order.erase',
    scope: 'orders:erase',
    base: { methods: ['assertion' as const], require: 'deny' as const },
  },
]

const exchange = (user: TestUser, assertion: string) =>
  user.client.token.exchange.mutate({ assertion }).then(({ elevatedToken }) => elevatedToken)

/** An environment whose rules take assertions, and a user of it, at a stopped clock. */
async function scene(settings: Parameters<typeof makeEnvironment>[0] = {}) {
  const start = stopClock()
  const environment = await makeEnvironment({ actions: ACTIONS, ...settings })
  const user = await environment.user()
  const vouch = (scope: string, claims: JWTPayload = {}, header: Record<string, unknown> = {}) =>
    environment.assertion({ sub: user.subject, scope, ...claims }, header)
  const ask = async (
    scope: string,
    claims: JWTPayload = {},
    header: Record<string, unknown> = {},
  ) => exchange(user, await vouch(scope, claims, header))
  const whom = { environment: environment.id, subject: user.subject }
  const update = async (change: Partial<typeof environment.document>) => {
    const { version } = await operator.environment.get.query({ environment: environment.id })
    const changed = { ...environment.document, ...change }
    await operator.environment.update.mutate({
      environment: environment.id,
      settings: changed,
      version,
    })
    advance(21)
  }
  return { start, environment, user, vouch, ask, whom, update }
}

type Capped = { maxAcr?: 'recovery' | 'mfa' | 'phr' }

/** A scene in which the backend is believed up to a level. */
async function capped(more: Capped) {
  const at = await scene()
  const { assertions } = at.environment.document
  if (!assertions) throw new Error('no assertions are taken')
  await at.update({ assertions: { ...assertions, ...more } })
  return at
}

describe('an assertion', () => {
  it('earns a token of its scopes, at its level, as old as its proof', async () => {
    const { start, environment, user, ask, whom } = await scene()
    const token = await ask('wallet:sign wallet:export', {
      auth_time: start - 100,
      amr: ['pwd', 'sms'],
    })
    expect(token).toEqual({
      token: expect.any(String),
      jti: expect.any(String),
      audience: AUDIENCE,
      scopes: ['wallet:sign', 'wallet:export'],
      acr: 'mfa',
      tokenType: 'Bearer',
      singleUse: true,
      issuedAt: start,
      expiresAt: start + 200,
    })
    expect(partsOf(token.token).payload).toMatchObject({
      iss: environment.issuer,
      sub: user.subject,
      aud: AUDIENCE,
      scope: 'wallet:sign wallet:export',
      acr: 'mfa',
      amr: ['pwd', 'sms'],
      auth_time: start - 100,
      exp: start + 200,
    })
    const [event, ...more] = await historyOf(whom.environment, whom.subject)
    expect(event).toMatchObject({
      type: 'step_up.passed',
      data: { method: 'assertion', factorId: 'assertion', acr: 'mfa', authTime: start - 100 },
    })
    expect(more).toEqual([])
  })

  it('earns a token that the resource accepts, once', async () => {
    const { environment, user, ask } = await scene()
    const { token } = await ask('wallet:sign')
    const { client } = await environment.resource()
    const use = { token, subject: user.subject, action: 'wallet.waas.sign' }
    expect(await client.token.consume.mutate(use)).toMatchObject({ accepted: true })
    await expectRefused(client.token.consume.mutate(use), 'token_used')
  })

  it('is a method of the check, for who is enrolled and who is not', async () => {
    const { user } = await scene()
    const check = (action: string) => user.client.policy.check.query({ action })
    const always = { decision: 'step_up', reason: 'always', methods: ['assertion'] }
    expect(await check('order.refund')).toMatchObject(always)
    expect(await check('wallet.waas.sign')).toMatchObject({ decision: 'permit' })
    await enrollTotp(user)
    expect(await check('order.refund')).toMatchObject(always)
    expect(await check('wallet.waas.sign')).toMatchObject({
      decision: 'step_up',
      methods: ['totp', 'assertion'],
    })
  })

  it('does not enroll its user', async () => {
    const { user, ask } = await scene()
    await ask('wallet:sign')
    expect(await user.client.factor.list.query()).toMatchObject({ enrolled: false, factors: [] })
  })

  it('sets no counter of codes back, and is not held up by one', async () => {
    const { user, ask, whom } = await scene()
    await enrollTotp(user)
    for (let count = 0; count < 5; count += 1) {
      const wrong = { method: 'recovery', code: 'wrong' } as const
      await expectRefused(user.client.challenge.verify.mutate(wrong), 'invalid_code')
    }
    await ask('wallet:sign')
    expect(await operator.subject.get.query(whom)).toMatchObject({
      attempts: { consecutiveFailures: 5 },
    })
  })
})

describe('the level of an assertion', () => {
  it.each([
    ['phr', {}, 'mfa'],
    ['mfa', {}, 'mfa'],
    ['recovery', {}, 'recovery'],
    ['phr', { maxAcr: 'phr' }, 'phr'],
    ['mfa', { maxAcr: 'phr' }, 'mfa'],
    ['phr', { maxAcr: 'recovery' }, 'recovery'],
    ['mfa', { maxAcr: 'recovery' }, 'recovery'],
  ] as const)('of %s under %j is %s', async (acr, more, reached) => {
    const { ask } = await capped(more)
    const token = await ask('orders:view', { acr })
    expect(token.acr).toBe(reached)
    expect(partsOf(token.token).payload).toMatchObject({ acr: reached })
  })

  it.each([
    ['orders:refund', 'recovery', {}],
    ['orders:void', 'phr', {}],
    ['orders:void', 'mfa', { maxAcr: 'phr' }],
    ['orders:refund', 'phr', { maxAcr: 'recovery' }],
  ] as const)('does not reach %s with %s under %j', async (scope, acr, more) => {
    const { ask, whom } = await capped(more)
    await expectRefused(ask(scope, { acr }), 'method_not_allowed')
    expect(await operator.audit.list.query(whom)).toEqual({ events: [] })
  })

  it('reaches a rule for passkeys where the operator believes the backend that far', async () => {
    const { ask } = await capped({ maxAcr: 'phr' })
    expect(await ask('orders:void', { acr: 'phr' })).toMatchObject({ acr: 'phr' })
  })
})

describe('what an assertion earns', () => {
  it.each([
    ['a rule that does not name assertions', 'user:update', 'method_not_allowed'],
    ['one that does beside one that does not', 'wallet:sign wallet:refresh', 'method_not_allowed'],
    ['the change of factors', 'credential:link', 'method_not_allowed'],
    ['the removal of factors', 'credential:unlink', 'method_not_allowed'],
    ['an action that is denied', 'orders:erase', 'denied'],
    ['a scope that nobody has', 'no:such', 'scope_not_allowed'],
    ['scopes of two resources', 'wallet:sign credential:link', 'scope_not_allowed'],
  ] as const)('is nothing for %s', async (_what, scope, reason) => {
    const { ask, whom } = await scene()
    await expectRefused(ask(scope), reason)
    expect(await operator.audit.list.query(whom)).toEqual({ events: [] })
    expect(await operator.subject.get.query(whom)).toMatchObject({ liveTokens: 0 })
  })

  it('is bound to the details in it', async () => {
    const { environment, user, ask } = await scene()
    const details = { order: 'o-1', amount: '12.50' }
    const { token } = await ask('orders:pay', { authorization_details: [details] })
    expect(partsOf(token).payload.authorization_details).toEqual([
      { ...details, type: 'order.pay' },
    ])
    const { client } = await environment.resource()
    const consume = (more: object) =>
      client.token.consume.mutate({ token, subject: user.subject, action: 'order.pay', ...more })
    await expectRefused(consume({}), 'details_mismatch')
    await expectRefused(consume({ details: { ...details, amount: '99' } }), 'details_mismatch')
    expect(await consume({ details })).toMatchObject({ accepted: true })
  })

  it.each([
    ['without details where they are required', 'orders:pay', {}, 'details_required'],
    [
      'with details for an action that takes none',
      'orders:list',
      { authorization_details: [{ a: 1 }] },
      'input_invalid',
    ],
    [
      'with details for two scopes',
      'wallet:sign wallet:export',
      { authorization_details: [{ a: 1 }] },
      'scope_not_allowed',
    ],
    [
      'with a type of its own',
      'orders:pay',
      { authorization_details: [{ type: 'order.refund' }] },
      'input_invalid',
    ],
    [
      'with details that are too long',
      'orders:pay',
      { authorization_details: [{ a: 'a'.repeat(2048) }] },
      'input_invalid',
    ],
    [
      'with details of 1,000 levels',
      'orders:pay',
      { authorization_details: [JSON.parse(`${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`)] },
      'input_invalid',
    ],
    [
      'with lists of 2,500 levels in its details',
      'orders:pay',
      { authorization_details: [{ a: JSON.parse('['.repeat(2500) + ']'.repeat(2500)) }] },
      'input_invalid',
    ],
    [
      'with two details',
      'orders:pay',
      { authorization_details: [{ a: 1 }, { a: 2 }] },
      'assertion_invalid',
    ],
    ['with an empty list', 'orders:pay', { authorization_details: [] }, 'assertion_invalid'],
    [
      'with a text for details',
      'orders:pay',
      { authorization_details: ['a'] },
      'assertion_invalid',
    ],
    [
      'with details that are no list',
      'orders:pay',
      { authorization_details: { a: 1 } },
      'assertion_invalid',
    ],
  ] as const)('is nothing %s', async (_what, scope, claims, reason) => {
    const { ask } = await scene()
    await expectRefused(ask(scope, claims), reason)
  })

  it('ends no later than its proof is fresh', async () => {
    const { start, ask } = await scene()
    expect(await ask('wallet:sign', { auth_time: start - 299 })).toMatchObject({
      expiresAt: start + 1,
    })
    await expectRefused(ask('wallet:sign', { auth_time: start - 300 }), 'session_not_fresh')
    await expectRefused(ask('wallet:sign', { auth_time: 0 }), 'session_not_fresh')
    // A rule may take older proofs; its token lives no longer for that.
    expect(await ask('wallet:export', { auth_time: start - 3000 })).toMatchObject({
      expiresAt: start + 300,
    })
    expect(await ask('wallet:export', { auth_time: start - 3500 })).toMatchObject({
      expiresAt: start + 100,
    })
    // Of two rules the stricter one holds.
    const both = await ask('wallet:sign wallet:export', { auth_time: start - 200 })
    expect(both.expiresAt).toBe(start + 100)
  })

  it('is never fresher than now, when the backend’s clock is ahead', async () => {
    const { start, ask } = await scene()
    const { token, expiresAt } = await ask('wallet:sign', { auth_time: start + 30 })
    expect(partsOf(token).payload).toMatchObject({ auth_time: start, iat: start })
    expect(expiresAt).toBe(start + 300)
  })

  it('is worth nothing once the backend is not believed any more', async () => {
    const { environment, user, ask, update } = await scene()
    const { token } = await ask('wallet:sign')
    await update({ assertions: undefined })
    const { client } = await environment.resource()
    const use = { token, subject: user.subject, action: 'wallet.waas.sign' }
    await expectRefused(client.token.consume.mutate(use), 'step_up_required')
  })
})

describe('an assertion is good once', () => {
  it('and its replay is refused and recorded, whatever became of the token', async () => {
    const { user, vouch, whom } = await scene()
    const assertion = await vouch('wallet:sign')
    const { token } = await exchange(user, assertion)
    await expectRefused(exchange(user, assertion), 'assertion_invalid')
    await user.client.token.revoke.mutate({ token })
    await expectRefused(exchange(user, assertion), 'assertion_invalid')
    const events = await historyAfterTheHour(whom.environment, whom.subject)
    expect(events.map(({ type }) => type)).toEqual([
      'step_up.passed',
      'token.revoked',
      'step_up.failed',
    ])
    expect(events[2]?.data).toMatchObject({
      method: 'assertion',
      reason: 'assertion_invalid',
      count: 2,
    })
  })

  it('by its jti, not by its letters', async () => {
    const { ask } = await scene()
    const jti = unique('assertion')
    await ask('wallet:sign', { jti })
    await expectRefused(ask('wallet:export', { jti, exp: now() + 90 }), 'assertion_invalid')
    await ask('wallet:sign', { jti: `${jti}2` })
  })

  it('until it has expired, to its last second', async () => {
    const { user, vouch } = await scene()
    const exp = now() + 120
    const [used, kept] = [await vouch('wallet:sign', { exp }), await vouch('wallet:sign', { exp })]
    await exchange(user, used)
    advance(149)
    await expectRefused(exchange(user, used), 'assertion_invalid')
    expect(await exchange(user, kept)).toMatchObject({ acr: 'mfa' })
    const late = await vouch('wallet:sign', { exp: now() + 60 })
    advance(90)
    await expectRefused(exchange(user, late), 'assertion_invalid')
  })

  it('also after the object has cleaned up, as often as it does', async () => {
    const { environment, user, vouch } = await scene()
    const assertion = await vouch('wallet:sign', { exp: now() + 120 })
    await exchange(user, assertion)
    const object = env.SUBJECT.getByName(subjectObjectName(environment.id, user.subject))
    advance(149)
    expect(await runDurableObjectAlarm(object)).toBe(true)
    await expectRefused(exchange(user, assertion), 'assertion_invalid')
    const events = await historyAfterTheHour(environment.id, user.subject)
    expect(events.map(({ type }) => type)).toEqual(['step_up.passed', 'step_up.failed'])
  })

  it.each([1, 2, 3, 4, 5])('among thirty at a time (round %i)', async () => {
    const { user, vouch, whom } = await scene()
    const assertion = await vouch('wallet:sign')
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, () => exchange(user, assertion)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await operator.subject.get.query(whom)).toMatchObject({ liveTokens: 1 })
  })

  it('also between an exchange and the first factor', async () => {
    const { user, vouch } = await scene({ firstFactor: 'assertion' })
    const jti = unique('assertion')
    await exchange(user, await vouch('wallet:sign', { jti }))
    const assertion = await vouch('credential:link', { jti })
    const enroll = user.client.factor.enroll.mutate({ kind: 'totp', assertion })
    await expectRefused(enroll, 'assertion_invalid')
  })
})

describe('no assertion is', () => {
  const BAD_CLAIMS: [string, (start: number, issuer: string) => Record<string, unknown>][] = [
    ['one for another audience', () => ({ aud: 'https://elsewhere.example' })],
    ['one for the service, not the environment', () => ({ aud: 'http://localhost:8787' })],
    ['one for the resource', () => ({ aud: AUDIENCE })],
    ['one for a longer audience', (_start, issuer) => ({ aud: `${issuer}/` })],
    ['one for several audiences', (_start, issuer) => ({ aud: [issuer, 'https://x.example'] })],
    ['one for a list of one audience', (_start, issuer) => ({ aud: [issuer] })],
    ['one about another user', () => ({ sub: 'mallory' })],
    ['one about nobody', () => ({ sub: undefined })],
    ['one about nothing', () => ({ sub: '' })],
    ['one of another issuer', () => ({ iss: 'https://other.example' })],
    ['one of the login', () => ({ iss: 'https://login.example' })],
    ['one of ourselves', (_start, issuer) => ({ iss: issuer })],
    ['one without issuer', () => ({ iss: undefined })],
    ['one that lives 121 seconds', (start) => ({ iat: start, exp: start + 121 })],
    ['one that was made long ago to live now', (start) => ({ iat: start - 100, exp: start + 60 })],
    ['one that ends when it begins', (start) => ({ iat: start, exp: start })],
    ['one that ends before it begins', (start) => ({ iat: start + 20, exp: start + 10 })],
    ['one that has expired', (start) => ({ iat: start - 90, exp: start - 30 })],
    ['one from the future', (start) => ({ iat: start + 31, exp: start + 90 })],
    ['one that is not yet good', (start) => ({ nbf: start + 31 })],
    ['one without end', () => ({ exp: undefined })],
    ['one without beginning', () => ({ iat: undefined })],
    ['one of a sign-in to come', (start) => ({ auth_time: start + 31 })],
    ['one that does not say when', () => ({ auth_time: undefined })],
    ['one that says when as a text', (start) => ({ auth_time: String(start) })],
    ['one that says when in part', (start) => ({ auth_time: start - 0.5 })],
    ['one from before time', () => ({ auth_time: -1 })],
    ['one without an id', () => ({ jti: undefined })],
    ['one with a short id', () => ({ jti: 'short' })],
    ['one with a long id', () => ({ jti: 'a'.repeat(256) })],
    ['one without a level', () => ({ acr: undefined })],
    ['one of a level that we do not know', () => ({ acr: 'urn:mace:silver' })],
    ['one that does not say how', () => ({ amr: undefined })],
    ['one that says nothing of how', () => ({ amr: [] })],
    ['one that says how as a text', () => ({ amr: 'pwd' })],
    ['one without scope', () => ({ scope: undefined })],
    ['one of an empty scope', () => ({ scope: '' })],
    ['one with scopes in a list', () => ({ scope: ['wallet:sign'] })],
    ['one with two spaces between scopes', () => ({ scope: 'wallet:sign  wallet:export' })],
  ]
  it.each(BAD_CLAIMS)('%s', async (_what, bend) => {
    const { start, environment, ask, whom } = await scene()
    const claims = bend(start, environment.issuer) as JWTPayload
    await expectRefused(ask('wallet:sign', claims), 'assertion_invalid')
    expect(await operator.audit.list.query(whom)).toEqual({ events: [] })
  })

  it.each([
    ['of no type', { typ: undefined }],
    ['of the type JWT', { typ: 'JWT' }],
    ['of the type of our tokens', { typ: 'at+jwt' }],
    ['of the type of legacy tokens', { typ: 'mfa+jwt' }],
    ['of its type in another spelling', { typ: 'Countersign-Assertion+JWT' }],
    ['with a header that must be understood', { crit: ['x'], x: 1 }],
    ['of a key that nobody has', { kid: 'k2' }],
  ])('one %s', async (_what, bent) => {
    const { environment, user, vouch } = await scene()
    const { header, payload } = partsOf(await vouch('wallet:sign'))
    const { privateKey } = environment.backend
    const assertion = await signRaw(privateKey, { ...header, ...bent }, payload)
    await expectRefused(exchange(user, assertion), 'assertion_invalid')
    await exchange(user, await signRaw(privateKey, header, payload))
  })

  it('a session of the user, whatever it says', async () => {
    const { environment, user } = await scene()
    await expectRefused(exchange(user, user.bearer()), 'assertion_invalid')
    const { payload } = partsOf(
      await environment.assertion({ sub: user.subject, scope: 'wallet:sign' }),
    )
    const typ = 'countersign-assertion+jwt'
    await expectRefused(
      exchange(user, await environment.login.sign(payload, { typ })),
      'assertion_invalid',
    )
  })

  it('an elevated token of the user', async () => {
    const { user } = await scene()
    const { secret } = await enrollTotp(user)
    const { token } = await stepUp(user, secret, ['wallet:sign'])
    await expectRefused(exchange(user, token), 'assertion_invalid')
  })

  it('one that somebody else signed under the backend’s name', async () => {
    const { user, vouch } = await scene()
    const { header, payload } = partsOf(await vouch('wallet:sign'))
    const mallory = await makeSigner()
    await expectRefused(exchange(user, await mallory.sign(payload, header)), 'assertion_invalid')
  })

  it('one that was changed', async () => {
    const { user, vouch } = await scene()
    const assertion = await vouch('wallet:sign')
    const { header, payload, signature, signed } = partsOf(assertion)
    const widened = `${part(header)}.${part({ ...payload, scope: 'wallet:export' })}.${signature}`
    const unsigned = `${part({ ...header, alg: 'none' })}.${part(payload)}.`
    for (const bad of [widened, unsigned, signed, `${signed}.`, `${assertion}.x`, 'x', '..']) {
      await expectRefused(exchange(user, bad), 'assertion_invalid')
    }
    await exchange(user, assertion)
  })

  it.each(['HS256', 'HS384', 'HS512'])('one that the public key signed as %s', async (alg) => {
    const { environment, user, vouch } = await scene()
    const { header, payload } = partsOf(await vouch('wallet:sign'))
    for (const secret of Object.values(await publicSecretsOf(environment.backend))) {
      const forged = await signShared(secret, { ...header, alg }, payload)
      await expectRefused(exchange(user, forged), 'assertion_invalid')
    }
  })

  it('one of the same backend for another environment', async () => {
    const one = await scene()
    const { assertions } = one.environment.document
    const two = await makeEnvironment({ actions: ACTIONS, assertions })
    const namesake = await two.user({ sub: one.user.subject })
    await expectRefused(exchange(namesake, await one.vouch('wallet:sign')), 'assertion_invalid')
  })

  it('any, where the environment takes none', async () => {
    const { user, ask, whom } = await scene({ assertions: undefined })
    await expectRefused(ask('wallet:sign'), 'assertion_invalid')
    expect(await user.client.policy.check.query({ action: 'order.refund' })).toMatchObject({
      decision: 'enroll',
      methods: [],
    })
    expect(await operator.audit.list.query(whom)).toEqual({ events: [] })
  })
})
