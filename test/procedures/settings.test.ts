// Settings for operators: previews, tried session tokens, and the removal of an environment.
import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { forgetEnvironment } from '../../functions/edge/environment.ts'
import { restartClockAfterEach, stopClock } from '../support/clock.ts'
import { answerOf, expectRefusal, post, postAsOperator } from '../support/http.ts'
import {
  AUDIENCE,
  enrollTotp,
  expectRefused,
  makeEnvironment,
  makeSigner,
  now,
  operator,
  stepUp,
  totpCode,
} from '../support/service.ts'

restartClockAfterEach()

describe('a preview', () => {
  it('tells every difference from what is in force, and which of them weaken', async () => {
    const { id, document } = await makeEnvironment({
      actions: [{ action: 'order.refund', scope: 'orders:refund', base: { acr: 'phr' } }],
    })
    const { changes, version } = await operator.environment.preview.query({
      environment: id,
      settings: {
        ...document,
        name: 'Shop',
        origins: [...document.origins, 'https://new.app.example'],
        actions: [
          { action: 'order.refund', scope: 'orders:refund', base: { require: 'always' } },
          { action: 'wallet.waas.sign', base: { mode: 'observe' } },
        ],
      },
    })
    expect(version).toBe(1)
    expect(changes).toEqual([
      { path: 'name', before: 'Countersign', after: 'Shop', weaker: false },
      { path: 'rpName', before: 'Countersign', after: 'Shop', weaker: false },
      {
        path: 'origins',
        before: document.origins,
        after: [...document.origins, 'https://new.app.example'],
        weaker: true,
      },
      {
        path: 'actions[order.refund].base.require',
        before: 'whenEnrolled',
        after: 'always',
        weaker: false,
      },
      { path: 'actions[order.refund].base.acr', before: 'phr', after: 'mfa', weaker: true },
      {
        path: 'actions[wallet.waas.sign].base.mode',
        before: 'enforce',
        after: 'observe',
        weaker: true,
      },
    ])
  })

  it('says nothing of what stays, also where a default is written out', async () => {
    const { id } = await makeEnvironment()
    const { settings } = await operator.environment.get.query({ environment: id })
    const preview = (more: object) =>
      operator.environment.preview.query({ environment: id, settings: { ...settings, ...more } })
    expect((await preview({})).changes).toEqual([])
    const actions = [{ action: 'wallet.waas.sign', base: { singleUse: true } }]
    expect((await preview({ actions })).changes).toEqual([])
  })

  it('refuses what saving would refuse, and saves nothing', async () => {
    const { id, document } = await makeEnvironment()
    const settings = { ...document, origins: ['http://app.example'] }
    await expectRefused(
      operator.environment.preview.query({ environment: id, settings }),
      'input_invalid',
    )
    await operator.environment.preview.query({
      environment: id,
      settings: { ...document, name: 'Shop' },
    })
    const view = await operator.environment.get.query({ environment: id })
    expect(view).toMatchObject({ version: 1, settings: { name: 'Countersign' } })
  })
})

describe('a tried token', () => {
  it('is told whom it names and until when', async () => {
    const environment = await makeEnvironment()
    const token = await environment.session({ sub: 'alice', sid: 'ses-1', azp: 'web' })
    const result = await operator.environment.trySession.query({
      environment: environment.id,
      token,
    })
    expect(result).toEqual({
      accepted: true,
      subject: 'alice',
      sessionId: 'ses-1',
      clientId: 'web',
      authTime: expect.any(Number),
      expiresAt: expect.any(Number),
      warnings: [],
    })
  })

  it.each([
    ['who cannot enroll', undefined, 's', { code: 'auth_time_missing', claim: 'at' }],
    ['who signed in too long ago', 700, 's', { code: 'sign_in_too_old', ageSeconds: 700 }],
    ['in no session by name', 600, undefined, { code: 'session_id_missing', claim: 'sid' }],
  ])('of somebody %s is taken with a warning', async (_who, age, sid, warning) => {
    stopClock()
    const environment = await makeEnvironment()
    const { id, document } = environment
    const at = age === undefined ? undefined : now() - age
    const token = await environment.session({ sub: 'alice', sid, at })
    const session = { ...document.session, authTimeClaim: 'at' }
    const tried = await operator.environment.trySession.query({ environment: id, token, session })
    expect(tried).toMatchObject({ accepted: true, warnings: [warning] })
  })

  it('is not asked when its user signed in where the backend vouches for the first factor', async () => {
    const environment = await makeEnvironment({ firstFactor: 'assertion' })
    const { id } = environment
    const token = await environment.session({ sub: 'alice', sid: 'ses-1', auth_time: undefined })
    const tried = await operator.environment.trySession.query({ environment: id, token })
    expect(tried).toMatchObject({ accepted: true, warnings: [] })
  })

  it('is warned about by the draft of who may add the first factor', async () => {
    stopClock()
    const environment = await makeEnvironment({ firstFactor: 'assertion' })
    const { id } = environment
    const token = await environment.session({ sub: 'alice', sid: 's', auth_time: now() - 61 })
    const draft = { firstFactor: 'freshSession', firstFactorSessionSeconds: 60 } as const
    const tried = await operator.environment.trySession.query({ environment: id, token, ...draft })
    expect(tried).toMatchObject({
      warnings: [
        { code: 'sign_in_too_old', claim: 'auth_time', ageSeconds: 61, longestAgeSeconds: 60 },
      ],
    })
  })

  it.each([
    ['that expired', { exp: 1 }, /expired/],
    ['for another audience', { aud: 'other' }, /audience/],
    ['of another issuer', { iss: 'https://other.example' }, /`iss`/],
    ['that names nobody', { sub: '' }, /names no user/],
  ])('%s is refused with why', async (_which, claims, message) => {
    const environment = await makeEnvironment()
    const token = await environment.session({ sub: 'alice', ...claims })
    const result = await operator.environment.trySession.query({
      environment: environment.id,
      token,
    })
    expect(result).toEqual({ accepted: false, message: expect.stringMatching(message) })
  })

  it('is tried with a draft before that is saved', async () => {
    const environment = await makeEnvironment()
    const login = await makeSigner()
    const token = await login.sign({
      iss: 'https://new.example',
      exp: now() + 60,
      uid: 'bob',
      sub: 'x',
    })
    const session = {
      issuer: 'https://new.example',
      keys: { jwks: { keys: [login.publicJwk] } },
      acceptAnyAudience: true,
      subjectClaim: 'uid',
    }
    const { id } = environment
    const tried = await operator.environment.trySession.query({ environment: id, token, session })
    expect(tried).toMatchObject({ accepted: true, subject: 'bob' })
    expect(await operator.environment.trySession.query({ environment: id, token })).toMatchObject({
      accepted: false,
    })
    await expectRefused(
      operator.environment.trySession.query({
        environment: id,
        token,
        session: { ...session, subjectClaim: 'email' },
      }),
      'input_invalid',
    )
  })

  it('leaves nothing of itself in the answer of a refusal', async () => {
    const environment = await makeEnvironment()
    const token = `${(await environment.session({ sub: 'alice' })).slice(0, -4)}AAAA`
    const response = await postAsOperator('environment.trySession', {
      body: { environment: environment.id, token },
    })
    const answer = await answerOf<{ accepted: boolean }>(response)
    expect(answer.accepted).toBe(false)
    expect(JSON.stringify(answer)).not.toContain(token.slice(0, 20))
  })
})

describe('an environment that is removed', () => {
  async function removed() {
    const environment = await makeEnvironment()
    const [user, { key, client }] = await Promise.all([environment.user(), environment.resource()])
    const { secret } = await enrollTotp(user)
    const elevated = await stepUp(user, secret, ['wallet:sign'])
    await operator.environment.remove.mutate({ environment: environment.id })
    return { environment, user, secret, elevated, resource: { key, client } }
  }

  it('serves nobody any more: no user, no resource, no key set, no operator', async () => {
    const { environment, user, secret, elevated, resource } = await removed()
    const { id, document } = environment
    await expectRefused(
      user.client.challenge.verify.mutate({ method: 'totp', code: totpCode(secret, 1) }),
      'unknown_environment',
    )
    await expectRefused(
      resource.client.token.consume.mutate({
        token: elevated.token,
        subject: user.subject,
        action: 'wallet.waas.sign',
      }),
      'unknown_environment',
    )
    const jwks = await post(id, '../.well-known/jwks.json', { method: 'GET' })
    await expectRefusal(jwks, 404, 'unknown_environment')
    for (const run of [
      () => operator.environment.get.query({ environment: id }),
      () => operator.environment.remove.mutate({ environment: id }),
      () => operator.environment.update.mutate({ environment: id, settings: document, version: 1 }),
      () => operator.environment.createResourceKey.mutate({ environment: id, audience: AUDIENCE }),
      () => operator.subject.get.query({ environment: id, subject: user.subject }),
    ])
      await expectRefused(run(), 'unknown_environment')
    const { environments } = await operator.environment.list.query()
    expect(environments.map((one) => one.environment)).not.toContain(id)
  })

  it('never comes back under its name, where its users would still be known', async () => {
    const { environment } = await removed()
    const again = { environment: environment.id, settings: environment.document }
    await expectRefused(operator.environment.create.mutate(again), 'conflict')
    // Nor by its own object, whatever the list says.
    const object = env.ENVIRONMENT.getByName(environment.id)
    const made = await object.create(environment.id, environment.document, 'first')
    expect(made).toMatchObject({ refused: { reason: 'conflict' } })
    await expectRefused(
      operator.environment.get.query({ environment: environment.id }),
      'unknown_environment',
    )
    const { environments } = await operator.environment.list.query()
    expect(environments.map((one) => one.environment)).not.toContain(environment.id)
  })

  it('leaves the end of its history in the directory’s', async () => {
    const { environment } = await removed()
    const { events } = await operator.audit.list.query({})
    expect(events[0]).toMatchObject({
      type: 'environment.removed',
      data: {
        environment: environment.id,
        events: 2,
        head: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    })
    expect((await operator.audit.verify.query({})).intact).toBe(true)
  })

  it('leaves it there also where removing it broke off and is tried again', async () => {
    const { id } = await makeEnvironment()
    const end = await env.ENVIRONMENT.getByName(id).remove()
    expect(end).toMatchObject({ events: 1 })
    await operator.environment.remove.mutate({ environment: id })
    const { events } = await operator.audit.list.query({})
    expect(events[0]).toMatchObject({
      type: 'environment.removed',
      data: { environment: id, ...end },
    })
  })

  it('is forgotten by its users’ objects when they next clean up', async () => {
    const { environment, user } = await removed()
    const stub = env.SUBJECT.getByName(subjectObjectName(environment.id, user.subject))
    expect(await stub.isEnrolled()).toBe(true)
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect(await stub.isEnrolled()).toBe(false)
    expect((await stub.events(undefined)).events).toEqual([])
    await evictDurableObject(stub)
    expect(await stub.isEnrolled()).toBe(false)
  })

  it('is gone though another isolate has kept it: for 20 seconds at most', async () => {
    const { environment, user } = await removed()
    forgetEnvironment(environment.id)
    await expectRefused(user.client.factor.list.query(), 'unknown_environment')
  })
})
