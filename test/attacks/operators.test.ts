// Attacks by operators: no stolen key, no page and no second operator changes anything without a factor of the
// operator whose key it is.
import { runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { DPOP_HEADER, type EnvironmentSettings, OPERATOR_SCOPE } from '../../contract/index.ts'
import { CHANGES_PER_AUTOMATION_KEY } from '../../functions/domain/factors/throttle.ts'
import { appRouter } from '../../functions/router.ts'
import { stepUpWithPasskey } from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { makeProofKey } from '../support/dpop.ts'
import { evidence } from '../support/evidence.ts'
import { bent, failing, sendWith } from '../support/faults.ts'
import { answerOf, expectRefusal, post } from '../support/http.ts'
import { detailsOfChange, holderOf, makeGuardian, nameOperator } from '../support/operators.ts'
import {
  AUDIENCE,
  enrollTotp,
  expectRefused,
  makeEnvironment,
  OPERATOR_KEY,
  operator,
  PUBLIC_URL,
  stepUp,
  type TestEnvironment,
  totpCode,
  unique,
  viaWorkerWith,
} from '../support/service.ts'

restartClockAfterEach()

const OTHER = 'https://other.example'
const STRONG = { action: 'order.refund', scope: 'orders:refund', base: { acr: 'phr' as const } }
const WEAK = { action: 'order.view', scope: 'orders:view', base: { require: 'never' as const } }

let environment: TestEnvironment
let other: TestEnvironment
/** With actions of its own. */
let ruled: TestEnvironment
/** Named, with a key, and without a factor: what a thief of a key begins with. */
let bare: Awaited<ReturnType<typeof nameOperator>>
let robot: Awaited<ReturnType<typeof nameOperator>>
let guardian: Awaited<ReturnType<typeof makeGuardian>>
let second: typeof guardian
let doomed: Awaited<ReturnType<typeof nameOperator>>

beforeAll(async () => {
  environment = await makeEnvironment()
  other = await makeEnvironment()
  ruled = await makeEnvironment({ audiences: [AUDIENCE, OTHER], actions: [STRONG, WEAK] })
  bare = await nameOperator()
  doomed = await nameOperator()
  robot = await nameOperator({ automation: true })
  guardian = await makeGuardian()
  second = await makeGuardian(await guardian.confirmed())
})

const settingsOf = async () => {
  const { settings, version } = await operator.environment.get.query({
    environment: environment.id,
  })
  return { settings, version }
}

/** What an operator was refused, once the hour has ended and it is written. */
async function refusedAfterTheHour(name: string) {
  stopClock()
  advance(3600)
  await runDurableObjectAlarm(env.DIRECTORY.getByName('directory'))
  const { events } = await guardian.client.audit.list.query({})
  return events.filter(
    ({ type, actor }) => type === 'operator.refused' && actor === `operator:${name}`,
  )
}

/** Every change that an operator can make, with an input that would be good. */
const CHANGES: Record<string, () => unknown | Promise<unknown>> = {
  'environment.create': () => ({ environment: unique('env'), settings: environment.document }),
  'environment.update': async () => {
    const { settings, version } = await settingsOf()
    return { environment: environment.id, settings: { ...settings, name: unique('name') }, version }
  },
  'environment.remove': () => ({ environment: other.id }),
  'environment.rotateKeys': () => ({ environment: environment.id }),
  'environment.createResourceKey': () => ({ environment: environment.id, audience: AUDIENCE }),
  'environment.revokeResourceKey': () => ({ environment: environment.id, id: 'rk_none' }),
  'subject.unlock': () => ({ environment: environment.id, subject: 'alice' }),
  'subject.resetFactors': () => ({ environment: environment.id, subject: 'alice' }),
  'subject.endTokens': () => ({ environment: environment.id, subject: 'alice' }),
  'operator.create': () => ({ name: unique('mallory') }),
  'operator.revoke': () => ({ id: doomed.id }),
}

describe('once an operator has a factor', () => {
  it('names every change of the contract in this file', () => {
    const procedures: Record<string, unknown> = appRouter._def.procedures
    const nouns = ['environment', 'subject', 'operator']
    const isMutation = (procedure: unknown) =>
      (procedure as { _def: { type: string } })._def.type === 'mutation'
    const changes = Object.entries(procedures)
      .filter(
        ([name, procedure]) => nouns.includes(name.split('.')[0] ?? '') && isMutation(procedure),
      )
      .map(([name]) => name)
    expect(changes.sort()).toEqual(Object.keys(CHANGES).sort())
  })

  it.each(Object.keys(CHANGES))('refuses %s to a stolen key, and changes nothing', async (name) => {
    const input = await CHANGES[name]?.()
    const before = await settingsOf()
    const refused = await expectRefusal(
      await post('operator', name, { bearer: guardian.key, body: input }),
      401,
      'step_up_required',
    )
    expect(refused.requirement).toMatchObject({
      scope: OPERATOR_SCOPE,
      methods: ['totp', 'passkey'],
    })
    expect(await settingsOf()).toEqual(before)
  })

  it.each(Object.keys(CHANGES))('refuses %s to an operator without a factor', async (name) => {
    const body = await CHANGES[name]?.()
    for (const bearer of [bare.key, OPERATOR_KEY])
      await expectRefusal(
        await post('operator', name, { bearer, body }),
        403,
        'enrollment_required',
      )
  })

  it('takes a token that is bound to a key only with a proof of that key for that change', async () => {
    const key = await makeProofKey()
    const at = (name: string) => `${PUBLIC_URL}/operator/trpc/${name}`
    const headers: Record<string, string | undefined> = {
      [DPOP_HEADER]: await key.proof({ url: at('challenge.verify') }),
    }
    const through: typeof fetch = (input, init) => viaWorkerWith(headers)(input, init)
    const holder = holderOf(guardian.key, guardian.id, through)
    const verified = await stepUpWithPasskey(holder, guardian.device, [OPERATOR_SCOPE])
    const token = verified.elevatedToken?.token ?? ''
    const change = async (url: string | undefined) => {
      headers[DPOP_HEADER] = url && (await key.proof({ url, token }))
      const input = { environment: environment.id, subject: 'alice' }
      return holder.with(token).subject.endTokens.mutate(input)
    }
    await expectRefused(change(undefined), 'proof_required')
    await expectRefused(change(at('subject.unlock')), 'proof_invalid')
    expect(await change(at('subject.endTokens'))).toEqual({ endedTokens: 0 })
  })

  it('lets an operator without a factor read and enroll', async () => {
    const { environments } = await bare.client.environment.list.query()
    expect(environments.map((one) => one.environment)).toContain(environment.id)
    expect(await bare.client.policy.check.query({ action: 'operator.change' })).toMatchObject({
      decision: 'enroll',
      reason: 'no_usable_factor',
      methods: ['totp', 'passkey'],
    })
    expect(await bare.client.operator.self.query()).toMatchObject({
      guarded: true,
      enrolled: false,
    })
  })

  it('asks an operator who has one to step up', async () => {
    expect(await guardian.client.policy.check.query({ action: 'operator.change' })).toMatchObject({
      decision: 'step_up',
      methods: ['passkey'],
      singleUse: true,
    })
  })
})

describe('the token of an operator’s step-up', () => {
  it('opens one change, and not a second', async () => {
    const token = await guardian.confirm()
    const input = { environment: environment.id, audience: AUDIENCE }
    const { id } = await guardian.with(token).environment.createResourceKey.mutate(input)
    await expectRefused(
      guardian.with(token).environment.createResourceKey.mutate(input),
      'token_used',
    )
    expect(
      (await operator.environment.get.query({ environment: environment.id })).resourceKeys,
    ).toHaveLength(1)
    const { events } = await guardian.client.audit.list.query({ environment: environment.id })
    expect(events.find(({ data }) => data.id === id)?.actor).toBe(`operator:${guardian.name}`)
  })

  it('opens one of twenty simultaneous changes', async () => {
    const token = await guardian.confirm()
    const runs = await Promise.allSettled(
      Array.from({ length: 20 }, () =>
        post('operator', 'environment.createResourceKey', {
          bearer: guardian.key,
          headers: { 'countersign-token': token },
          body: { environment: environment.id, audience: AUDIENCE },
        }),
      ),
    )
    const statuses = runs.map((run) => (run.status === 'fulfilled' ? run.value.status : 0))
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(19)
  })

  it('bound to one change opens that one and no other', async () => {
    const input = { environment: environment.id, audience: AUDIENCE, label: 'mine' }
    const create = (token: string, body: typeof input) =>
      guardian.with(token).environment.createResourceKey.mutate(body)
    const bound = await guardian.confirm(detailsOfChange('environment.createResourceKey', input))
    await expectRefused(create(bound, { ...input, label: 'swapped by a page' }), 'details_mismatch')
    await expectRefused(
      guardian.with(bound).environment.rotateKeys.mutate({ environment: environment.id }),
      'details_mismatch',
    )
    expect((await create(bound, input)).key).toMatch(/^csk_res_/)
  })

  it('of one operator is no good with the key of another', async () => {
    const token = await guardian.confirm()
    for (const thief of [second, bare])
      await expectRefused(
        thief.with(token).environment.rotateKeys.mutate({ environment: environment.id }),
        'token_invalid',
      )
    const { keys } = await operator.environment.get.query({ environment: environment.id })
    expect(keys).toHaveLength(1)
  })

  it('does not come from a user of an application, whatever they prove', async () => {
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const { token } = await stepUp(user, secret, ['credential:update'])
    await expectRefused(
      guardian.with(token).environment.rotateKeys.mutate({ environment: environment.id }),
      'token_invalid',
    )
    await expectRefused(
      user.client.challenge.verify.mutate({
        method: 'totp',
        code: totpCode(secret, 1),
        requestedScopes: [OPERATOR_SCOPE],
      }),
      'scope_not_allowed',
    )
  })

  it('is not to be had by an operator who does not prove anything', async () => {
    for (const { client } of [bare, guardian])
      await expectRefused(
        client.challenge.verify.mutate({
          method: 'totp',
          code: '000000',
          requestedScopes: [OPERATOR_SCOPE],
        }),
        'enrollment_required',
      )
  })

  it('does not come from a recovery code, which links a factor and no more', async () => {
    const [code = ''] = guardian.recoveryCodes
    await expectRefused(
      guardian.client.challenge.verify.mutate({
        method: 'recovery',
        code,
        requestedScopes: [OPERATOR_SCOPE],
      }),
      'method_not_allowed',
    )
  })

  it('ends with its operator', async () => {
    const token = await second.confirm()
    await (await guardian.confirmed()).operator.revoke.mutate({ id: second.id })
    await expectRefused(
      second.with(token).environment.rotateKeys.mutate({ environment: environment.id }),
      'unauthenticated',
    )
  })
})

describe('the factors of an operator', () => {
  it('are not added to by a stolen key', async () => {
    await expectRefused(guardian.client.factor.enroll.mutate({ kind: 'totp' }), 'step_up_required')
  })

  it('are not reset by a second operator', async () => {
    await expectRefused(
      (await guardian.confirmed()).subject.resetFactors.mutate({
        environment: 'operator',
        subject: guardian.id,
      }),
      'forbidden',
    )
    expect(await guardian.client.operator.self.query()).toMatchObject({ enrolled: true })
  })

  it('stay in the operators’ own environment: nobody sets it up, changes it or calls as its resource', async () => {
    const client = await guardian.confirmed()
    for (const run of [
      () => client.environment.get.query({ environment: 'operator' }),
      () => client.environment.rotateKeys.mutate({ environment: 'operator' }),
      () =>
        client.environment.createResourceKey.mutate({
          environment: 'operator',
          audience: AUDIENCE,
        }),
      () => client.environment.remove.mutate({ environment: 'operator' }),
    ])
      await expectRefused(run(), 'unknown_environment')
    const create = { environment: 'operator', settings: environment.document }
    await expectRefused(client.environment.create.mutate(create), 'input_invalid')
  })

  it('are those of a person: a key for automation has none', async () => {
    for (const run of [
      () => robot.client.factor.list.query(),
      () => robot.client.factor.enroll.mutate({ kind: 'totp' }),
      () => robot.client.policy.check.query({ action: 'operator.change' }),
    ])
      await expectRefused(run(), 'forbidden')
  })
})

describe('a key for automation', () => {
  it('needs no step-up for what it may do', async () => {
    const { settings, version } = await settingsOf()
    const stronger = {
      ...settings,
      actions: [{ action: 'wallet.waas.sign', base: { require: 'always' as const } }],
    }
    await robot.client.environment.update.mutate({
      environment: environment.id,
      version,
      settings: stronger,
    })
    expect((await settingsOf()).version).toBe(version + 1)
    const created = await robot.client.environment.createResourceKey.mutate({
      environment: environment.id,
      audience: AUDIENCE,
    })
    expect(created.key).toMatch(/^csk_res_/)
  })

  it.each([
    ['operator.create', () => ({ name: unique('robot') })],
    ['operator.revoke', () => ({ id: bare.id })],
    ['subject.unlock', () => ({ environment: environment.id, subject: 'alice' })],
    ['subject.resetFactors', () => ({ environment: environment.id, subject: 'alice' })],
    ['environment.remove', () => ({ environment: environment.id })],
  ])('may not call %s', async (name, input) => {
    const response = await post('operator', name, { bearer: robot.key, body: input() })
    await expectRefusal(response, 403, 'forbidden')
  })

  it('leaves in the operators’ history what it was refused, counted, by its name', async () => {
    const thief = await nameOperator({ automation: true, by: await guardian.confirmed() })
    const create = () =>
      post('operator', 'operator.create', { bearer: thief.key, body: { name: unique('mallory') } })
    for (let i = 0; i < 3; i += 1) await expectRefusal(await create(), 403, 'forbidden')
    const { settings, version } = await settingsOf()
    const weaker = { ...settings, history: { keepDays: 1 } }
    const body = { environment: environment.id, version, settings: weaker }
    await expectRefusal(
      await post('operator', 'environment.update', { bearer: thief.key, body }),
      403,
      'forbidden',
    )
    const refused = await refusedAfterTheHour(thief.name)
    expect(refused.map(({ data }) => [data.call, data.reason, data.count]).sort()).toEqual([
      ['environment.update', 'forbidden', 1],
      ['operator.create', 'forbidden', 3],
    ])
  })

  it('may not end the step-up of an operator, who then could never revoke it', async () => {
    const token = await guardian.confirm()
    const body = { environment: 'operator', subject: guardian.id }
    const response = await post('operator', 'subject.endTokens', { bearer: robot.key, body })
    await expectRefusal(response, 403, 'forbidden')
    const created = await guardian
      .with(token)
      .environment.createResourceKey.mutate({ environment: environment.id, audience: AUDIENCE })
    expect(created.key).toMatch(/^csk_res_/)
  })

  it.each([
    [
      'session',
      {
        session: {
          issuer: 'https://evil.example',
          keys: { jwksUri: 'https://evil.example/k' },
          audiences: ['app'],
        },
      },
    ],
    ['session.algorithms', { session: { algorithms: ['RS256' as const] } }],
    ['origins', { origins: ['https://app.example', 'https://evil.app.example'] }],
    ['rpId', { rpId: 'example', origins: ['https://app.example'] }],
    ['assertions', { assertions: undefined }],
    [
      'actions',
      { actions: [{ action: 'wallet.waas.export', base: { require: 'never' as const } }] },
    ],
    [
      'actions',
      { actions: [{ action: 'wallet.waas.export', base: { mode: 'observe' as const } }] },
    ],
    [
      'methods',
      { actions: [], methods: { totp: { digits: 6 as const, periodSeconds: 60 as const } } },
    ],
    ['history', { history: { keepDays: 1 } }],
  ])('may not change %s so', async (path, change) => {
    const { settings, version } = await settingsOf()
    const session = { ...settings.session, ...('session' in change ? change.session : {}) }
    const body = {
      environment: environment.id,
      version,
      settings: { ...settings, ...change, session },
    }
    const response = await post('operator', 'environment.update', { bearer: robot.key, body })
    const { message } = await expectRefusal(response, 403, 'forbidden')
    expect(message).toContain(path)
    expect((await settingsOf()).version).toBe(version)
  })
})

describe('a key for automation, where actions have rules', () => {
  it.each<[string, Partial<EnvironmentSettings>]>([
    [
      'give a scope a weaker rule by swapping two',
      {
        actions: [
          { ...STRONG, scope: WEAK.scope },
          { ...WEAK, scope: STRONG.scope },
        ],
      },
    ],
    ['move an action to another resource', { actions: [{ ...STRONG, audience: OTHER }, WEAK] }],
    ['move all actions to another resource', { audiences: [OTHER, AUDIENCE] }],
    ['leave an action without its rule', { actions: [WEAK] }],
  ])('may not %s', async (_what, change) => {
    const body = { environment: ruled.id, version: 1, settings: { ...ruled.document, ...change } }
    const response = await post('operator', 'environment.update', { bearer: robot.key, body })
    await expectRefusal(response, 403, 'forbidden')
  })
})

describe('a change that is refused for another reason', () => {
  it('leaves the token for another try', async () => {
    const token = await guardian.confirm()
    const { settings, version } = await settingsOf()
    const headers = { 'countersign-token': token }
    const update = (body: unknown) =>
      post('operator', 'environment.update', { bearer: guardian.key, headers, body })
    const changed = { ...settings, name: unique('name') }
    const input = { environment: environment.id, settings: changed, version }
    await expectRefusal(await update({ ...input, version: version - 1 }), 409, 'conflict')
    const odd = { ...settings, origins: ['http://app.example'] }
    await expectRefusal(await update({ ...input, settings: odd }), 400, 'input_invalid')
    const saved = await answerOf<{ version: number }>(await update(input))
    expect(saved.version).toBe(version + 1)
  })
})

describe('what is refused to a person’s key', () => {
  it('is in the operators’ history once an hour: attempts without a token', async () => {
    for (let i = 0; i < 4; i += 1)
      await expectRefused(
        guardian.client.environment.rotateKeys.mutate({ environment: environment.id }),
        'step_up_required',
      )
    const refused = await refusedAfterTheHour(guardian.name)
    expect(refused.map(({ data }) => [data.call, data.reason, data.count])).toContainEqual([
      'environment.rotateKeys',
      'step_up_required',
      4,
    ])
  })

  it('is there for attempts with a token that is forged or another operator’s', async () => {
    const victim = await nameOperator({ by: await guardian.confirmed() })
    const stolen = await guardian.confirm()
    const body = { environment: environment.id }
    for (const token of ['a.b.c', 'a.b.c', stolen]) {
      const { environment: stolenKey } = victim.with(token)
      await expectRefused(stolenKey.rotateKeys.mutate(body), 'token_invalid')
    }
    const refused = await refusedAfterTheHour(victim.name)
    expect(refused.map(({ data }) => [data.call, data.reason, data.count])).toEqual([
      ['environment.rotateKeys', 'token_invalid', 3],
    ])
  })
})

describe('an update that changes nothing', () => {
  it('writes no version and no event, and takes no token', async () => {
    const before = await evidence(environment.id)
    const { settings, version } = await settingsOf()
    const body = { environment: environment.id, settings, version }
    const token = await guardian.confirm()
    const headers = { 'countersign-token': token }
    for (const bearer of [robot.key, guardian.key]) {
      const answered = await post('operator', 'environment.update', { bearer, headers, body })
      expect(await answerOf(answered)).toMatchObject({ settings, version })
    }
    expect(await evidence(environment.id)).toEqual(before)
    const changed = { ...body, settings: { ...settings, name: unique('name') } }
    const update = { bearer: guardian.key, headers, body: changed }
    expect((await post('operator', 'environment.update', update)).status).toBe(200)
  })
})

describe('a key for automation that floods', () => {
  it('makes sixty changes an hour, whatever they are', async () => {
    stopClock()
    const by = await guardian.confirmed()
    const flooding = await nameOperator({ automation: true, by })
    const { environment: created } = flooding.client
    const environmentId = { environment: other.id, audience: AUDIENCE }
    for (let i = 0; i < CHANGES_PER_AUTOMATION_KEY.count / 2; i += 1) {
      const { id } = await created.createResourceKey.mutate(environmentId)
      await created.revokeResourceKey.mutate({ environment: other.id, id })
    }
    const before = await evidence(other.id)
    const refused = await expectRefused(
      created.createResourceKey.mutate(environmentId),
      'rate_limited',
    )
    expect(refused.retryAfterSeconds).toBe(3600)
    expect(await evidence(other.id)).toEqual(before)
    // Another automation key and the persons are not affected.
    await robot.client.environment.createResourceKey.mutate(environmentId)
    advance(3600)
    await created.createResourceKey.mutate(environmentId)
  })
})

describe('a change', () => {
  it('asks the Directory for the operators once', async () => {
    const { namespace, asked } = bent(env.DIRECTORY, 'directory', (_verb, call) => call())
    const through = sendWith({ DIRECTORY: namespace })
    const headers = { 'countersign-token': await guardian.confirm() }
    const body = { environment: environment.id, audience: AUDIENCE }
    const raw = { bearer: guardian.key, headers, body }
    const created = await post('operator', 'environment.createResourceKey', raw, through)
    expect(created.status).toBe(200)
    expect(asked.map(({ verb }) => verb)).toEqual(['operatorByKey', 'operators'])
  })

  it.each(Object.keys(CHANGES))('%s is not decided by the copy of the keys', async (name) => {
    stopClock()
    const input = await CHANGES[name]?.()
    const token = await guardian.confirm()
    advance(25)
    const { namespace } = bent(env.ENVIRONMENT, 'operator', failing('reset'))
    const through = sendWith({ ENVIRONMENT: namespace })
    const before = await settingsOf()
    const raw = { bearer: guardian.key, headers: { 'countersign-token': token }, body: input }
    await expectRefusal(await post('operator', name, raw, through), 503, 'unavailable')
    expect(await settingsOf()).toEqual(before)
    expect(await guardian.client.token.introspect.query({ token })).toMatchObject({ active: true })
  })
})

describe('the guard', () => {
  it('stays when the only operators who have a factor are revoked', async () => {
    const { operators } = await operator.operator.list.query()
    expect(operators.filter(({ enrolled }) => enrolled).map(({ id }) => id)).toEqual([guardian.id])
    await (await guardian.confirmed()).operator.revoke.mutate({ id: guardian.id })
    expect(await bare.client.operator.self.query()).toMatchObject({ guarded: true })
    await expectRefused(
      bare.client.environment.rotateKeys.mutate({ environment: environment.id }),
      'enrollment_required',
    )
  })
})
