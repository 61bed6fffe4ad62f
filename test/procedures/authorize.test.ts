// action.authorize: the one call that an API makes before it acts. It decides the rule with its conditions,
// checks the token against it and spends it, once.
import { describe, expect, it } from 'vitest'
import { reasonOf } from '../../client/index.ts'
import type { ActionEntry, Details, EnvironmentSettings } from '../../contract/index.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { historyAfterTheHour, historyOf } from '../support/evidence.ts'
import { enrollTotp, expectRefused, makeEnvironment, operator, stepUp } from '../support/service.ts'

restartClockAfterEach()

const REFUND: ActionEntry = {
  action: 'order.refund',
  scope: 'orders:refund',
  stricter: [{ when: 'details.amount > 1000', acr: 'phr' }],
  base: { singleUse: true, details: 'optional' },
}
const SMALL = { amount: 5, payee: 'bob' }
const KEY = 'the key of this request'

async function scene(settings: Partial<Omit<EnvironmentSettings, 'session'>> = {}) {
  const environment = await makeEnvironment({ actions: [REFUND], ...settings })
  const user = await environment.user()
  const { client } = await environment.resource()
  const { subject } = user
  const authorize = (more: object = {}) =>
    client.action.authorize.mutate({ action: 'order.refund', subject, details: SMALL, ...more })
  const earn = async (details: Details = SMALL) => {
    const { secret } = await enrollTotp(user)
    return (await stepUp(user, secret, ['orders:refund'], details)).token
  }
  const eventsOf = async (type: string) =>
    (await historyOf(environment.id, subject)).filter((event) => event.type === type)
  return { environment, user, client, authorize, earn, eventsOf, subject }
}

describe('an action', () => {
  it('runs without a token where the rule asks for none, and none is spent', async () => {
    const { authorize, eventsOf } = await scene()
    expect(await authorize()).toMatchObject({
      ...{ authorized: true, by: 'policy' },
      decision: { decision: 'permit', reason: 'not_enrolled' },
    })
    expect(await eventsOf('token.consumed')).toEqual([])
  })

  it('runs by a token that is good for it, and the token is spent', async () => {
    const { authorize, earn, eventsOf, subject } = await scene()
    const token = await earn()
    expect(await authorize({ token })).toMatchObject({
      ...{ authorized: true, by: 'token', replayed: false },
      claims: { sub: subject, scope: 'orders:refund' },
    })
    await expectRefused(authorize({ token }), 'token_used')
    expect(await eventsOf('token.consumed')).toMatchObject([
      { data: { action: 'order.refund', method: 'totp' } },
    ])
  })

  it('is refused without a token, with the requirement and the challenge for the caller', async () => {
    const { authorize, earn } = await scene()
    await earn()
    const error = await authorize().catch((cause: unknown) => cause)
    expect(reasonOf(error)).toMatchObject({
      reason: 'step_up_required',
      requirement: { action: 'order.refund', acr: 'mfa', details: 'required' },
      wwwAuthenticate:
        'Bearer error="insufficient_user_authentication", error_description="This action needs a step-up: step up, then retry.", acr_values="mfa phr", max_age="600", scope="orders:refund"',
    })
  })

  it('is refused with what its conditions ask for now, whatever the token was issued for', async () => {
    const { authorize, earn } = await scene()
    const details = { amount: 1001, payee: 'bob' }
    const token = await earn({ amount: 5, payee: 'bob' })
    const error = await authorize({ token, details }).catch((cause: unknown) => cause)
    expect(reasonOf(error)).toMatchObject({
      reason: 'details_mismatch',
      requirement: { acr: 'phr', methods: ['passkey'] },
    })
    // The refusal has spent nothing.
    expect(await authorize({ token })).toMatchObject({ by: 'token' })
  })

  it.each<[what: string, more: object, reason: Parameters<typeof expectRefused>[1]]>([
    ['for other details', { details: { amount: 6, payee: 'bob' } }, 'details_mismatch'],
    ['of another user', { subject: 'eve' }, 'token_invalid'],
    ['that is no token of ours', { token: 'a.b.c' }, 'token_invalid'],
  ])('is refused with a token %s, and the token stays good', async (_what, more, reason) => {
    const { environment, authorize, earn } = await scene({
      actions: [{ ...REFUND, base: { ...REFUND.base, require: 'always' } }],
    })
    const token = await earn()
    const stranger = await environment.user({ sub: 'eve' })
    await enrollTotp(stranger)
    await expectRefused(authorize({ token, ...more }), reason)
    expect(await authorize({ token })).toMatchObject({ by: 'token' })
  })

  it('leaves a trace in the history of the owner, of whose token it is refused', async () => {
    const { environment, earn, client, subject } = await scene()
    const token = await earn()
    const thief = await environment.user()
    await enrollTotp(thief)
    const stolen = { action: 'order.refund', subject: thief.subject, details: SMALL, token }
    await expectRefused(client.action.authorize.mutate(stolen), 'token_invalid')
    const events = await historyAfterTheHour(environment.id, subject)
    expect(events.filter(({ type }) => type === 'token.refused')).toMatchObject([
      { data: { action: 'order.refund', reason: 'token_invalid' } },
    ])
  })

  it('asks a user to enroll whose factors cannot do what the rule asks for', async () => {
    const { authorize, earn } = await scene()
    const details = { amount: 1001, payee: 'bob' }
    const token = await earn(SMALL)
    await expectRefused(authorize({ details }), 'enrollment_required')
    await expectRefused(authorize({ details, token }), 'details_mismatch')
  })

  it('is refused with a token without details, unless the API says that it may be', async () => {
    const open = { ...REFUND, stricter: [] }
    const { authorize, user, client, subject } = await scene({ actions: [open] })
    const { secret } = await enrollTotp(user)
    const { token } = await stepUp(user, secret, ['orders:refund'])
    await expectRefused(authorize({ token }), 'step_up_required')
    expect(await authorize({ token, requireDetails: false })).toMatchObject({ by: 'token' })
    await expectRefused(
      client.action.authorize.mutate({
        action: 'order.refund',
        subject,
        requireDetails: true,
        token,
      }),
      'details_required',
    )
  })

  it('is refused where the rule denies it, also with a good token, and without a challenge', async () => {
    const { environment, authorize, earn } = await scene()
    const token = await earn()
    const { settings, version } = await operator.environment.get.query({
      environment: environment.id,
    })
    await operator.environment.update.mutate({
      ...{ environment: environment.id, version },
      settings: { ...settings, actions: [{ ...REFUND, base: { require: 'deny' } }] },
    })
    const error = await authorize({ token }).catch((cause: unknown) => cause)
    expect(reasonOf(error)).toMatchObject({ reason: 'denied' })
    expect(reasonOf(error)).not.toHaveProperty('wwwAuthenticate')
  })

  it('of another resource is not this one’s to ask for', async () => {
    const { environment, subject } = await scene({
      audiences: ['https://wallet.example', 'https://orders.example'],
    })
    const { client } = await environment.resource('https://orders.example')
    await expectRefused(
      client.action.authorize.mutate({ action: 'order.refund', subject }),
      'forbidden',
    )
  })

  it('is decided with the session and the country that the API passes on', async () => {
    const { user, authorize } = await scene({
      actions: [{ ...REFUND, stricter: [{ when: 'request.country != "NL"', require: 'deny' }] }],
    })
    await expectRefused(authorize(), 'denied')
    const context = { country: 'NL', sessionToken: user.bearer() }
    expect(await authorize({ context })).toMatchObject({ by: 'policy' })
    const other = { country: 'NL', sessionToken: 'a.b.c' }
    await expectRefused(authorize({ context: other }), 'input_invalid')
  })
})

describe('simultaneous requests', () => {
  it('spend a token once, of fifty', async () => {
    const { authorize, earn } = await scene()
    const token = await earn()
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => authorize({ token })))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('spend it once through both calls that can', async () => {
    const { authorize, client, earn, subject } = await scene()
    const token = await earn()
    const use = { action: 'order.refund', subject, details: SMALL, token }
    const all = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) =>
        index % 2 ? authorize({ token }) : client.token.consume.mutate(use),
      ),
    )
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('with one idempotency key get one answer, and all others are refused', async () => {
    const { authorize, earn, eventsOf } = await scene()
    const token = await earn()
    const request = { token, idempotencyKey: KEY }
    const all = await Promise.all(Array.from({ length: 20 }, () => authorize(request)))
    expect(all.filter((answer) => answer.by === 'token' && !answer.replayed)).toHaveLength(1)
    expect(new Set(all.map((answer) => JSON.stringify({ ...answer, replayed: true }))).size).toBe(1)
    expect(await eventsOf('token.consumed')).toHaveLength(1)
    await expectRefused(authorize({ ...request, idempotencyKey: `${KEY}2` }), 'token_used')
    await expectRefused(authorize({ token }), 'token_used')
  })
})

describe('a repeated request', () => {
  it('gets its answer for sixty seconds, and is another request after that', async () => {
    stopClock()
    const { authorize, earn } = await scene()
    const request = { token: await earn(), idempotencyKey: KEY }
    await authorize(request)
    advance(60)
    expect(await authorize(request)).toMatchObject({ by: 'token', replayed: true })
    advance(1)
    await expectRefused(authorize(request), 'token_used')
  })

  it('gets its answer though the token has expired meanwhile', async () => {
    stopClock()
    const short = { ...REFUND.base, lifetimeSeconds: 10 }
    const { authorize, earn } = await scene({ actions: [{ ...REFUND, base: short }] })
    const request = { token: await earn(), idempotencyKey: KEY }
    await authorize(request)
    advance(30)
    expect(await authorize(request)).toMatchObject({ by: 'token', replayed: true })
  })

  it('does not make an expired token good', async () => {
    stopClock()
    const short = { ...REFUND.base, lifetimeSeconds: 10 }
    const { authorize, earn } = await scene({ actions: [{ ...REFUND, base: short }] })
    const token = await earn()
    advance(10)
    await expectRefused(authorize({ token, idempotencyKey: KEY }), 'token_expired')
    await expectRefused(authorize({ token }), 'token_expired')
  })

  it('that spent nothing is decided again', async () => {
    const { authorize, earn } = await scene()
    expect(await authorize({ idempotencyKey: KEY })).toMatchObject({ by: 'policy' })
    const token = await earn()
    await expectRefused(authorize({ idempotencyKey: KEY }), 'step_up_required')
    expect(await authorize({ idempotencyKey: KEY, token })).toMatchObject({ by: 'token' })
  })

  it.each([{ details: { amount: 7 } }, { sessionId: 'another' }, { context: { country: 'NL' } }])(
    'is another one with %j',
    async (more) => {
      const { authorize, earn } = await scene({ actions: [{ ...REFUND, stricter: [] }] })
      const request = { token: await earn(), idempotencyKey: KEY }
      await authorize(request)
      await expect(authorize({ ...request, ...more })).rejects.toThrow()
    },
  )
})
