// Environments: settings with minimum rules and a version, keys in their order, and the published copy.
import { createExecutionContext, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../client/index.ts'
import { type ActionEntry, RESERVED_ENVIRONMENT_IDS, type RulePart } from '../../contract/index.ts'
import type { Environment } from '../../functions/state/environment/environment.ts'
import worker from '../../functions/worker.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  operator,
  PUBLIC_URL,
  send,
  stepUp,
  unique,
} from '../support/service.ts'

restartClockAfterEach()

const keysOf = async (id: string) =>
  (await operator.environment.get.query({ environment: id })).keys
const published = async (id: string): Promise<string[]> => {
  const answer = await send(`/${id}/.well-known/jwks.json`)
  const { keys } = await answer.json<{ keys: { kid: string }[] }>()
  return keys.map(({ kid }) => kid)
}

describe('the floor of what guards the factors', () => {
  const weaker: [action: string, base: RulePart][] = [
    ['credential.link', { require: 'never' }],
    ['credential.link', { mode: 'observe' }],
    ['credential.unlink', { singleUse: false }],
    ['credential.unlink', { lifetimeSeconds: 301 }],
    ['credential.update', { freshnessSeconds: 301 }],
    ['credential.update', { acceptsMfaToken: true }],
    ['credential.link', { methods: ['totp', 'assertion'] }],
    ['credential.update', { acr: 'recovery' }],
    ['credential.link', { details: 'required' }],
  ]
  it.each(weaker)('refuses %s with %j', async (action, base) => {
    const { id, document } = await makeEnvironment()
    const settings = { ...document, actions: [{ action, base }] }
    const update = operator.environment.update.mutate({ environment: id, settings, version: 1 })
    await expectRefused(update, 'input_invalid')
    expect(await operator.environment.get.query({ environment: id })).toMatchObject({ version: 1 })
  })

  it.each<[string, RulePart]>([
    ['credential.link', { acr: 'phr', methods: ['passkey'] }],
    ['credential.unlink', { lifetimeSeconds: 60 }],
    ['credential.update', { require: 'deny' }],
  ])('takes %s with %j, which is stronger', async (action, base) => {
    const { id, document } = await makeEnvironment()
    const settings = { ...document, actions: [{ action, base }] }
    const updated = await operator.environment.update.mutate({
      environment: id,
      settings,
      version: 1,
    })
    expect(updated.version).toBe(2)
  })
})

describe('settings', () => {
  it.each<[string, ActionEntry[]]>([
    [
      'two actions with one scope',
      [
        { action: 'a.b', scope: 'x:y' },
        { action: 'a.c', scope: 'x:y' },
      ],
    ],
    ['a scope of a built-in action', [{ action: 'a.b', scope: 'wallet:export' }]],
    ['an action that stands there twice', [{ action: 'user.update' }, { action: 'user.update' }]],
  ])('refuse %s as a conflict', async (_what, actions) => {
    const { id, document } = await makeEnvironment()
    const settings = { ...document, actions }
    const update = operator.environment.update.mutate({ environment: id, settings, version: 1 })
    await expectRefused(update, 'conflict')
  })

  it('tell the second of two operators who edit at once', async () => {
    const { id, document } = await makeEnvironment()
    const edit = (name: string) =>
      operator.environment.update.mutate({
        environment: id,
        settings: { ...document, name },
        version: 1,
      })
    const outcomes = await Promise.allSettled([edit('one'), edit('two')])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await expectRefused(edit('three'), 'conflict')
  })

  it('come back with every default and are good to be sent again as they came', async () => {
    const { id } = await makeEnvironment({ actions: [{ action: 'user.update' }] })
    const { settings, version } = await operator.environment.get.query({ environment: id })
    expect(settings).toMatchObject({
      history: { keepDays: 400 },
      enrollment: 'action',
    })
    const again = await operator.environment.update.mutate({ environment: id, settings, version })
    expect(again).toMatchObject({ settings, version })
  })
})

describe('a new environment', () => {
  it.each(RESERVED_ENVIRONMENT_IDS)(
    'is not named %s, which is a path of the service',
    async (id) => {
      const { document } = await makeEnvironment()
      const create = operator.environment.create.mutate({ environment: id, settings: document })
      await expectRefused(create, 'input_invalid')
    },
  )

  it.each(['reference', 'metrics', 'approve'])(
    'goes on where an earlier release made one that is named %s, and can be removed',
    async (id) => {
      const { document } = await makeEnvironment()
      const environment = { environment: id }
      await env.DIRECTORY.getByName('directory').enter(id, 'first')
      await env.ENVIRONMENT.getByName(id).create(id, document, 'first')
      const keySet = () => send(`/${id}/.well-known/jwks.json`)
      expect((await keySet()).status).toBe(200)
      const { version } = await operator.environment.get.query(environment)
      const settings = { ...document, name: 'Still here' }
      await operator.environment.update.mutate({ ...environment, settings, version })
      await operator.environment.remove.mutate(environment)
      expect((await keySet()).status).toBe(404)
    },
  )

  it('is stored with the defaults of today: no legacy tokens, and own actions single-use', async () => {
    const { document } = await makeEnvironment()
    const { mfaTokens: _mfaTokens, ...bare } = document
    const id = unique('env')
    const actions = [
      { action: 'order.refund', scope: 'orders:refund' },
      { action: 'order.view', scope: 'orders:view', base: { singleUse: false } },
      { action: 'user.update', base: { lifetimeSeconds: 60 } },
    ]
    await operator.environment.create.mutate({ environment: id, settings: { ...bare, actions } })
    const { settings, version } = await operator.environment.get.query({ environment: id })
    expect(settings).toMatchObject({
      mfaTokens: 'off',
      actions: [{ ...actions[0], base: { singleUse: true } }, actions[1], actions[2]],
    })
    const added = { action: 'order.close', scope: 'orders:close' }
    const updated = await operator.environment.update.mutate({
      environment: id,
      settings: { ...settings, actions: [...(settings.actions ?? []), added] },
      version,
    })
    expect(updated.settings.actions?.at(-1)).toMatchObject({ ...added, base: { singleUse: true } })
  })
})

describe('signing keys', () => {
  it('are published ten minutes before they sign, and stay a day and ten minutes after', async () => {
    stopClock()
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const [first] = await keysOf(environment.id)
    const { keys } = await operator.environment.rotateKeys.mutate({ environment: environment.id })
    expect(keys.map(({ state }) => state)).toEqual(['current', 'next'])
    const rotate = operator.environment.rotateKeys.mutate({ environment: environment.id })
    await expectRefused(rotate, 'conflict')
    const kidOf = (token: string): string => JSON.parse(atob(token.split('.')[0] ?? '')).kid
    expect(kidOf((await stepUp(user, secret, ['wallet:sign'])).token)).toBe(first?.kid)
    advance(601)
    const next = await stepUp(user, secret, ['wallet:sign'])
    expect(kidOf(next.token)).toBe(keys[1]?.kid)
    expect((await keysOf(environment.id)).map(({ state }) => state)).toEqual(['retired', 'current'])
    advance(24 * 3600 - 2)
    expect(await published(environment.id)).toHaveLength(2)
    advance(603)
    expect(await published(environment.id)).toEqual([keys[1]?.kid])
  })

  it('leave at once after a compromise, and every token with them', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const { token } = await stepUp(user, secret, ['wallet:sign'])
    const { client } = await environment.resource()
    const { keys } = await operator.environment.rotateKeys.mutate({
      environment: environment.id,
      compromised: true,
    })
    expect(keys.map(({ state }) => state)).toEqual(['current'])
    expect(await published(environment.id)).toEqual([keys[0]?.kid])
    const use = { token, subject: user.subject, action: 'wallet.waas.sign' }
    await expectRefused(client.token.consume.mutate(use), 'token_invalid')
  })
})

describe('while the Environment object is silent', () => {
  const silentEnv = {
    ...env,
    ENVIRONMENT: { getByName: () => ({ snapshot: () => Promise.reject(new Error('silent')) }) },
  } as unknown as Env
  const fetchThere = (async (input: RequestInfo, init?: RequestInit) =>
    worker.fetch(new Request(input, init), silentEnv, createExecutionContext())) as typeof fetch

  it('the published copy answers checks and serves keys for five minutes, and then nothing does', async () => {
    stopClock()
    const environment = await makeEnvironment()
    const user = await environment.user()
    await enrollTotp(user)
    const client = createClient({
      url: PUBLIC_URL,
      environment: environment.id,
      bearer: user.bearer,
      fetch: fetchThere,
    })
    const { key } = await environment.resource()
    const resource = createClient({
      url: PUBLIC_URL,
      environment: environment.id,
      bearer: () => key,
      fetch: fetchThere,
    })
    await published(environment.id)
    advance(250)
    const check = () => client.policy.check.query({ action: 'wallet.waas.export' })
    expect(await check()).toMatchObject({ decision: 'step_up' })
    const jwks = await fetchThere(`${PUBLIC_URL}/${environment.id}/.well-known/jwks.json`)
    expect(jwks.status).toBe(200)
    await jwks.body?.cancel()
    await expectRefused(resource.policy.list.query(), 'unavailable')
    advance(120)
    await expectRefused(check(), 'unavailable')
  })

  it('holds no key in the copy, sealed or not', async () => {
    const environment = await makeEnvironment()
    await environment.resource()
    await published(environment.id)
    const copy = (await env.PUBLISHED.get(`published:${environment.id}`)) ?? ''
    expect(JSON.parse(copy)).toMatchObject({ version: 1 })
    expect(Object.keys(JSON.parse(copy)).sort()).toEqual([
      'confirmedAt',
      'keySet',
      'settings',
      'version',
    ])
    expect(copy).not.toMatch(/"d":|seal|hash|dataKey/i)
  })
})

describe('a changed root secret', () => {
  it('opens with the one before it, once, and is sealed again by the new one', async () => {
    stopClock()
    const environment = await makeEnvironment()
    const stub = env.ENVIRONMENT.getByName(environment.id)
    const sealedIn = () =>
      runInDurableObject(stub, (_object, { storage }) =>
        String(storage.sql.exec('SELECT sealed_data_key FROM document').one().sealed_data_key),
      )
    const before = await sealedIn()
    const old = env.ROOT_SECRET
    const asVariables = (root: string, previous: string) =>
      runInDurableObject(stub, async (object) => {
        Reflect.set(Reflect.get(object, 'env'), 'ROOT_SECRET', root)
        Reflect.set(Reflect.get(object, 'env'), 'ROOT_SECRET_PREVIOUS', previous)
        return (object as unknown as Environment).snapshot().then(
          (snapshot) => snapshot?.dataKey,
          () => 'does not open',
        )
      })
    try {
      const fresh = 'another root secret, just as long as it must be'
      expect(await asVariables(fresh, '')).toBe('does not open')
      const opened = await asVariables(fresh, old)
      expect(opened).toHaveLength(32)
      expect(await sealedIn()).not.toBe(before)
      expect(await asVariables(fresh, '')).toEqual(opened)
    } finally {
      await asVariables(old, 'another root secret, just as long as it must be')
    }
  })
})

describe('the register of credentials', () => {
  const held = (factorId: string) => ({ credentialId: 'Y3JlZGVudGlhbA', factorId })

  it('keeps a credential for one user, however late an earlier enrollment gives it back', async () => {
    const { id } = await makeEnvironment()
    const register = env.ENVIRONMENT.getByName(id) as unknown as Environment
    expect(await register.claimCredential(held('one'), 'ada')).toBe(true)
    expect(await register.claimCredential(held('two'), 'ada')).toBe(true)
    await register.releaseCredentials([held('one')], 'ada')
    expect(await register.claimCredential(held('three'), 'mallory')).toBe(false)
    await register.releaseCredentials([held('two')], 'mallory')
    expect(await register.claimCredential(held('three'), 'mallory')).toBe(false)
    await register.releaseCredentials([held('two')], 'ada')
    expect(await register.claimCredential(held('three'), 'mallory')).toBe(true)
  })
})
